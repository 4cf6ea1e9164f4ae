"""A small world with one of each kind, made with correct requests, for the cases of the corpus to refer to."""

from __future__ import annotations

import base64
import copy
from typing import TYPE_CHECKING, Any

from confkube import facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_client import Clients

REGION = "eastus"
GROUP = "world"
OTHER = "other"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGN5Y2xlcyBhcmUgbm90IGEga2V5IGJ1dCBhIHRleHQ= sandbox"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
INSTANT = 100_000.0
DISK = "https://confkubesandbox.blob.core.windows.net/images/podvm-az-cvm-vtpm.vhd"


def build(clients: Clients, settings: Callable[..., object]) -> dict[str, str]:
    """Make the world; return the ids that cases refer to."""
    settings(speed=INSTANT)
    ids = {"account": clients.account, "group": GROUP, "other": OTHER, "region": REGION}
    for group in (GROUP, OTHER):
        clients.client("resources").resource_groups.create_or_update(group, {"location": REGION})
    ids |= _network(clients)
    ids |= _addresses(clients, ids)
    ids |= _trust(clients, ids)
    ids |= _machines(clients, ids)
    ids |= _images(clients)
    ids |= _pods(clients, ids)
    ids |= _waiting(clients, ids, settings)
    return ids


def body(parameters: dict[str, Any]) -> dict[str, Any]:
    """Make the correct body that a case starts from."""
    makers: dict[str, Callable[..., dict[str, Any]]] = {
        "address": address,
        "assignment": assignment_body,
        "bastion": bastion_body,
        "account": account_body,
        "container": lambda: {"properties": {"publicAccess": "Blob"}},
        "credential": credential_body,
        "definition": definition_body,
        "gallery": lambda: {"location": REGION},
        "image": image_body,
        "role": role_body,
        "version": version_body,
        "gateway": gateway,
        "group": lambda: {"location": REGION},
        "guard": lambda: {"location": REGION, "properties": {"securityRules": [rule("ssh", 100, "22")]}},
        "identity": lambda: {"location": REGION},
        "interface": interface,
        "machine": machine,
        "network": network,
        "rule": lambda: {"properties": rule("new", 300, "80")["properties"]},
        "scale_set": scale_set,
        "secret": lambda: {"properties": {"value": "hidden"}},
        "subnet": lambda prefix="10.0.9.0/24": {"properties": {"addressPrefix": prefix}},
        "vault": vault_body,
    }
    return makers[parameters["like"]](**parameters.get("using", {}))


def changed(given: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a body with values put in at dotted paths; ``-`` takes one away."""
    found = copy.deepcopy(given)
    for path, value in changes.items():
        *parents, last = path.split(".")
        place: Any = found
        for name in parents:
            place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
        if value == "-":
            del place[last]
        elif isinstance(place, list):
            place[int(last) :] = [value]
        else:
            place[last] = value
    return found


def image_body(uri: str = DISK) -> dict[str, Any]:
    """Make a managed image's body."""
    disk = {"osType": "Linux", "osState": "Generalized", "blobUri": uri, "storageAccountType": "Standard_LRS"}
    return {"location": REGION, "properties": {"hyperVGeneration": "V2", "storageProfile": {"osDisk": disk}}}


def definition_body(
    sku: str = "one", nvme: str = "SCSI, NVMe", security: str = "ConfidentialVmSupported"
) -> dict[str, Any]:
    """Make the body of a gallery's image."""
    features = {"SecurityType": security, "DiskControllerTypes": nvme}
    return {
        "location": REGION,
        "properties": {
            "osType": "Linux",
            "osState": "Generalized",
            "hyperVGeneration": "V2",
            "architecture": "x64",
            "identifier": {"publisher": "confkube", "offer": "pod-vm", "sku": sku},
            "features": [{"name": name, "value": value} for name, value in features.items()],
        },
    }


def version_body(source: str, region: str = REGION) -> dict[str, Any]:
    """Make the body of a version in a gallery."""
    return {
        "location": REGION,
        "properties": {
            "storageProfile": {"source": {"id": source}},
            "publishingProfile": {"targetRegions": [{"name": region, "regionalReplicaCount": 1}]},
        },
    }


def _images(clients: Clients) -> dict[str, str]:
    sdk = clients.client("compute")
    image = sdk.images.begin_create_or_update(GROUP, "disk", image_body()).result()
    old = image_body()
    old["properties"]["hyperVGeneration"] = "V1"
    first = sdk.images.begin_create_or_update(GROUP, "old", old).result()
    far = {**image_body(), "location": "westus"}
    elsewhere = sdk.images.begin_create_or_update(GROUP, "far", far).result()
    gallery = sdk.galleries.begin_create_or_update(GROUP, "gallery", {"location": REGION}).result()
    for name, body in (("pods", definition_body()), ("scsi", definition_body("two", "SCSI"))):
        sdk.gallery_images.begin_create_or_update(GROUP, "gallery", name, body).result()
        sdk.gallery_image_versions.begin_create_or_update(
            GROUP, "gallery", name, "1.0.0", version_body(image.id)
        ).result()
    return {"gallery": gallery.id, "image": image.id, "old_image": first.id, "far_image": elsewhere.id}


def account_body(**more: Any) -> dict[str, Any]:
    """Make a storage account's body."""
    properties = {"allowBlobPublicAccess": True, "allowSharedKeyAccess": True, **more}
    return {"location": REGION, "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": properties}


def account_name(clients: Clients, start: str) -> str:
    """Names of accounts are global: make one that only this subscription has."""
    return f"{start}{clients.account[-4:]}"


def credential_body(subject: str = "system:serviceaccount:one:new") -> dict[str, Any]:
    """Make a federated identity credential's body."""
    audiences = ["api://AzureADTokenExchange"]
    return {"properties": {"issuer": "https://issuer.example.org/", "subject": subject, "audiences": audiences}}


def role_body(account: str, name: str = "new role") -> dict[str, Any]:
    """Make a custom role's body."""
    return {
        "properties": {
            "roleName": name,
            "type": "CustomRole",
            "permissions": [{"actions": ["Microsoft.Compute/virtualMachines/read"]}],
            "assignableScopes": [f"/subscriptions/{account}/resourceGroups/{GROUP}"],
        }
    }


def _pods(clients: Clients, ids: dict[str, str]) -> dict[str, str]:
    """Make what tokens of a cluster become something by: roles, credentials, public documents."""
    scope = f"/subscriptions/{clients.account}/resourceGroups/{GROUP}"
    authorization = clients.client("authorization")
    name = "55555555-5555-4555-8555-555555555555"
    authorization.role_definitions.create_or_update(scope, name, role_body(clients.account, "used role"))
    authorization.role_assignments.create(
        scope, "66666666-6666-4666-8666-666666666666", assignment_body(clients.account, ids["principal"], name)
    )
    credentials = clients.client("identity").federated_identity_credentials
    credentials.create_or_update(GROUP, "reader", "first", credential_body("system:serviceaccount:one:first"))
    identities = clients.client("identity").user_assigned_identities
    identities.create_or_update(GROUP, "crowded", {"location": REGION})
    for number in range(20):
        credentials.create_or_update(GROUP, "crowded", f"each-{number}", credential_body(f"subject-{number}"))
    storage = clients.client("storage")
    found: dict[str, str] = {}
    for start, body in (
        ("open", account_body()),
        ("closed", account_body(allowBlobPublicAccess=False)),
        ("keyless", account_body(allowSharedKeyAccess=False)),
    ):
        account = account_name(clients, start)
        storage.storage_accounts.begin_create(GROUP, account, body).result()
        found[f"{start}_account"] = account
    for start, container, access in (
        ("open", "public", "Blob"),
        ("open", "private", "None"),
        ("closed", "own", "None"),
    ):
        properties = {"properties": {"publicAccess": access}}
        storage.blob_containers.create(GROUP, found[f"{start}_account"], container, properties)
    return found


def _waiting(clients: Clients, ids: dict[str, str], settings: Callable[..., object]) -> dict[str, str]:
    """Make what is still under way for days: a busy network, an address, a group that goes, a reserved interface."""
    made = clients.client("network")
    made.virtual_networks.begin_create_or_update(GROUP, "busy", network("10.9.0.0/16")).result()
    held = made.network_interfaces.begin_create_or_update(GROUP, "held", interface(ids["nodes"])).result()
    clients.client("resources").resource_groups.create_or_update("leaving", {"location": REGION})
    settings(speed=0.0011)
    made.subnets.begin_create_or_update(
        GROUP, "busy", "slow", {"properties": {"addressPrefix": "10.9.0.0/24"}}, polling=False
    )
    made.public_ip_addresses.begin_create_or_update(GROUP, "slow", address(), polling=False)
    clients.client("resources").resource_groups.begin_delete("leaving", polling=False)
    settings(quotas={"azure-cores": 0})
    status, code, _ = clients.answer(
        "compute",
        "virtual_machines.begin_create_or_update",
        {"at": [GROUP, "failed"], "like": "machine", "using": {"nic": held.id}},
        REGION,
        {},
    )
    assert (status, code) == (409, "OperationNotAllowed")
    settings(speed=INSTANT, quotas={"azure-cores": 512})
    place = f"/subscriptions/{clients.account}/resourceGroups/{GROUP}/providers/Microsoft.Network"
    return {
        "held_nic": held.id,
        "slow_address": f"{place}/publicIPAddresses/slow",
        "place": place,
        "failed": f"{place.rpartition('/')[0]}/Microsoft.Compute/virtualMachines/failed",
    }


def network(prefix: str = "10.8.0.0/16") -> dict[str, Any]:
    """Make a virtual network's body."""
    return {"location": REGION, "properties": {"addressSpace": {"addressPrefixes": [prefix]}}}


def gateway(address: str) -> dict[str, Any]:
    """Make a NAT gateway's body."""
    return {
        "location": REGION,
        "sku": {"name": "Standard"},
        "properties": {"publicIpAddresses": [{"id": address}]},
    }


def _network(clients: Clients) -> dict[str, str]:
    sdk = clients.client("network")
    made = sdk.virtual_networks.begin_create_or_update(GROUP, "net", network("10.0.0.0/16")).result()
    rules = [rule("ssh", 100, "22"), rule("api", 110, "6443")]
    guard = sdk.network_security_groups.begin_create_or_update(
        GROUP, "guard", {"location": REGION, "properties": {"securityRules": rules}}
    ).result()
    nodes = sdk.subnets.begin_create_or_update(
        GROUP,
        "net",
        "nodes",
        {
            "properties": {
                "addressPrefix": "10.0.0.0/24",
                "networkSecurityGroup": {"id": guard.id},
                "defaultOutboundAccess": False,
            }
        },
    ).result()
    empty = sdk.subnets.begin_create_or_update(
        GROUP, "net", "empty", {"properties": {"addressPrefix": "10.0.1.0/24"}}
    ).result()
    small = sdk.subnets.begin_create_or_update(
        GROUP, "net", "small", {"properties": {"addressPrefix": "10.0.2.0/29"}}
    ).result()
    bastion = sdk.subnets.begin_create_or_update(
        GROUP, "net", "AzureBastionSubnet", {"properties": {"addressPrefix": "10.0.3.0/26"}}
    ).result()
    return {
        "net": made.id,
        "guard": guard.id,
        "nodes": nodes.id,
        "empty": empty.id,
        "small": small.id,
        "bastion_subnet": bastion.id,
    }


def rule(name: str, priority: int, port: str, **more: Any) -> dict[str, Any]:
    """Make a security rule."""
    properties = {
        "priority": priority,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": port,
        **more,
    }
    return {"name": name, "properties": properties}


def _addresses(clients: Clients, ids: dict[str, str]) -> dict[str, str]:
    sdk = clients.client("network")
    found: dict[str, str] = {}
    for name in ("api", "nat", "bastion", "spare"):
        found[f"{name}_address"] = sdk.public_ip_addresses.begin_create_or_update(GROUP, name, address()).result().id
    zonal = {**address(), "zones": ["2"]}
    found["zonal_address"] = sdk.public_ip_addresses.begin_create_or_update(GROUP, "zonal", zonal).result().id
    nat = sdk.nat_gateways.begin_create_or_update(GROUP, "nat", gateway(found["nat_address"])).result()
    sdk.subnets.begin_create_or_update(
        GROUP,
        "net",
        "nodes",
        {
            "properties": {
                "addressPrefix": "10.0.0.0/24",
                "networkSecurityGroup": {"id": ids["guard"]},
                "natGateway": {"id": nat.id},
                "defaultOutboundAccess": False,
            }
        },
    ).result()
    bastion = sdk.bastion_hosts.begin_create_or_update(
        GROUP,
        "bastion",
        bastion_body(ids["bastion_subnet"], found["bastion_address"]),
    ).result()
    for number in range(3):
        sdk.network_interfaces.begin_create_or_update(GROUP, f"full-{number}", interface(ids["small"])).result()
    for name in ("other", "other2"):
        card = sdk.network_interfaces.begin_create_or_update(OTHER, name, interface(ids["empty"])).result()
        found[f"{name.replace('other', 'other_nic')}"] = card.id
    sdk.virtual_networks.begin_create_or_update(GROUP, "net2", network("10.6.0.0/16")).result()
    tight = sdk.subnets.begin_create_or_update(
        GROUP, "net2", "AzureBastionSubnet", {"properties": {"addressPrefix": "10.6.0.0/27"}}
    ).result()
    found["tight"] = tight.id
    for name, extra in (("cp", found["api_address"]), ("trust", None), ("free", None), ("fast", None)):
        body = interface(ids["nodes"], extra)
        body["properties"]["enableAcceleratedNetworking"] = name == "fast"
        found[f"{name}_nic"] = sdk.network_interfaces.begin_create_or_update(GROUP, name, body).result().id
    return {**found, "gateway": nat.id, "bastion": bastion.id}


def address(**more: Any) -> dict[str, Any]:
    """Make a public address's body."""
    return {
        "location": REGION,
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static", **more},
    }


def bastion_body(subnet: str, public: str) -> dict[str, Any]:
    """Make a bastion host's body."""
    configuration = {"subnet": {"id": subnet}, "publicIPAddress": {"id": public}}
    return {
        "location": REGION,
        "sku": {"name": "Standard"},
        "properties": {"enableTunneling": True, "ipConfigurations": [{"name": "one", "properties": configuration}]},
    }


def interface(subnet: str, public: str | None = None, private: str | None = None) -> dict[str, Any]:
    """Make a network interface's body."""
    properties: dict[str, Any] = {"subnet": {"id": subnet}}
    if public:
        properties["publicIPAddress"] = {"id": public}
    if private:
        properties |= {"privateIPAllocationMethod": "Static", "privateIPAddress": private}
    return {"location": REGION, "properties": {"ipConfigurations": [{"name": "main", "properties": properties}]}}


def _trust(clients: Clients, ids: dict[str, str]) -> dict[str, str]:
    identity = clients.client("identity").user_assigned_identities.create_or_update(
        GROUP, "reader", {"location": REGION}
    )
    vault = (
        clients.client("keyvault")
        .vaults.begin_create_or_update(GROUP, vault_name(clients, "kept"), vault_body())
        .result()
    )
    name = vault.name
    secret = clients.client("keyvault").secrets.create_or_update(GROUP, name, "ca", {"properties": {"value": "hidden"}})
    doomed = vault_name(clients, "gone")
    clients.client("keyvault").vaults.begin_create_or_update(GROUP, doomed, vault_body()).result()
    clients.client("keyvault").vaults.delete(GROUP, doomed)
    assignment = clients.client("authorization").role_assignments.create(
        secret.id, "11111111-1111-4111-8111-111111111111", assignment_body(clients.account, identity.principal_id)
    )
    del ids
    return {
        "identity": identity.id,
        "principal": identity.principal_id,
        "vault": vault.id,
        "vault_name": name,
        "deleted_vault": doomed,
        "secret": secret.id,
        "assignment": assignment.id,
    }


def vault_name(clients: Clients, start: str) -> str:
    """Vault names are global: make one that only this subscription has."""
    return f"{start}-{clients.account[-4:]}"


def vault_body(**more: Any) -> dict[str, Any]:
    """Make a vault's body."""
    return {
        "location": REGION,
        "properties": {
            "tenantId": "00000000-0000-4000-8000-000000000000",
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "softDeleteRetentionInDays": 7,
            **more,
        },
    }


def assignment_body(account: str, principal: str, role: str = SECRETS_USER) -> dict[str, Any]:
    """Make a role assignment's body."""
    return {
        "properties": {
            "roleDefinitionId": f"/subscriptions/{account}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": principal,
            "principalType": "ServicePrincipal",
        }
    }


def machine(
    nic: str, size: str = "Standard_DC2as_v5", *, confidential: bool = True, identity: str = ""
) -> dict[str, Any]:
    """Make a virtual machine's body."""
    named = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}} if identity else {}
    disk: dict[str, Any] = {"createOption": "FromImage", "deleteOption": "Delete", "diskSizeGB": 64}
    disk["managedDisk"] = {"storageAccountType": "Premium_LRS"}
    if confidential:
        disk["managedDisk"]["securityProfile"] = {"securityEncryptionType": "DiskWithVMGuestState"}
    return {
        **named,
        "location": REGION,
        "properties": {
            "hardwareProfile": {"vmSize": size},
            "storageProfile": {"imageReference": image(confidential=confidential), "osDisk": disk},
            "osProfile": os_profile(computerName="machine"),
            "securityProfile": {
                "securityType": "ConfidentialVM" if confidential else "TrustedLaunch",
                "uefiSettings": {"vTpmEnabled": True, "secureBootEnabled": True},
            },
            "networkProfile": {"networkInterfaces": [{"id": nic, "properties": {"deleteOption": "Delete"}}]},
        },
    }


def os_profile(**name: str) -> dict[str, Any]:
    """Make an OS profile."""
    key = {"path": "/home/operator/.ssh/authorized_keys", "keyData": KEY}
    return {
        **name,
        "adminUsername": "operator",
        "customData": base64.b64encode(b"#cloud-config\n").decode(),
        "linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [key]}},
    }


def image(*, confidential: bool = True) -> dict[str, str]:
    """Make the reference to the stock image."""
    name = facts.stock_image("azure", confidential=confidential).name
    return dict(zip(("publisher", "offer", "sku", "version"), name.split(":"), strict=True))


def scale_set(subnet: str, capacity: int = 2, size: str = "Standard_DC2as_v5") -> dict[str, Any]:
    """Make a scale set's body."""
    configuration = {"name": "main", "properties": {"subnet": {"id": subnet}, "primary": True}}
    card = {"name": "main", "properties": {"primary": True, "ipConfigurations": [configuration]}}
    disk = {
        "createOption": "FromImage",
        "diskSizeGB": 64,
        "managedDisk": {
            "storageAccountType": "Premium_LRS",
            "securityProfile": {"securityEncryptionType": "VMGuestStateOnly"},
        },
    }
    return {
        "location": REGION,
        "sku": {"name": size, "capacity": capacity},
        "properties": {
            "overprovision": False,
            "singlePlacementGroup": False,
            "upgradePolicy": {"mode": "Manual"},
            "virtualMachineProfile": {
                "storageProfile": {"imageReference": image(), "osDisk": disk},
                "osProfile": os_profile(computerNamePrefix="pool-"),
                "securityProfile": {
                    "securityType": "ConfidentialVM",
                    "uefiSettings": {"vTpmEnabled": True, "secureBootEnabled": True},
                },
                "networkProfile": {"networkInterfaceConfigurations": [card]},
            },
        },
    }


def _machines(clients: Clients, ids: dict[str, str]) -> dict[str, str]:
    compute = clients.client("compute")
    control = machine(ids["cp_nic"], "Standard_D8as_v5", confidential=False, identity=ids["identity"])
    cp = compute.virtual_machines.begin_create_or_update(GROUP, "cp", control).result()
    trust = compute.virtual_machines.begin_create_or_update(GROUP, "trust", machine(ids["trust_nic"])).result()
    pool = compute.virtual_machine_scale_sets.begin_create_or_update(GROUP, "pool", scale_set(ids["nodes"])).result()
    disk = trust.as_dict()["properties"]["storageProfile"]["osDisk"]["name"]
    return {"cp": cp.id, "trust": trust.id, "pool": pool.id, "trust_disk": disk}

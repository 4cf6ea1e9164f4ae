"""The resources of a cvm-nodes stack on Azure in one flat program, by hand: what confkube is measured against."""

import base64
import hashlib

import pulumi
import pulumi_azure_native as azure
import pulumi_tls as tls
from keys import BOOT, keys, labels, suffix

NAME = "bench"
SANDBOX = "00000000-0000-4000-8000-000000000000"
PLACES = {"snp": "westeurope", "tdx": "westus3", "mixed": "westus"}
POOLS = {"snp": {"workers": "snp"}, "tdx": {"workers": "tdx"}, "mixed": {"snp": "snp", "tdx": "tdx"}}
SIZES = {"snp": "Standard_DC4as_v5", "tdx": "Standard_DC4es_v6"}
TIERS = {"control-plane": "10.20.128.0/20", "workers": "10.20.0.0/17", "trust": "10.20.144.0/20"}
BASTION = "10.20.255.192/26"
NODES = [("udp", 8472), ("udp", 51871), ("tcp", 4240), ("icmp", 0)]
OPENINGS = [
    ("control-plane", "workers", "tcp", 6443),
    ("control-plane", "bastion", "tcp", 6443),
    ("workers", "control-plane", "tcp", 10250),
    ("trust", "workers", "tcp", 8081),
    ("trust", "bastion", "tcp", 8082),
    *(
        (tier, source, protocol, port)
        for tier, source in (("control-plane", "workers"), ("workers", "control-plane"), ("workers", "workers"))
        for protocol, port in NODES
    ),
]
KIND = pulumi.get_stack().rpartition("-")[2]
LOCATION = PLACES[KIND]
SOURCES = {**TIERS, "bastion": BASTION}

azure.authorization.get_client_config()
tags = labels(NAME)
group = azure.resources.ResourceGroup("group", location=LOCATION, tags=tags)
common = {"resource_group_name": group.name, "location": LOCATION, "tags": tags}
gone = pulumi.ResourceOptions(deleted_with=group)


def after(*resources: pulumi.Resource) -> pulumi.ResourceOptions:
    """Wait for resources, and go with the group."""
    return pulumi.ResourceOptions(depends_on=list(resources), deleted_with=group)


def address(name: str) -> azure.network.PublicIPAddress:
    """A public address."""
    return azure.network.PublicIPAddress(
        name, sku={"name": "Standard"}, public_ip_allocation_method="Static", **common, opts=gone
    )


def rule(number: int, tier: str, source: str, protocol: str, port: int) -> dict[str, object]:
    """An opening."""
    return {
        "name": f"{source}-{protocol}-{port}",
        "description": f"{tier} from {source}",
        "priority": 100 + number,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": protocol.capitalize(),
        "source_address_prefix": SOURCES[source],
        "source_port_range": "*",
        "destination_address_prefix": "*",
        "destination_port_range": str(port or "*"),
    }


closed = rule(0, "any", "bastion", "tcp", 1) | {
    "name": "closed",
    "priority": 4096,
    "access": "Deny",
    "protocol": "*",
    "source_address_prefix": "*",
    "destination_port_range": "*",
}
vnet = azure.network.VirtualNetwork("vnet", address_space={"address_prefixes": ["10.20.0.0/16"]}, **common, opts=gone)
nat = azure.network.NatGateway(
    "nat", sku={"name": "Standard"}, public_ip_addresses=[{"id": address("nat").id}], **common, opts=gone
)
groups, subnets, before = {}, {}, []
for tier, cidr in TIERS.items():
    wanted = [each for each in OPENINGS if each[0] == tier]
    groups[tier] = azure.network.NetworkSecurityGroup(
        tier, security_rules=[*(rule(number, *each) for number, each in enumerate(wanted)), closed], **common, opts=gone
    )
    subnets[tier] = azure.network.Subnet(
        tier,
        resource_group_name=group.name,
        virtual_network_name=vnet.name,
        address_prefix=cidr,
        default_outbound_access=False,
        network_security_group={"id": groups[tier].id},
        nat_gateway={"id": nat.id},
        opts=after(*before),
    )
    before = [subnets[tier]]
entry = azure.network.Subnet(
    "bastion",
    resource_group_name=group.name,
    virtual_network_name=vnet.name,
    subnet_name="AzureBastionSubnet",
    address_prefix=BASTION,
    default_outbound_access=False,
    opts=after(*before),
)
azure.network.BastionHost(
    "bastion",
    sku={"name": "Standard"},
    enable_tunneling=True,
    ip_configurations=[
        {"name": "bastion", "subnet": {"id": entry.id}, "public_ip_address": {"id": address("bastion").id}}
    ],
    **common,
    opts=gone,
)

vault = azure.keyvault.Vault(
    "vault",
    vault_name=suffix.hex.apply(lambda found: "ck" + hashlib.sha256(found.encode()).hexdigest()[:20]),
    properties={
        "tenant_id": SANDBOX,
        "sku": {"family": "A", "name": "standard"},
        "enable_rbac_authorization": True,
        "enable_soft_delete": True,
        "soft_delete_retention_in_days": 7,
    },
    **common,
    opts=gone,
)
secret = azure.keyvault.Secret(
    "secret",
    secret_name="control-plane",  # noqa: S106 - a name
    vault_name=vault.name,
    resource_group_name=group.name,
    properties={"value": keys["ca"].private_key_pem},
    tags=tags,
    opts=gone,
)
READER, SECRETS_USER = "acdd72a7-3385-48ef-bd42-f606fba81ae7", "4633458b-17de-408a-b874-0445c86b69e6"
ROLES = f"/subscriptions/{SANDBOX}/providers/Microsoft.Authorization/roleDefinitions"


def login(name: str) -> dict[str, object]:
    """Boot text, and a key that nobody keeps."""
    key = tls.PrivateKey(f"{name}-login", algorithm="RSA", rsa_bits=2048)
    path = "/home/bench/.ssh/authorized_keys"
    return {
        "admin_username": "bench",
        "custom_data": base64.b64encode(BOOT.encode()).decode(),
        "linux_configuration": {
            "disable_password_authentication": True,
            "ssh": {"public_keys": [{"path": path, "key_data": key.public_key_openssh}]},
        },
    }


def shield(confidential: bool) -> dict[str, object]:
    """Security profile."""
    kind = "ConfidentialVM" if confidential else "TrustedLaunch"
    return {"security_type": kind, "uefi_settings": {"secure_boot_enabled": True, "v_tpm_enabled": True}}


def storage(confidential: bool, encryption: str | None) -> dict[str, object]:
    """Image and system disk."""
    sku, version = ("cvm", "24.04.202607310") if confidential else ("server", "24.04.202609040")
    disk = {"storage_account_type": "Premium_LRS"}
    if encryption:
        disk["security_profile"] = {"security_encryption_type": encryption}
    return {
        "image_reference": {
            "publisher": "Canonical",
            "offer": "ubuntu-24_04-lts",
            "sku": sku,
            "version": version,
        },
        "os_disk": {
            "create_option": "FromImage",
            "caching": "ReadWrite",
            "disk_size_gb": 50,
            "delete_option": "Delete",
            "managed_disk": disk,
        },
    }


FIRST = "tdx" if KIND == "tdx" else "snp"
for name, size, confidential in (("control-plane", "Standard_D8as_v5", False), ("trust", SIZES[FIRST], True)):
    identity = azure.managedidentity.UserAssignedIdentity(f"{name}-identity", **common, opts=gone)
    role = azure.authorization.RoleAssignment(
        f"{name}-role",
        scope=group.id if confidential else secret.id,
        role_definition_id=f"{ROLES}/{READER if confidential else SECRETS_USER}",
        principal_id=identity.principal_id,
        principal_type="ServicePrincipal",
        opts=gone,
    )
    interface = azure.network.NetworkInterface(
        name,
        ip_configurations=[
            {
                "name": "primary",
                "primary": True,
                "subnet": {"id": subnets[name].id},
                "private_ip_address": "10.20.144.10" if confidential else "10.20.128.10",
                "private_ip_allocation_method": "Static",
            }
        ],
        network_security_group={"id": groups[name].id},
        enable_accelerated_networking=not confidential,
        **common,
        opts=gone,
    )
    azure.compute.VirtualMachine(
        name,
        hardware_profile={"vm_size": size},
        security_profile=shield(confidential),
        storage_profile=storage(confidential, "DiskWithVMGuestState" if confidential else None),
        os_profile={"computer_name": name, **login(name)},
        network_profile={"network_interfaces": [{"id": interface.id, "primary": True, "delete_option": "Detach"}]},
        identity={"type": "UserAssigned", "user_assigned_identities": [identity.id]},
        **common,
        opts=after(role, *subnets.values()),
    )
for pool, tee in POOLS[KIND].items():
    azure.compute.VirtualMachineScaleSet(
        pool,
        sku={"name": SIZES[tee], "tier": "Standard", "capacity": 2},
        orchestration_mode="Uniform",
        upgrade_policy={"mode": "Manual"},
        overprovision=False,
        single_placement_group=False,
        virtual_machine_profile={
            "security_profile": shield(True),
            "storage_profile": storage(True, "VMGuestStateOnly"),
            "os_profile": {"computer_name_prefix": f"{pool}-", **login(pool)},
            "network_profile": {
                "network_interface_configurations": [
                    {
                        "name": "primary",
                        "primary": True,
                        "enable_accelerated_networking": False,
                        "network_security_group": {"id": groups["workers"].id},
                        "ip_configurations": [
                            {"name": "primary", "primary": True, "subnet": {"id": subnets["workers"].id}}
                        ],
                    }
                ]
            },
        },
        **common,
        opts=after(*subnets.values()),
    )

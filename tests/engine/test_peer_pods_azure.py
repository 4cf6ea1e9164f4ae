"""The access of cloud-api-adaptor on Azure, made through the platform object alone: up, again, used, destroyed."""

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from confkube_sandbox.access import azure as access

DISK = "https://confkubesandbox.blob.core.windows.net/images/podvm-az-cvm-vtpm.vhd"
PROGRAM = """
import json
from ipaddress import IPv4Network

import pulumi
import pulumi_tls as tls

from confkube.clouds import resolve
from confkube.platform import Cvm, Disk, ImageSpec, NetworkSpec, Opening, PeerPodSpec, PodVms, Tier
from confkube.types import Tee

config = pulumi.Config("confkube").require_object("args")
platform, opts = resolve(config["platform"]), pulumi.ResourceOptions()
names = ("stack", "owner", "expires", "proof")
labels = {"confkube-cluster": "peers-0a1b2c3d", **{f"confkube-{name}": f"a-{name}" for name in names}}
key = tls.PrivateKey("token", algorithm="RSA", rsa_bits=2048)
tiers = (
    Tier(name="workers", cidr=IPv4Network("10.20.0.0/17")),
    Tier(name="pods", cidr=IPv4Network("10.20.192.0/19"), foreign=True),
)
openings = (Opening(name="agent", tier="pods", source="workers", protocol="tcp", port=15150, why="pods start"),)
network = platform.network(
    "peers-network",
    NetworkSpec(cidr=IPv4Network("10.20.0.0/16"), tiers=tiers, openings=openings, labels=labels),
    opts,
)
image = platform.image(
    "peers-pod-image", ImageSpec(content=Disk(address=config["disk"]), isolation=Cvm(tee=Tee.SNP), labels=labels), opts
)
access = platform.peer_pods(
    "peers-access",
    PeerPodSpec(
        cluster_id="peers-0a1b2c3d",
        labels=labels,
        pod_vms=(
            PodVms(tee=Tee.SNP, image=image, machine_types=("Standard_DC2as_v5", "Standard_DC4as_v5")),
            PodVms(tee=Tee.TDX, image=image, machine_types=("Standard_DC2es_v6",)),
        ),
        disk_gib=20,
        network_id=network.network_id,
        subnet_id=network.subnet_ids["pods"],
        firewall_id=network.firewall_ids["pods"],
        token_key=key.public_key_pem,
        namespace="confidential-containers-system",
        service_accounts=("cloud-api-adaptor", "peerpodctrl-controller-manager"),
    ),
    opts,
)
pulumi.export("settings", access.settings)
pulumi.export("credentials", access.credentials)
pulumi.export("issuer", access.issuer)
pulumi.export("key", key.public_key_pem)
pulumi.export("values", access.chart_values)
"""


def config(**changes):
    block = {"tenant": "00000000-0000-4000-8000-000000000000", "location": "westus", "bastion": False, **changes}
    return {"confkube:args": {"platform": {"azure": block}, "disk": DISK}, "azure-native:location": "westus"}


@pytest.fixture(scope="module")
def stack(stack_in):
    return stack_in("peer-pods-azure", config(), PROGRAM)


def official(stack, service):
    return access.client(access.connect(stack.home, stack.subscription), service)


def anonymous(stack, address):
    """What anybody reads at a public address of the blob service."""
    account, _, path = address.removeprefix("https://").partition(".blob.core.windows.net/")
    return requests.get(f"{stack.client.url}/azure-blob/{account}/{path}", timeout=30)


def pod_vm(outputs, name):
    """A machine as cloud-api-adaptor describes it (getVMParameters in src/cloud-providers/azure/provider.go)."""
    settings = outputs["settings"]
    interface = {
        "name": f"{name}-net",
        "properties": {
            "deleteOption": "Delete",
            "networkSecurityGroup": {"id": settings["AZURE_NSG_ID"]},
            "ipConfigurations": [{"name": "ip-config", "properties": {"subnet": {"id": settings["AZURE_SUBNET_ID"]}}}],
        },
    }
    managed = {
        "storageAccountType": "Premium_LRS",
        "securityProfile": {"securityEncryptionType": "VMGuestStateOnly"},
    }
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    form = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    public = {
        "path": f"/home/{settings['SSH_USERNAME']}/.ssh/authorized_keys",
        "keyData": key.public_bytes(*form).decode(),
    }
    return {
        "location": settings["AZURE_REGION"],
        "tags": dict(pair.split("=") for pair in settings["TAGS"].split(",")),
        "properties": {
            "hardwareProfile": {"vmSize": settings["AZURE_INSTANCE_SIZE"]},
            "storageProfile": {
                "imageReference": {"id": settings["AZURE_IMAGE_ID"]},
                "osDisk": {
                    "name": f"{name}-disk",
                    "createOption": "FromImage",
                    "caching": "ReadWrite",
                    "deleteOption": "Delete",
                    "diskSizeGB": int(settings["ROOT_VOLUME_SIZE"]),
                    "managedDisk": managed,
                },
            },
            "osProfile": {
                "adminUsername": settings["SSH_USERNAME"],
                "computerName": name,
                "linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [public]}},
            },
            "networkProfile": {"networkApiVersion": "2022-11-01", "networkInterfaceConfigurations": [interface]},
            "securityProfile": {
                "securityType": "ConfidentialVM",
                "uefiSettings": {"secureBootEnabled": False, "vTpmEnabled": True},
            },
            "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
            "userData": "e30=",
        },
    }


def test_a_whole_life(stack):
    before = stack.inventory()
    outputs = stack.up().outputs
    after = stack.inventory()
    assert stack.up().changed == {}

    found = anonymous(stack, f"{outputs['issuer']}.well-known/openid-configuration")
    document = found.json()
    assert (document["issuer"], found.headers["Content-Type"]) == (outputs["issuer"], "application/json")
    (key,) = anonymous(stack, document["jwks_uri"]).json()["keys"]
    assert (key["kty"], key["alg"]) == ("RSA", "RS256")

    compute = official(stack, "compute")
    group = outputs["settings"]["AZURE_RESOURCE_GROUP"]
    assert group == "peers-0a1b2c3d-pods"
    sizes = {each.name for each in compute.virtual_machine_sizes.list("westus")}
    assert {"Standard_DC2as_v5", "Standard_DC4as_v5", "Standard_DC2es_v6"} <= sizes
    for size in ("Standard_DC2as_v5", "Standard_DC2es_v6"):
        name = f"podvm-nginx-{size[-2:]}{len(size)}"
        body = pod_vm(outputs, name)
        body["properties"]["hardwareProfile"]["vmSize"] = size
        compute.virtual_machines.begin_create_or_update(group, name, body).result()
    name = "podvm-nginx-v517"
    card = official(stack, "network").network_interfaces.get(group, f"{name}-net")
    assert card.network_security_group.id == outputs["settings"]["AZURE_NSG_ID"]
    assert card.ip_configurations[0].private_ip_address.startswith("10.20.19")
    compute.virtual_machines.begin_delete(group, name).result()
    assert not [each for each in stack.inventory() if name in str(each)]

    # The other one is left behind, as a crashed adaptor would: it goes with its group, before the subnet that it is in.
    assert len(stack.inventory()) == len(after) + 3
    destroyed = stack.destroy()
    assert destroyed.messages == []
    assert stack.inventory() == before


def test_roles_reach_the_pod_vms_and_nothing_else(stack):
    outputs = stack.up().outputs
    authorization = official(stack, "authorization")
    identities = official(stack, "msi").user_assigned_identities.list_by_resource_group("peers-0a1b2c3d-pods")
    (identity,) = identities
    assert outputs["credentials"]["AZURE_CLIENT_ID"] == identity.client_id
    held = {}
    for each in authorization.role_assignments.list_for_subscription(
        filter=f"principalId eq '{identity.principal_id}'"
    ):
        role = authorization.role_definitions.get_by_id(each.role_definition_id)
        actions = [action for permission in role.permissions for action in permission.actions]
        held[each.scope.rpartition("/")[2]] = (role.role_name.rpartition(" ")[2], actions)
    assert held.keys() == {
        stack.subscription,
        "peers-0a1b2c3d-pods",
        outputs["settings"]["AZURE_SUBNET_ID"].rpartition("/")[2],
        outputs["settings"]["AZURE_NSG_ID"].rpartition("/")[2],
        "peers-pod-image",
    }
    assert held[stack.subscription] == ("sizes", ["Microsoft.Compute/locations/vmSizes/read"])
    assert held["peers-pod-image"] == ("Reader", [])
    credentials = official(stack, "msi").federated_identity_credentials.list("peers-0a1b2c3d-pods", identity.name)
    assert sorted((each.subject, each.issuer) for each in credentials) == [
        (f"system:serviceaccount:confidential-containers-system:{name}", outputs["issuer"])
        for name in ("cloud-api-adaptor", "peerpodctrl-controller-manager")
    ]
    stack.destroy()
    left = [each.role_name for each in authorization.role_definitions.list(f"/subscriptions/{stack.subscription}")]
    assert not [name for name in left if name.startswith("confkube ")]

"""A small complete network and what runs in it, built through the provider one resource after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from driver import Engine, Resource

PROJECT, REGION, ZONE = "confkube-sandbox-0000", "us-central1", "us-central1-a"
LABELS = {"confkube-cluster": "c1"}
FAMILY = "projects/ubuntu-os-cloud/global/images/family/ubuntu-2404-lts-amd64"

NETWORK = "gcp:compute/network:Network"
SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"
FIREWALL = "gcp:compute/firewall:Firewall"
ADDRESS = "gcp:compute/address:Address"
ROUTER = "gcp:compute/router:Router"
NAT = "gcp:compute/routerNat:RouterNat"
INSTANCE = "gcp:compute/instance:Instance"
TEMPLATE = "gcp:compute/instanceTemplate:InstanceTemplate"
GROUP = "gcp:compute/instanceGroupManager:InstanceGroupManager"
ACCOUNT = "gcp:serviceaccount/account:Account"
SECRET = "gcp:secretmanager/secret:Secret"
VERSION = "gcp:secretmanager/secretVersion:SecretVersion"
MEMBER = "gcp:secretmanager/secretIamMember:SecretIamMember"
IMAGE = "gcp:compute/image:Image"
KEY = "gcp:serviceaccount/key:Key"
ROLE = "gcp:projects/iAMCustomRole:IAMCustomRole"
PROJECT_MEMBER = "gcp:projects/iAMMember:IAMMember"
SUBNET_MEMBER = "gcp:compute/subnetworkIAMMember:SubnetworkIAMMember"
TAG_KEY = "gcp:tags/tagKey:TagKey"
TAG_VALUE = "gcp:tags/tagValue:TagValue"
TAG_MEMBER = "gcp:tags/tagValueIamMember:TagValueIamMember"
ARCHIVE = "https://storage.googleapis.com/confkube-sandbox-images/podvm-snp.tar.gz"


class World:
    """Resources by logical name, in the order of their creation."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.made: dict[str, Resource] = {}

    def make(self, token: str, name: str, inputs: dict[str, Any]) -> Resource:
        self.made[name] = self.engine.create(token, name, inputs)
        return self.made[name]

    def network(self) -> World:
        network = self.make(NETWORK, "net", {"autoCreateSubnetworks": False, "description": "cluster"})
        subnet = {"network": network.id, "ipCidrRange": "10.0.1.0/24", "privateIpGoogleAccess": True}
        self.make(SUBNETWORK, "subnet", subnet)
        return self

    def firewall_inputs(self) -> dict[str, Any]:
        return {
            "network": self.made["net"].id,
            "direction": "INGRESS",
            "allows": [{"protocol": "tcp", "ports": ["22", "6443"]}],
            "sourceRanges": ["10.0.0.0/8"],
            "targetTags": ["node"],
            "description": "ssh",
        }

    def nat_inputs(self) -> dict[str, Any]:
        return {
            "router": self.made["router"].outputs["name"],
            "natIpAllocateOption": "AUTO_ONLY",
            "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
        }

    def edge(self) -> World:
        self.make(FIREWALL, "ssh", self.firewall_inputs())
        self.make(ROUTER, "router", {"network": self.made["net"].id})
        self.make(NAT, "nat", self.nat_inputs())
        self.make(ADDRESS, "address", {"labels": LABELS})
        return self

    def identity(self) -> World:
        self.make(ACCOUNT, "node", {"accountId": "node-account", "displayName": "node"})
        return self

    def secrets(self) -> World:
        secret = self.make(SECRET, "secret", {"secretId": "ca", "replication": {"auto": {}}, "labels": LABELS})
        self.make(VERSION, "version", {"secret": secret.id, "secretData": "hush"})
        member = {
            "secretId": secret.id,
            "role": "roles/secretmanager.secretAccessor",
            "member": self.made["node"].outputs["member"],
        }
        self.make(MEMBER, "reader", member)
        return self

    def machine_parts(self) -> dict[str, Any]:
        return {
            "machineType": "n2d-standard-2",
            "minCpuPlatform": "AMD Milan",
            "confidentialInstanceConfig": {"confidentialInstanceType": "SEV_SNP"},
            "scheduling": {"onHostMaintenance": "TERMINATE"},
            "shieldedInstanceConfig": {"enableSecureBoot": True},
            "metadata": {"user-data": "#!/bin/sh\necho 1"},
            "serviceAccount": {"email": self.made["node"].outputs["email"], "scopes": ["cloud-platform"]},
            "tags": ["node"],
            "labels": LABELS,
        }

    def instance_inputs(self) -> dict[str, Any]:
        nic = {"subnetwork": self.made["subnet"].id, "networkIp": "10.0.1.10", "nicType": "GVNIC"}
        disk = {"image": FAMILY, "type": "pd-balanced", "size": 20, "labels": LABELS}
        return {
            **self.machine_parts(),
            "bootDisk": {"initializeParams": disk},
            "networkInterfaces": [nic],
            "allowStoppingForUpdate": True,
        }

    def template_inputs(self) -> dict[str, Any]:
        disk = {"boot": True, "sourceImage": FAMILY, "diskType": "pd-balanced", "diskSizeGb": 20, "labels": LABELS}
        nic = {"subnetwork": self.made["subnet"].id, "nicType": "GVNIC"}
        return {**self.machine_parts(), "disks": [disk], "networkInterfaces": [nic]}

    def group_inputs(self) -> dict[str, Any]:
        policy = {
            "type": "OPPORTUNISTIC",
            "minimalAction": "REPLACE",
            "maxSurgeFixed": 1,
            "maxUnavailableFixed": 0,
            "replacementMethod": "SUBSTITUTE",
        }
        return {
            "baseInstanceName": "pool",
            "versions": [{"instanceTemplate": self.made["template"].outputs["selfLinkUnique"]}],
            "targetSize": 2,
            "updatePolicy": policy,
            "waitForInstances": True,
        }

    def machine(self) -> World:
        self.make(INSTANCE, "machine", self.instance_inputs())
        return self

    def pool(self) -> World:
        self.make(TEMPLATE, "template", self.template_inputs())
        self.make(GROUP, "pool", self.group_inputs())
        return self

    def image_inputs(self) -> dict[str, Any]:
        features = [{"type": each} for each in ("UEFI_COMPATIBLE", "GVNIC", "SEV_SNP_CAPABLE")]
        return {"rawDisk": {"source": ARCHIVE}, "guestOsFeatures": features, "labels": LABELS}

    def pod_image(self) -> World:
        self.make(IMAGE, "podvm", self.image_inputs())
        return self

    def role_inputs(self) -> dict[str, Any]:
        permissions = ["compute.instances.create", "compute.instances.delete"]
        return {"roleId": "pod_vms", "title": "pod VMs", "permissions": permissions, "description": "cluster"}

    def member_inputs(self) -> dict[str, Any]:
        expression = f"resource.name.startsWith('projects/{PROJECT}/zones/{ZONE}/instances/podvm-')"
        return {
            "project": PROJECT,
            "role": self.made["role"].outputs["name"],
            "member": self.made["node"].outputs["member"],
            "condition": {"title": "pod VMs", "expression": expression},
        }

    def rights(self) -> World:
        self.make(KEY, "key", {"serviceAccountId": self.made["node"].id})
        self.make(ROLE, "role", self.role_inputs())
        self.make(PROJECT_MEMBER, "named", self.member_inputs())
        subnet = {key: each for key, each in self.member_inputs().items() if key != "condition"}
        self.make(SUBNET_MEMBER, "subnet-user", {**subnet, "subnetwork": self.made["subnet"].id})
        return self

    def tags(self) -> World:
        given = {"parent": f"projects/{PROJECT}", "shortName": "confkube-cluster-c1", "description": "cluster"}
        key = self.make(TAG_KEY, "tag-key", given)
        value = self.make(TAG_VALUE, "tag-value", {"parent": key.id, "shortName": "c1"})
        member = self.made["node"].outputs["member"]
        role = "roles/resourcemanager.tagUser"
        self.make(TAG_MEMBER, "tag-user", {"tagValue": value.id, "role": role, "member": member})
        return self

    def everything(self) -> World:
        made = self.network().edge().identity().secrets().machine().pool()
        return made.pod_image().rights().tags()

    def delete_all(self) -> None:
        for resource in reversed(list(self.made.values())):
            self.engine.delete(resource)
        self.made.clear()

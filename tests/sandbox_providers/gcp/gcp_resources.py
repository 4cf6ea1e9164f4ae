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

    def everything(self) -> World:
        return self.network().edge().identity().secrets().machine().pool()

    def delete_all(self) -> None:
        for resource in reversed(list(self.made.values())):
            self.engine.delete(resource)
        self.made.clear()

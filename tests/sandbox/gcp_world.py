"""One small world of every kind of resource, which the refused requests refer to as ``${name}``."""

from __future__ import annotations

import base64
import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from gcp_client import Clients

INSTANT = 100_000.0
STOPPED_TIME = 0.001
"""Simulated seconds per real one at which nothing comes to its end."""
REGION, ZONE = "us-central1", "us-central1-a"
REQUEST = "0b8d6c1e-6a52-4b5f-9d0e-1f2a3b4c5d6e"
ACCOUNTS = 100
"""As many service accounts as a project may have."""
KEYS = 10
"""As many keys as an account may have."""
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def build(clients: Clients, settings: Callable[..., object]) -> dict[str, str]:
    """Make the world with ordinary, correct requests and return its ids; ``settings`` changes those of the daemon."""
    ids = {"project": clients.account, "zone": ZONE, "region": REGION, "scope": SCOPE}
    ids["number"] = clients.call("cloudresourcemanager", "projects.get", projectId=clients.account)["projectNumber"]
    _images(clients, ids)
    _network(clients)
    _addresses(clients, ids)
    _accounts(clients, ids)
    _machines(clients, ids)
    _group(clients, ids)
    _secrets(clients, ids)
    _pod_images(clients, ids)
    _rights(clients, ids)
    _tags(clients, ids)
    # What follows never comes to its end.
    settings(speed=STOPPED_TIME)
    clients.send("networks.insert", {"project": clients.account, "body": network("pending-net")})
    given = {"project": clients.account, "region": REGION, "body": subnetwork("pending", "net", "10.0.20.0/24")}
    clients.send("subnetworks.insert", given)
    clients.send("images.insert", {"project": clients.account, "body": pod_image("pending-image")})
    settings(speed=INSTANT)
    return ids


def network(name: str) -> dict[str, Any]:
    """A network without subnetworks of its own."""
    return {"name": name, "autoCreateSubnetworks": False}


def subnetwork(name: str, of: str, block: str) -> dict[str, Any]:
    """A subnetwork."""
    return {"name": name, "network": f"global/networks/{of}", "ipCidrRange": block, "privateIpGoogleAccess": True}


def pod_image(name: str, *features: str) -> dict[str, Any]:
    """An image made from the archive that is there for every project."""
    return {
        "name": name,
        "rawDisk": {"source": "https://storage.googleapis.com/confkube-sandbox-images/podvm-snp.tar.gz"},
        "guestOsFeatures": [{"type": each} for each in features or ("UEFI_COMPATIBLE", "GVNIC", "SEV_SNP_CAPABLE")],
    }


def instance(name: str, image: str, **more: Any) -> dict[str, Any]:
    """An ordinary machine, with SEV-SNP unless something else is said."""
    made = {
        "name": name,
        "machineType": f"zones/{ZONE}/machineTypes/n2d-standard-2",
        "minCpuPlatform": "AMD Milan",
        "confidentialInstanceConfig": {"confidentialInstanceType": "SEV_SNP"},
        "scheduling": {"onHostMaintenance": "TERMINATE", "automaticRestart": True},
        "disks": [
            {
                "boot": True,
                "autoDelete": True,
                "initializeParams": {
                    "sourceImage": image,
                    "diskType": f"zones/{ZONE}/diskTypes/pd-balanced",
                    "diskSizeGb": "40",
                },
            }
        ],
        "networkInterfaces": [{"subnetwork": f"regions/{REGION}/subnetworks/nodes", "nicType": "GVNIC"}],
        "shieldedInstanceConfig": {"enableSecureBoot": True, "enableVtpm": True, "enableIntegrityMonitoring": True},
        **copy.deepcopy(more),
    }
    return {key: value for key, value in made.items() if value is not None}


def plain(name: str, image: str, **more: Any) -> dict[str, Any]:
    """A small machine without a TEE."""
    size = f"zones/{ZONE}/machineTypes/e2-standard-2"
    given = {"machineType": size, "minCpuPlatform": None, "confidentialInstanceConfig": None, "scheduling": None}
    return instance(name, image, **{**given, **more})


def properties(image: str, **more: Any) -> dict[str, Any]:
    """What a template says of its machines."""
    made = instance("unused", image, **more)
    del made["name"]
    made["machineType"] = made["machineType"].rpartition("/")[2]
    for disk in made["disks"]:
        disk["initializeParams"]["diskType"] = "pd-balanced"
    return made


def _images(clients: Clients, ids: dict[str, str]) -> None:
    for name, project in (("image", "ubuntu-os-cloud"), ("image_debian", "debian-cloud")):
        found = clients.call("compute", "images.list", project=project)["items"]
        for each in found:
            features = {feature["type"] for feature in each["guestOsFeatures"]}
            ids[name if "UEFI_COMPATIBLE" in features else "image_legacy"] = each["selfLink"]


def _network(clients: Clients) -> None:
    for name in ("net", "other-net", "empty-net"):
        more = {"requestId": REQUEST} if name == "empty-net" else {}
        clients.run("networks.insert", network(name), **more)
    for name, of, block, region in (
        ("nodes", "net", "10.0.0.0/24", REGION),
        ("tiny", "net", "10.0.9.0/29", REGION),
        ("east", "net", "10.0.2.0/24", "us-east1"),
        ("other-nodes", "other-net", "10.0.0.0/24", REGION),
        ("europe", "net", "10.0.3.0/24", "europe-west3"),
    ):
        clients.run("subnetworks.insert", subnetwork(name, of, block), region=region)
    rule = {
        "name": "ssh",
        "network": "global/networks/net",
        "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}],
        "sourceRanges": ["192.0.2.0/24"],
        "targetTags": ["node"],
    }
    clients.run("firewalls.insert", rule)
    clients.run("routers.insert", {"name": "router", "network": "global/networks/net"}, region=REGION)
    nat = {
        "name": "nat",
        "natIpAllocateOption": "AUTO_ONLY",
        "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
    }
    clients.run("routers.patch", {"nats": [nat]}, region=REGION, router="router")
    clients.run("routers.insert", {"name": "spare-router", "network": "global/networks/net"}, region=REGION)


def _addresses(clients: Clients, ids: dict[str, str]) -> None:
    for name in ("used-ip", "free-ip"):
        clients.run("addresses.insert", {"name": name}, region=REGION)
        held = clients.call("compute", "addresses.get", project=clients.account, region=REGION, address=name)
        ids[name.replace("-", "_")] = held["address"]
    internal = {
        "name": "internal-ip",
        "addressType": "INTERNAL",
        "subnetwork": f"regions/{REGION}/subnetworks/tiny",
        "address": "10.0.9.3",
    }
    clients.run("addresses.insert", internal, region=REGION)


def _accounts(clients: Clients, ids: dict[str, str]) -> None:
    def create(name: str) -> str:
        body = {"accountId": name, "serviceAccount": {"displayName": name}}
        parent = f"projects/{clients.account}"
        made = clients.call("iam", "projects.serviceAccounts.create", name=parent, body=body)
        ids[name.replace("-", "_")] = made["email"]
        return made["name"]

    create("nodes-account")
    for name, again in (("gone-account", False), ("twice-account", True)):
        made = create(name)
        held = clients.call("iam", "projects.serviceAccounts.get", name=made)
        ids[f"{name.partition('-')[0]}_unique"] = held["uniqueId"]
        clients.call("iam", "projects.serviceAccounts.delete", name=made)
        if again:
            create(name)
    for number in range(ACCOUNTS - 2):
        create(f"extra-{number:03d}")


def _machines(clients: Clients, ids: dict[str, str]) -> None:
    public = {
        "subnetwork": f"regions/{REGION}/subnetworks/nodes",
        "networkIP": "10.0.0.10",
        "nicType": "GVNIC",
        "accessConfigs": [{"natIP": ids["used_ip"]}],
    }
    account = [{"email": ids["nodes_account"], "scopes": [SCOPE]}]
    body = instance(
        "vm",
        ids["image"],
        networkInterfaces=[public],
        serviceAccounts=account,
        labels={"cluster": "c"},
        tags={"items": ["node"]},
        metadata={"items": [{"key": "user-data", "value": "#!/bin/sh"}]},
    )
    clients.run("instances.insert", body, zone=ZONE)
    for name, more in (("plain", {}), ("stopped", {}), ("protected", {"deletionProtection": True})):
        clients.run("instances.insert", plain(name, ids["image"], **more), zone=ZONE)
    clients.run("instances.insert", instance("stopped-snp", ids["image"]), zone=ZONE)
    for name in ("stopped", "stopped-snp"):
        clients.run("instances.stop", zone=ZONE, instance=name)
    kind = f"zones/{ZONE}/diskTypes/pd-balanced"
    clients.run("disks.insert", {"name": "spare", "sizeGb": "20", "type": kind}, zone=ZONE)
    clients.run("disks.insert", {"name": "slow", "sizeGb": "20"}, zone=ZONE)
    held = clients.call("compute", "instances.get", project=clients.account, zone=ZONE, instance="vm")
    ids |= {
        "vm_labels": held["labelFingerprint"],
        "vm_tags": held["tags"]["fingerprint"],
        "vm_metadata": held["metadata"]["fingerprint"],
    }


def _group(clients: Clients, ids: dict[str, str]) -> None:
    for name in ("template", "spare-template"):
        clients.run("instanceTemplates.insert", {"name": name, "properties": properties(ids["image"])})
    body = {
        "name": "workers",
        "targetSize": 1,
        "baseInstanceName": "worker",
        "versions": [{"instanceTemplate": "global/instanceTemplates/template"}],
        "updatePolicy": {"type": "OPPORTUNISTIC", "minimalAction": "REPLACE"},
    }
    clients.run("instanceGroupManagers.insert", body, zone=ZONE)
    where = {"project": clients.account, "zone": ZONE, "instanceGroupManager": "workers"}
    found = clients.call("compute", "instanceGroupManagers.listManagedInstances", **where)["managedInstances"]
    ids["worker"] = found[0]["instance"]


def _secrets(clients: Clients, ids: dict[str, str]) -> None:
    parent = f"projects/{clients.account}"
    replicated = {"replication": {"userManaged": {"replicas": [{"location": REGION}]}}, "labels": {"cluster": "c"}}
    for name, body in (("cluster-key", replicated), ("empty", {"replication": {"automatic": {}}})):
        clients.call("secretmanager", "projects.secrets.create", parent=parent, secretId=name, body=body)
    secret = f"{parent}/secrets/cluster-key"
    payload = {"payload": {"data": base64.b64encode(b"value").decode()}}
    for _ in range(3):
        clients.call("secretmanager", "projects.secrets.addVersion", parent=secret, body=payload)
    clients.call("secretmanager", "projects.secrets.versions.disable", name=f"{secret}/versions/2", body={})
    clients.call("secretmanager", "projects.secrets.versions.destroy", name=f"{secret}/versions/3", body={})
    member = f"serviceAccount:{ids['nodes_account']}"
    policy = {"bindings": [{"role": "roles/secretmanager.secretAccessor", "members": [member]}]}
    clients.call("secretmanager", "projects.secrets.setIamPolicy", resource=secret, body={"policy": policy})
    ids["secret"] = secret


def _pod_images(clients: Clients, ids: dict[str, str]) -> None:
    for name, features in (("podvm", ()), ("bios", ("GVNIC",))):
        clients.run("images.insert", pod_image(name, *features))
        held = clients.call("compute", "images.get", project=clients.account, image=name)
        ids[f"{name}_image"] = held["selfLink"]


def _rights(clients: Clients, ids: dict[str, str]) -> None:
    """Custom roles, one of them deleted, and an account with as many keys as it may have."""
    parent = f"projects/{clients.account}"
    for name in ("adaptor", "gone_role"):
        role = {"title": name, "includedPermissions": ["compute.instances.get"], "stage": "GA"}
        clients.call("iam", "projects.roles.create", parent=parent, body={"roleId": name, "role": role})
    clients.call("iam", "projects.roles.delete", name=f"{parent}/roles/gone_role")
    account = f"{parent}/serviceAccounts/{ids['nodes_account']}"
    body = {"keyAlgorithm": "KEY_ALG_RSA_1024"}
    for _ in range(KEYS):
        made = clients.call("iam", "projects.serviceAccounts.keys.create", name=account, body=body)
    ids["key"] = made["name"]


def _tags(clients: Clients, ids: dict[str, str]) -> None:
    """Two tag keys, values of the first, and one of them on a machine."""
    manager = "cloudresourcemanager"
    for number in range(2):
        body = {"parent": f"projects/{clients.account}", "shortName": f"key-{number}"}
        ids[f"tag_key_{number}"] = clients.settled(clients.call(manager, "tagKeys.create", "v3", body=body))["name"]
    for name in ("blue", "green"):
        body = {"parent": ids["tag_key_0"], "shortName": name}
        ids[f"tag_{name}"] = clients.settled(clients.call(manager, "tagValues.create", "v3", body=body))["name"]
    for name in ("vm", "plain"):
        held = clients.call("compute", "instances.get", project=clients.account, zone=ZONE, instance=name)
        place = f"//compute.googleapis.com/projects/{clients.account}/zones/{ZONE}"
        ids[f"{name}_resource"] = f"{place}/instances/{held['id']}"
    bound = {"parent": ids["vm_resource"], "tagValue": ids["tag_blue"]}
    clients.settled(clients.call(manager, "tagBindings.create", "v3", ZONE, body=bound))

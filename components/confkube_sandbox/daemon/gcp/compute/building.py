"""From what a client asks to what an instance is: disks, interfaces, scheduling and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses, operations
from confkube_sandbox.daemon.gcp.compute.disks import disk_body
from confkube_sandbox.daemon.gcp.compute.families import machine_types
from confkube_sandbox.daemon.gcp.compute.placing import free_address
from confkube_sandbox.daemon.gcp.compute.routers import public_address
from confkube_sandbox.daemon.gcp.marks import fingerprint
from confkube_sandbox.daemon.gcp.model import Body, Key

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

_NVME_FAMILIES = frozenset({"c3", "c4"})


def tee_of(body: Body) -> str:
    """Return the confidential technology that a body asks for; empty where it asks for none."""
    config = body.get("confidentialInstanceConfig", {})
    kind = config.get("confidentialInstanceType", "")
    if kind and kind != "CONFIDENTIAL_INSTANCE_TYPE_UNSPECIFIED":
        return kind
    return "SEV" if config.get("enableConfidentialCompute") else ""


def machine_name(body: Body) -> str:
    """Return the name of the machine type that a body asks for."""
    return str(body.get("machineType", "")).rpartition("/")[2]


def least_platform(body: Body) -> str:
    """Return the CPU platform that a body asks for; empty where it leaves the choice to Google, in a word or none."""
    wanted = str(body.get("minCpuPlatform") or "")
    return "" if wanted.lower() == "automatic" else wanted


def cpu_platform(body: Body) -> str:
    """Return the CPU platform that a machine is started on: the one asked for, or the oldest of its family."""
    platforms = machine_types()[machine_name(body)].family.platforms
    return least_platform(body) or (platforms[0] if platforms else "Unknown CPU Platform")


def instance_body(call: Call, key: Key) -> Body:
    """Return the complete instance for a call whose body asks for one."""
    body = call.body
    root = f"{addresses.ROOT}projects/{call.project.id}/zones/{key.place}"
    made: Body = {
        "name": key.name,
        "description": body.get("description", ""),
        "status": "PROVISIONING",
        "zone": root,
        "machineType": f"{root}/machineTypes/{machine_name(body)}",
        "canIpForward": body.get("canIpForward", False),
        "tags": tags(body.get("tags", {}).get("items", [])),
        "metadata": metadata(body.get("metadata", {}).get("items", [])),
        "labelFingerprint": fingerprint(body.get("labels")),
        "scheduling": _scheduling(body),
        "cpuPlatform": cpu_platform(body),
        "startRestricted": False,
        "deletionProtection": body.get("deletionProtection", False),
        "shieldedInstanceConfig": {
            "enableSecureBoot": False,
            "enableVtpm": True,
            "enableIntegrityMonitoring": True,
            **body.get("shieldedInstanceConfig", {}),
        },
        "shieldedInstanceIntegrityPolicy": {"updateAutoLearnPolicy": True},
        "networkInterfaces": [_interface(call, index, each) for index, each in enumerate(body["networkInterfaces"])],
        "lastStartTimestamp": operations.stamp(call.now),
    }
    kept = (
        "labels",
        "minCpuPlatform",
        "confidentialInstanceConfig",
        "serviceAccounts",
        "advancedMachineFeatures",
        "guestAccelerators",
        "hostname",
        "resourcePolicies",
        "reservationAffinity",
    )
    made |= {name: body[name] for name in kept if body.get(name)}
    made["disks"] = [_attached(call, key, index, each) for index, each in enumerate(body["disks"])]
    return {**made, "fingerprint": fingerprint(made)}


def tags(items: list[str]) -> Body:
    """Return network tags with their fingerprint."""
    return {"items": items, "fingerprint": fingerprint(items)} if items else {"fingerprint": fingerprint(items)}


def metadata(items: list[Body]) -> Body:
    """Return metadata with its fingerprint."""
    made: Body = {"kind": "compute#metadata", "fingerprint": fingerprint(items)}
    return {**made, "items": items} if items else made


def access_config(call: Call, given: Body) -> Body:
    """Return the public address of an interface: the reserved one that is asked for, or one of its own."""
    return {
        "kind": "compute#accessConfig",
        "type": given.get("type", "ONE_TO_ONE_NAT"),
        "name": given.get("name") or "external-nat",
        "natIP": given.get("natIP") or public_address(call),
        "networkTier": given.get("networkTier") or "PREMIUM",
    }


def _scheduling(body: Body) -> Body:
    given = body.get("scheduling", {})
    spot = given.get("preemptible") or given.get("provisioningModel") == "SPOT"
    return {
        "onHostMaintenance": "TERMINATE" if spot else "MIGRATE",
        "automaticRestart": not spot,
        "preemptible": bool(spot),
        "provisioningModel": "SPOT" if spot else "STANDARD",
        **given,
    }


def _interface(call: Call, index: int, given: Body) -> Body:
    subnetwork = subnetwork_of(call, given)
    held = call.get(subnetwork)
    made: Body = {
        "kind": "compute#networkInterface",
        "name": f"nic{index}",
        "network": held["network"],
        "subnetwork": held["selfLink"],
        "networkIP": _private_address(call, given) or free_address(call, subnetwork),
        "stackType": given.get("stackType", "IPV4_ONLY"),
    }
    made |= {name: given[name] for name in ("nicType", "aliasIpRanges", "queueCount") if given.get(name)}
    if given.get("accessConfigs"):
        made["accessConfigs"] = [access_config(call, each) for each in given["accessConfigs"]]
    return {**made, "fingerprint": fingerprint(made)}


def subnetwork_of(call: Call, given: Body) -> Key:
    """Return the subnetwork of an interface: the one named, or the only one of its network in the region."""
    if given.get("subnetwork"):
        return call.key_of(given["subnetwork"])
    network = call.normal(given["network"])
    region = addresses.region_of(call.place)
    return next(key for key, each in call.held("subnetworks", region) if each["network"] == network)


def _private_address(call: Call, given: Body) -> str:
    text = str(given.get("networkIP", ""))
    found = addresses.parse(text)
    return call.get(found[1])["address"] if found else text


def _attached(call: Call, key: Key, index: int, given: Body) -> Body:
    family = machine_types()[machine_name(call.body)].family
    nvme = bool(tee_of(call.body)) or family.name in _NVME_FAMILIES
    link = given.get("source")
    disk = call.key_of(link) if link else _new_disk(call, key, index, given)
    held = call.project.held[disk]
    made: Body = {
        "kind": "compute#attachedDisk",
        "type": given.get("type", "PERSISTENT"),
        "mode": given.get("mode", "READ_WRITE"),
        "source": call.link(disk),
        "deviceName": given.get("deviceName") or f"persistent-disk-{index}",
        "index": index,
        "boot": given.get("boot", False),
        "autoDelete": given.get("autoDelete", False),
        "interface": given.get("interface") or ("NVME" if nvme else "SCSI"),
        "diskSizeGb": held["sizeGb"],
    }
    shown = ("licenses", "guestOsFeatures", "architecture")
    return {**made, **{name: held[name] for name in shown if name in held}}


def _new_disk(call: Call, key: Key, index: int, given: Body) -> Key:
    params = given.get("initializeParams", {})
    disk = Key("disks", key.place, params.get("diskName") or (key.name if not index else f"{key.name}-{index}"))
    wanted: Body = {
        "sizeGb": params.get("diskSizeGb") or given.get("diskSizeGb"),
        "type": params.get("diskType"),
        "sourceImage": params.get("sourceImage"),
        "description": params.get("description"),
        "labels": params.get("labels"),
        "provisionedIops": params.get("provisionedIops"),
        "provisionedThroughput": params.get("provisionedThroughput"),
    }
    call.project.held[disk] = {
        "kind": "compute#disk",
        "id": call.new_id(),
        "creationTimestamp": operations.stamp(call.now),
        **disk_body(call, disk, wanted),
        "lastAttachTimestamp": operations.stamp(call.now),
        "selfLink": call.link(disk),
    }
    return disk

"""Persistent disks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses, operations
from confkube_sandbox.daemon.gcp.compute import images
from confkube_sandbox.daemon.gcp.compute.families import zones
from confkube_sandbox.daemon.gcp.compute.listing import gathered, listed
from confkube_sandbox.daemon.gcp.marks import fingerprint
from confkube_sandbox.daemon.gcp.model import Body, Key
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

DEFAULT_TYPE = "pd-standard"
_DEFAULT_GIB = 500


@serves("compute.disks.insert")
def insert(call: Call) -> Body:
    """Make a disk, empty or from an image."""
    given = dict(call.body)
    given.setdefault("sourceImage", call.query.get("sourceImage", ""))
    key = Key("disks", call.place, given["name"])
    return operations.create(call, key, disk_body(call, key, given))


@serves("compute.disks.get")
def get(call: Call) -> Body:
    """Show a disk and the instances that have it."""
    key, held = call.target("disks", "disk")
    return shown(call, key, held)


@serves("compute.disks.list")
def list_(call: Call) -> Body:
    """List the disks of a zone."""
    return listed(call, "compute#diskList", [shown(call, *each) for each in call.held("disks", call.place)])


@serves("compute.disks.aggregatedList")
def gather(call: Call) -> Body:
    """List the disks of all zones."""
    items = [(f"zones/{key.place}", shown(call, key, each)) for key, each in call.held("disks")]
    scopes = [f"zones/{name}" for name in zones()]
    return gathered(call, "compute#diskAggregatedList", "disks", items, scopes)


@serves("compute.disks.resize")
def resize(call: Call) -> Body:
    """Make a disk larger."""
    key, held = call.target("disks", "disk")
    held["sizeGb"] = call.body["sizeGb"]
    for _, instance in call.held("instances", key.place):
        for each in instance["disks"]:
            if each.get("source") == held["selfLink"]:
                each["diskSizeGb"] = held["sizeGb"]
    return operations.start(call, key)


@serves("compute.disks.setLabels")
def set_labels(call: Call) -> Body:
    """Replace the labels of a disk."""
    key = Key("disks", call.place, call.path["resource"])
    held = call.get(key)
    held["labels"] = call.body.get("labels", {})
    held["labelFingerprint"] = fingerprint(held["labels"])
    return operations.start(call, key)


@serves("compute.disks.delete")
def delete(call: Call) -> Body:
    """Delete a disk."""
    return operations.remove(call, call.target("disks", "disk")[0])


def users(call: Call, key: Key) -> list[str]:
    """Return the links of the instances that have a disk."""
    link = call.link(key)
    return [
        instance["selfLink"]
        for _, instance in call.held("instances", key.place)
        if any(each.get("source") == link for each in instance["disks"])
    ]


def shown(call: Call, key: Key, held: Body) -> Body:
    """Return a disk as a reader sees it."""
    found = users(call, key)
    return {**held, "users": found} if found else held


def disk_body(call: Call, key: Key, given: Body) -> Body:
    """Return a complete disk."""
    image = images.find(call, given.get("sourceImage") or "")
    root = f"{addresses.ROOT}projects/{call.project.id}/zones/{key.place}"
    kind = str(given.get("type") or DEFAULT_TYPE).rpartition("/")[2]
    made: Body = {
        **{name: each for name, each in given.items() if each and name != "sourceImage"},
        "name": key.name,
        "sizeGb": given.get("sizeGb") or (image["diskSizeGb"] if image else str(_DEFAULT_GIB)),
        "type": f"{root}/diskTypes/{kind}",
        "zone": root,
        "status": "READY",
        "physicalBlockSizeBytes": given.get("physicalBlockSizeBytes", "4096"),
        "labelFingerprint": fingerprint(given.get("labels")),
        "enableConfidentialCompute": given.get("enableConfidentialCompute", False),
    }
    if image:
        made |= {
            "sourceImage": image["selfLink"],
            "sourceImageId": image["id"],
            "guestOsFeatures": image["guestOsFeatures"],
            "licenses": image.get("licenses", []),
            "architecture": image["architecture"],
        }
    return made

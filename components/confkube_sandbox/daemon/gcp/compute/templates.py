"""Instance templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import operations
from confkube_sandbox.daemon.gcp.compute.building import metadata, tags
from confkube_sandbox.daemon.gcp.compute.listing import listed
from confkube_sandbox.daemon.gcp.model import GLOBAL, Body, Key
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

TEMPLATES = "instanceTemplates"


@serves("compute.instanceTemplates.insert")
def insert(call: Call) -> Body:
    """Make a template."""
    body = dict(call.body)
    properties = dict(body.get("properties", {}))
    if "tags" in properties:
        properties["tags"] = {"items": tags(properties["tags"].get("items", [])).get("items", [])}
    properties["metadata"] = metadata(properties.get("metadata", {}).get("items", []))
    properties["networkInterfaces"] = [
        _interface(call, index, each) for index, each in enumerate(properties.get("networkInterfaces", []))
    ]
    properties["disks"] = [_disk(index, each) for index, each in enumerate(properties.get("disks", []))]
    properties["scheduling"] = {
        "onHostMaintenance": "MIGRATE",
        "automaticRestart": True,
        "preemptible": False,
        "provisioningModel": "STANDARD",
        **properties.get("scheduling", {}),
    }
    return operations.create(call, Key(TEMPLATES, GLOBAL, body["name"]), {**body, "properties": properties})


@serves("compute.instanceTemplates.get")
def get(call: Call) -> Body:
    """Show a template."""
    return call.target(TEMPLATES, "instanceTemplate")[1]


@serves("compute.instanceTemplates.list")
def list_(call: Call) -> Body:
    """List the templates."""
    return listed(call, "compute#instanceTemplateList", [each for _, each in call.held(TEMPLATES)])


@serves("compute.instanceTemplates.delete")
def delete(call: Call) -> Body:
    """Delete a template."""
    return operations.remove(call, call.target(TEMPLATES, "instanceTemplate")[0])


def _interface(call: Call, index: int, given: Body) -> Body:
    made: Body = {"kind": "compute#networkInterface", "name": f"nic{index}", **given}
    for name in ("network", "subnetwork"):
        if made.get(name):
            made[name] = call.normal(made[name])
    if made.get("subnetwork") and not made.get("network"):
        made["network"] = call.get(call.key_of(made["subnetwork"]))["network"]
    if "accessConfigs" in made:
        made["accessConfigs"] = [
            {
                "kind": "compute#accessConfig",
                "type": "ONE_TO_ONE_NAT",
                "name": "external-nat",
                "networkTier": "PREMIUM",
                **each,
            }
            for each in made["accessConfigs"]
        ]
    return made


def _disk(index: int, given: Body) -> Body:
    made: Body = {
        "kind": "compute#attachedDisk",
        "type": "PERSISTENT",
        "mode": "READ_WRITE",
        "deviceName": f"persistent-disk-{index}",
        "index": index,
        "boot": False,
        "autoDelete": False,
        **given,
    }
    return made

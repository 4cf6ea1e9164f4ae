"""Instances: making, showing and deleting them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import operations
from confkube_sandbox.daemon.gcp.compute.building import cpu_platform, instance_body
from confkube_sandbox.daemon.gcp.compute.families import zones
from confkube_sandbox.daemon.gcp.compute.listing import gathered, listed
from confkube_sandbox.daemon.gcp.model import Body, Key
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

_STAGING = 3.0


@serves("compute.instances.insert")
def insert(call: Call) -> Body:
    """Make an instance with its disks."""
    key = Key("instances", call.place, call.body["name"])
    made = operations.create(call, key, instance_body(call, key))
    operations.plan(call, key, "STAGING", _STAGING)
    operations.plan(call, key, "RUNNING", operations.seconds(call))
    return made


@serves("compute.instances.get")
def get(call: Call) -> Body:
    """Show an instance."""
    return call.target("instances", "instance")[1]


@serves("compute.instances.list")
def list_(call: Call) -> Body:
    """List the instances of a zone."""
    return listed(call, "compute#instanceList", [each for _, each in call.held("instances", call.place)])


@serves("compute.instances.aggregatedList")
def gather(call: Call) -> Body:
    """List the instances of all zones."""
    items = [(f"zones/{key.place}", each) for key, each in call.held("instances")]
    scopes = [f"zones/{name}" for name in zones()]
    return gathered(call, "compute#instanceAggregatedList", "instances", items, scopes)


@serves("compute.instances.delete")
def delete(call: Call) -> Body:
    """Delete an instance; disks go with it where they were told to."""
    key, held = call.target("instances", "instance")
    held["status"] = "STOPPING"
    call.project.due.pop(key, None)
    return operations.remove(call, key)


@serves("compute.instances.stop")
def stop(call: Call) -> Body:
    """Stop an instance."""
    key, held = call.target("instances", "instance")
    if held["status"] != "TERMINATED":
        held["status"] = "STOPPING"
        operations.plan(call, key, "TERMINATED", operations.seconds(call))
    return operations.start(call, key)


@serves("compute.instances.start")
def start(call: Call) -> Body:
    """Start a stopped instance."""
    key, held = call.target("instances", "instance")
    if held["status"] == "TERMINATED":
        held["status"] = "STAGING"
        held["cpuPlatform"] = cpu_platform(held)
        held["lastStartTimestamp"] = operations.stamp(call.now)
        operations.plan(call, key, "RUNNING", operations.seconds(call))
    return operations.start(call, key)


@serves("compute.instances.reset")
def reset(call: Call) -> Body:
    """Press the reset button."""
    key, held = call.target("instances", "instance")
    held["lastStartTimestamp"] = operations.stamp(call.now)
    return operations.start(call, key)

"""Changes of an instance that is there: labels, tags, metadata, addresses and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses, operations
from confkube_sandbox.daemon.gcp.compute.building import access_config, least_platform, machine_name, metadata, tags
from confkube_sandbox.daemon.gcp.marks import fingerprint
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Body, Key


@serves("compute.instances.setLabels")
def set_labels(call: Call) -> Body:
    """Replace the labels."""
    key, held = call.target("instances", "instance")
    held["labels"] = call.body.get("labels", {})
    held["labelFingerprint"] = fingerprint(held["labels"])
    return _changed(call, key, held)


@serves("compute.instances.setTags")
def set_tags(call: Call) -> Body:
    """Replace the network tags."""
    key, held = call.target("instances", "instance")
    held["tags"] = tags(call.body.get("items", []))
    return _changed(call, key, held)


@serves("compute.instances.setMetadata")
def set_metadata(call: Call) -> Body:
    """Replace the metadata."""
    key, held = call.target("instances", "instance")
    held["metadata"] = metadata(call.body.get("items", []))
    return _changed(call, key, held)


@serves("compute.instances.addAccessConfig")
def add_access(call: Call) -> Body:
    """Give an interface a public address."""
    key, held = call.target("instances", "instance")
    nic = interface(held, call.query["networkInterface"])
    nic["accessConfigs"] = [*nic.get("accessConfigs", []), access_config(call, call.body)]
    return _changed(call, key, held)


@serves("compute.instances.deleteAccessConfig")
def delete_access(call: Call) -> Body:
    """Take the public address from an interface."""
    key, held = call.target("instances", "instance")
    nic = interface(held, call.query["networkInterface"])
    rest = [each for each in nic.get("accessConfigs", []) if each["name"] != call.query["accessConfig"]]
    nic.pop("accessConfigs", None)
    if rest:
        nic["accessConfigs"] = rest
    return _changed(call, key, held)


@serves("compute.instances.setDeletionProtection")
def protect(call: Call) -> Body:
    """Protect the instance from deletion, or no longer."""
    key = call.target("instances", "resource")[0]
    held = call.get(key)
    held["deletionProtection"] = call.query.get("deletionProtection", "true") == "true"
    return _changed(call, key, held)


@serves("compute.instances.setMachineType")
def set_machine_type(call: Call) -> Body:
    """Change the size of a stopped instance."""
    key, held = call.target("instances", "instance")
    root = f"{addresses.ROOT}projects/{call.project.id}/zones/{key.place}"
    held["machineType"] = f"{root}/machineTypes/{machine_name(call.body)}"
    return _changed(call, key, held)


@serves("compute.instances.setMinCpuPlatform")
def set_min_cpu_platform(call: Call) -> Body:
    """Change the CPU platform that a stopped instance needs at least; one that needs none shows none."""
    key, held = call.target("instances", "instance")
    held.pop("minCpuPlatform", None)
    if least_platform(call.body):
        held["minCpuPlatform"] = least_platform(call.body)
    return _changed(call, key, held)


@serves("compute.instances.setServiceAccount")
def set_service_account(call: Call) -> Body:
    """Change the service account of a stopped instance."""
    key, held = call.target("instances", "instance")
    held.pop("serviceAccounts", None)
    if call.body.get("email"):
        held["serviceAccounts"] = [{"email": call.body["email"], "scopes": call.body.get("scopes", [])}]
    return _changed(call, key, held)


@serves("compute.instances.setScheduling")
def set_scheduling(call: Call) -> Body:
    """Change what happens to the instance when its host is maintained or fails."""
    key, held = call.target("instances", "instance")
    held["scheduling"] = {**held["scheduling"], **call.body}
    return _changed(call, key, held)


@serves("compute.instances.updateShieldedInstanceConfig")
def set_shielded(call: Call) -> Body:
    """Change secure boot, vTPM and integrity monitoring of a stopped instance."""
    key, held = call.target("instances", "instance")
    held["shieldedInstanceConfig"] = {**held["shieldedInstanceConfig"], **call.body}
    return _changed(call, key, held)


@serves("compute.instances.setDiskAutoDelete")
def set_auto_delete(call: Call) -> Body:
    """Say whether a disk goes with the instance."""
    key, held = call.target("instances", "instance")
    for each in held["disks"]:
        if each["deviceName"] == call.query["deviceName"]:
            each["autoDelete"] = call.query["autoDelete"] == "true"
    return _changed(call, key, held)


@serves("compute.instances.getSerialPortOutput")
def serial_output(call: Call) -> Body:
    """Show what the instance wrote to its console: nothing, since nothing boots here."""
    held = call.target("instances", "instance")[1]
    return {
        "kind": "compute#serialPortOutput",
        "contents": "",
        "start": call.query.get("start", "0"),
        "next": "0",
        "selfLink": f"{held['selfLink']}/serialPort",
    }


def interface(held: Body, name: str) -> Body:
    """Return an interface of an instance."""
    return next(each for each in held["networkInterfaces"] if each["name"] == name)


def _changed(call: Call, key: Key, held: Body) -> Body:
    held["fingerprint"] = fingerprint({name: each for name, each in held.items() if name != "fingerprint"})
    return operations.start(call, key)

"""What a request acts on: places that exist, resources that are there and ready, names that are free."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses
from confkube_sandbox.daemon.gcp.compute.families import regions, zones
from confkube_sandbox.daemon.gcp.errors import ApiError, invalid
from confkube_sandbox.daemon.gcp.model import Key
from confkube_sandbox.daemon.gcp.rules.sources import SEEN
from confkube_sandbox.daemon.rules import READ, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.daemon.gcp.context import Call

_PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        "networks": "network",
        "routes": "route",
        "subnetworks": "subnetwork",
        "firewalls": "firewall",
        "routers": "router",
        "addresses": "address",
        "disks": "disk",
        "images": "image",
        "instances": "instance",
        "instanceTemplates": "instanceTemplate",
        "instanceGroupManagers": "instanceGroupManager",
        "instanceGroups": "instanceGroup",
    }
)
"""Collection -> the parameter of the path that names one of its resources."""

INSERTS = (
    "networks.insert subnetworks.insert firewalls.insert routers.insert addresses.insert disks.insert "
    "images.insert instances.insert instanceTemplates.insert instanceGroupManagers.insert"
)
READS = (
    "networks.get routes.get subnetworks.get subnetworks.getIamPolicy firewalls.get routers.get addresses.get "
    "disks.get instances.get instances.getSerialPortOutput instanceTemplates.get instanceGroupManagers.get "
    "instanceGroupManagers.listErrors instanceGroupManagers.listManagedInstances instanceGroups.get "
    "instanceGroups.listInstances"
)
CHANGES = (
    "networks.patch networks.delete subnetworks.patch subnetworks.delete subnetworks.setPrivateIpGoogleAccess "
    "subnetworks.setIamPolicy images.setLabels images.delete "
    "subnetworks.expandIpCidrRange firewalls.patch firewalls.update firewalls.delete routers.patch routers.update "
    "routers.delete addresses.setLabels addresses.delete disks.resize disks.setLabels disks.delete instances.delete "
    "instances.stop instances.start instances.reset instances.setLabels instances.setTags instances.setMetadata "
    "instances.addAccessConfig instances.deleteAccessConfig instances.setDeletionProtection instances.setMachineType "
    "instances.setMinCpuPlatform instances.setServiceAccount instances.setScheduling "
    "instances.updateShieldedInstanceConfig instances.setDiskAutoDelete instanceTemplates.delete "
    "instanceGroupManagers.patch instanceGroupManagers.resize instanceGroupManagers.setInstanceTemplate "
    "instanceGroupManagers.delete instanceGroupManagers.deleteInstances instanceGroupManagers.recreateInstances "
    "instanceGroupManagers.applyUpdatesToInstances"
)
_PLACED = (
    f"{INSERTS} {READS} {CHANGES} zones.get regions.get machineTypes.get machineTypes.list diskTypes.get "
    "diskTypes.list instances.list disks.list instanceGroupManagers.list instanceGroups.list subnetworks.list "
    "routers.list addresses.list zoneOperations.get zoneOperations.wait zoneOperations.list regionOperations.get "
    "regionOperations.wait regionOperations.list"
)


def target_key(call: Call) -> Key:
    """Return the key of what a request acts on or makes."""
    collection = call.operation.partition(".")[0]
    name = call.path.get(_PARAMETERS[collection]) or call.path.get("resource") or call.body.get("name", "")
    return call.named(Key(collection, call.place, name))


@rule(
    "compute",
    _PLACED,
    name="compute.place-exists",
    source="https://github.com/inspec/inspec-gcp/issues/301",
    date=SEEN,
    evidence=READ,
)
def place_exists(call: Call) -> None:
    """A zone or region has to be one that Google has."""
    zone, region = call.path.get("zone"), call.path.get("region")
    if zone is not None and zone not in zones():
        if call.operation == "zones.get":
            raise ApiError("notFound", f"The resource 'projects/{call.project.id}/zones/{zone}' was not found", 404)
        raise invalid("zone", zone, "Unknown zone.")
    if region is not None and region not in regions():
        if call.operation == "regions.get":
            raise ApiError("notFound", f"The resource 'projects/{call.project.id}/regions/{region}' was not found", 404)
        raise invalid("region", region, "Unknown region.")


@rule(
    "compute",
    f"{READS} {CHANGES}",
    name="compute.target-exists",
    source="https://github.com/kelseyhightower/kubernetes-the-hard-way/issues/653",
    date=SEEN,
    evidence=READ,
)
def target_exists(call: Call) -> None:
    """What is read, changed or deleted has to be there."""
    call.get(target_key(call))


@rule(
    "compute",
    CHANGES,
    name="compute.target-ready",
    source="https://github.com/terraform-google-modules/terraform-google-network/issues/365",
    date=SEEN,
    evidence=READ,
)
def target_ready(call: Call) -> None:
    """What is being made or deleted cannot be changed meanwhile."""
    if not call.passing:
        call.require_ready(target_key(call))


@rule(
    "compute",
    INSERTS,
    name="compute.name-taken",
    source="https://github.com/GoogleCloudPlatform/terraform-dynamic-python-webapp/issues/60",
    date=SEEN,
    evidence=READ,
)
def name_taken(call: Call) -> None:
    """A name is used once for a kind in a place."""
    key = target_key(call)
    if key in call.project.held:
        text = f"The resource '{addresses.short(call.project.id, key)}' already exists"
        raise ApiError("alreadyExists", text, 409)

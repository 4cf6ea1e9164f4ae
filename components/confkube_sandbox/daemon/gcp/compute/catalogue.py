"""What Compute Engine offers everywhere: regions, zones, machine types, disk types, and the project itself."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses
from confkube_sandbox.daemon.gcp.compute.families import DISK_TYPES, MachineType, machine_types, offered, regions, zones
from confkube_sandbox.daemon.gcp.compute.listing import listed
from confkube_sandbox.daemon.gcp.compute.usage import quotas
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Body

_SINCE = "1969-12-31T16:00:00.000-08:00"


@serves("compute.projects.get")
def get_project(call: Call) -> Body:
    """Describe the project to Compute Engine."""
    project = call.project
    return {
        "kind": "compute#project",
        "id": number(f"project {project.id}"),
        "name": project.id,
        "creationTimestamp": _SINCE,
        "commonInstanceMetadata": {"kind": "compute#metadata", "fingerprint": "42WmSpB8rSM="},
        "quotas": quotas(call, ""),
        "selfLink": f"{addresses.ROOT}projects/{project.id}",
        "defaultServiceAccount": f"{project.number}-compute@developer.gserviceaccount.com",
        "xpnProjectStatus": "UNSPECIFIED_XPN_PROJECT_STATUS",
        "defaultNetworkTier": "PREMIUM",
        "vmDnsSetting": "ZONAL_ONLY",
    }


@serves("compute.regions.get")
def get_region(call: Call) -> Body:
    """Describe a region."""
    return _region(call, call.path["region"])


@serves("compute.regions.list")
def list_regions(call: Call) -> Body:
    """List the regions."""
    return listed(call, "compute#regionList", [_region(call, name) for name in regions()])


@serves("compute.zones.get")
def get_zone(call: Call) -> Body:
    """Describe a zone."""
    return _zone(call, call.path["zone"])


@serves("compute.zones.list")
def list_zones(call: Call) -> Body:
    """List the zones."""
    return listed(call, "compute#zoneList", [_zone(call, name) for name in sorted(zones())])


@serves("compute.machineTypes.get")
def get_machine_type(call: Call) -> Body:
    """Describe a size."""
    name, zone = call.path["machineType"], call.path["zone"]
    found = machine_types().get(name)
    if found is None or not offered(found.family, zone):
        where = f"projects/{call.project.id}/zones/{zone}/machineTypes/{name}"
        raise ApiError("notFound", f"The resource '{where}' was not found", 404)
    return _machine_type(call, found, zone)


@serves("compute.machineTypes.list")
def list_machine_types(call: Call) -> Body:
    """List the sizes of a zone."""
    zone = call.path["zone"]
    found = [_machine_type(call, each, zone) for each in machine_types().values() if offered(each.family, zone)]
    return listed(call, "compute#machineTypeList", found)


@serves("compute.diskTypes.get")
def get_disk_type(call: Call) -> Body:
    """Describe a disk type."""
    name, zone = call.path["diskType"], call.path["zone"]
    if name not in DISK_TYPES:
        where = f"projects/{call.project.id}/zones/{zone}/diskTypes/{name}"
        raise ApiError("notFound", f"The resource '{where}' was not found", 404)
    return _disk_type(call, name, zone)


@serves("compute.diskTypes.list")
def list_disk_types(call: Call) -> Body:
    """List the disk types of a zone."""
    return listed(call, "compute#diskTypeList", [_disk_type(call, name, call.path["zone"]) for name in DISK_TYPES])


def number(of: str) -> str:
    """Return the same number for the same thing, in the digits that Compute Engine gives."""
    return str(10**15 + int.from_bytes(hashlib.sha256(of.encode()).digest()[:6]))


def _region(call: Call, name: str) -> Body:
    root = f"{addresses.ROOT}projects/{call.project.id}/"
    return {
        "kind": "compute#region",
        "id": number(f"region {name}"),
        "creationTimestamp": _SINCE,
        "name": name,
        "description": name,
        "status": "UP",
        "zones": [f"{root}zones/{zone}" for zone in regions()[name]],
        "quotas": quotas(call, name),
        "selfLink": f"{root}regions/{name}",
    }


def _zone(call: Call, name: str) -> Body:
    root = f"{addresses.ROOT}projects/{call.project.id}/"
    platforms = {
        each for size in machine_types().values() if offered(size.family, name) for each in size.family.platforms
    }
    return {
        "kind": "compute#zone",
        "id": number(f"zone {name}"),
        "creationTimestamp": _SINCE,
        "name": name,
        "description": name,
        "status": "UP",
        "region": f"{root}regions/{addresses.region_of(name)}",
        "availableCpuPlatforms": sorted(platforms),
        "selfLink": f"{root}zones/{name}",
    }


def _machine_type(call: Call, size: MachineType, zone: str) -> Body:
    return {
        "kind": "compute#machineType",
        "id": number(f"type {size.name} {zone}"),
        "creationTimestamp": _SINCE,
        "name": size.name,
        "description": f"{size.vcpu} vCPUs, {size.memory_mib / 1024:g} GB RAM",
        "guestCpus": size.vcpu,
        "memoryMb": size.memory_mib,
        "imageSpaceGb": 0,
        "maximumPersistentDisks": 128,
        "maximumPersistentDisksSizeGb": "263168",
        "zone": zone,
        "isSharedCpu": False,
        "architecture": "X86_64",
        "selfLink": f"{addresses.ROOT}projects/{call.project.id}/zones/{zone}/machineTypes/{size.name}",
    }


def _disk_type(call: Call, name: str, zone: str) -> Body:
    root = f"{addresses.ROOT}projects/{call.project.id}/zones/{zone}"
    least, most = DISK_TYPES[name]
    return {
        "kind": "compute#diskType",
        "creationTimestamp": _SINCE,
        "name": name,
        "validDiskSize": f"{least}GB-{most}GB",
        "zone": root,
        "selfLink": f"{root}/diskTypes/{name}",
    }

"""The disks of an instance template.

services/compute/resource_compute_instance_template.go of terraform-provider-google-beta at 93c65b2d60fe: buildDisks and
flattenDisk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import images, links, machine_outputs, machines
from confkube_sandbox.providers.gcp.answers import part

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_SOURCE_EXCLUDES = (
    "diskSizeGb",
    "diskName",
    "diskType",
    "provisionedIops",
    "provisionedThroughput",
    "sourceImage",
    "sourceSnapshot",
    "labels",
)


def same_image(old: object, new: object) -> bool:
    """Whether the image that a template has (a relative address) is what the program writes."""
    full = f"https://www.googleapis.com/compute/v1/{old}" if str(old).startswith("projects/") else old
    return old == new or images.same(full, new)


def image(gcp: Connection, image: str) -> str:
    """Return an image's address below the projects (resolveImageRefToRelativeURI)."""
    found = links.relative(images.resolve(gcp, image))
    return f"projects/{gcp.project}/{found}" if found.startswith("global/") else found


def body(gcp: Connection, index: int, disk: Properties) -> dict[str, Any]:
    """Return one disk as Compute Engine wants it; the first is the boot disk."""
    own = {
        "architecture": disk.get("architecture") or None,
        "autoDelete": disk.get("autoDelete", True),
        "boot": index == 0 or disk.get("boot") is True,
        "deviceName": disk.get("deviceName") or None,
        "diskSizeGb": str(disk["diskSizeGb"]) if disk.get("diskSizeGb") else None,
        "guestOsFeatures": machines.guest_features(disk.get("guestOsFeatures")),
        "interface": disk.get("interface") or None,
        "mode": disk.get("mode") or None,
        "type": disk.get("type") or None,
    }
    if disk.get("source"):
        if any(disk.get(key) for key in _SOURCE_EXCLUDES):
            listed = "disk_size_gb disk_name disk_type provisioned_iops provisioned_throughput source_image "
            raise CloudError(f"Cannot use `source` with any of the fields in [{listed}source_snapshot labels]")
        return machines.filled({**own, "source": disk["source"]})
    numbers = {key: str(disk[key]) for key in ("provisionedIops", "provisionedThroughput") if disk.get(key)}
    params = {
        **numbers,
        "diskName": disk.get("diskName") or None,
        "diskSizeGb": own["diskSizeGb"],
        "diskType": disk.get("diskType") or "pd-standard",
        "labels": disk.get("labels") or None,
        "sourceImage": images.resolve(gcp, disk["sourceImage"]) if disk.get("sourceImage") else None,
    }
    return machines.filled({**own, "initializeParams": machines.filled(params)})


def outputs(found: list[dict[str, Any]], given: list[Properties]) -> list[Properties]:
    """Return the disks; what Google does not tell is taken from what was given."""
    result: list[Properties] = []
    for index, disk in enumerate(found):
        params = part(disk, "initializeParams")
        own = given[index] if index < len(given) else {}
        size = disk.get("diskSizeGb") or params.get("diskSizeGb") or 0
        result.append(
            {
                **{key: disk.get(key) or "" for key in ("deviceName", "interface", "mode", "source", "type")},
                **{key: params.get(key) or "" for key in ("diskName", "diskType")},
                **{key: int(params.get(key) or 0) for key in ("provisionedIops", "provisionedThroughput")},
                "architecture": own.get("architecture"),
                "autoDelete": bool(disk.get("autoDelete")),
                "boot": bool(disk.get("boot")),
                "diskSizeGb": int(size),
                "guestOsFeatures": machine_outputs.guest_features(disk.get("guestOsFeatures")) or None,
                "labels": params.get("labels") or {},
                "sourceImage": links.relative(str(params.get("sourceImage") or "")),
            }
        )
    return result

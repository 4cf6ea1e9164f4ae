"""The boot disk of an instance.

services/compute/resource_compute_instance.go of terraform-provider-google-beta at 93c65b2d60fe:
expandBootDisk and flattenBootDisk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.providers.gcp import images, links, machines
from confkube_sandbox.providers.gcp.failures import ApiError
from confkube_sandbox.providers.gcp.machine_outputs import guest_features

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

UNSERVED = (
    "bootDisk.diskEncryptionKeyRaw",
    "bootDisk.diskEncryptionKeyRsa",
    "bootDisk.diskEncryptionServiceAccount",
    "bootDisk.initializeParams.replicaZones",
    "bootDisk.initializeParams.resourceManagerTags",
    "bootDisk.initializeParams.resourcePolicies",
    "bootDisk.initializeParams.snapshot",
    "bootDisk.initializeParams.sourceImageEncryptionKey",
    "bootDisk.initializeParams.sourceSnapshotEncryptionKey",
    "bootDisk.initializeParams.storagePool",
    "bootDisk.kmsKeySelfLink",
)
"""Inputs that are not simulated."""


def body(gcp: Connection, disk: Properties) -> dict[str, Any]:
    """Return the disk as Compute Engine wants it."""
    return machines.filled(
        {
            "autoDelete": disk.get("autoDelete", True),
            "boot": True,
            "deviceName": disk.get("deviceName") or None,
            "forceAttach": disk.get("forceAttach") or None,
            "guestOsFeatures": machines.guest_features(disk.get("guestOsFeatures")),
            "initializeParams": _params(gcp, disk["initializeParams"]) if disk.get("initializeParams") else None,
            "interface": disk.get("interface") or None,
            "mode": disk.get("mode") or None,
            "source": links.full(gcp, "disks", disk.get("source"), "zone"),
        }
    )


def outputs(gcp: Connection, found: dict[str, Any], given: Properties) -> Properties:
    """Return the disk; Compute Engine is asked for the disk itself too.

    Args:
        gcp: The connection.
        found: As the instance has it.
        given: The input, or what the state has, for what Google does not tell.
    """
    return {
        "autoDelete": bool(found.get("autoDelete")),
        "deviceName": found.get("deviceName") or "",
        "forceAttach": given.get("forceAttach", False),
        "guestOsFeatures": guest_features(found.get("guestOsFeatures")),
        "initializeParams": _disk(gcp, str(found["source"])) or given.get("initializeParams"),
        "interface": found.get("interface") if given.get("interface") else "",
        "mode": found.get("mode"),
        "source": found["source"],
    }


def get(gcp: Connection, source: str) -> dict[str, Any]:
    """Get a disk of a zone by its address."""
    place = cast(
        "dict[str, str]",
        dict(zip(("projects", "zones", "disks"), links.relative(source).split("/")[1::2], strict=True)),
    )
    return gcp.compute("disks.get", project=place["projects"], zone=place["zones"], disk=place["disks"])


def _params(gcp: Connection, given: Properties) -> dict[str, Any]:
    texts = {
        name: str(given[key]) if given.get(key) else None
        for key, name in (
            ("size", "diskSizeGb"),
            ("provisionedIops", "provisionedIops"),
            ("provisionedThroughput", "provisionedThroughput"),
        )
    }
    return machines.filled(
        {
            **texts,
            "architecture": given.get("architecture") or None,
            "diskType": links.full(gcp, "diskTypes", given.get("type"), "zone"),
            "enableConfidentialCompute": given.get("enableConfidentialCompute") or None,
            "labels": given.get("labels") or None,
            "sourceImage": images.resolve(gcp, given["image"]) if given.get("image") else None,
        }
    )


def _disk(gcp: Connection, source: str) -> Properties | None:
    try:
        disk = get(gcp, source)
    except ApiError:
        # As the real provider, which only warns.
        return None
    return {
        "architecture": disk.get("architecture") or "",
        "enableConfidentialCompute": bool(disk.get("enableConfidentialCompute")),
        "image": disk.get("sourceImage") or "",
        "labels": disk.get("labels") or {},
        "provisionedIops": int(disk.get("provisionedIops") or 0),
        "provisionedThroughput": int(disk.get("provisionedThroughput") or 0),
        "size": int(disk["sizeGb"]),
        "type": links.name_of(str(disk["type"])),
    }

"""Public images: the stock images of the fact tables, and two that are there to be refused."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from confkube import facts
from confkube_sandbox.daemon.gcp import addresses
from confkube_sandbox.daemon.gcp.compute.catalogue import number
from confkube_sandbox.daemon.gcp.compute.listing import listed
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.marks import EMPTY
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Body

# Families and features are recalled on 2026-11-25; to be checked by ``gcloud compute images describe``.
_FAMILIES: Mapping[str, str] = MappingProxyType({"ubuntu-24.04": "ubuntu-2404-lts-amd64"})
_TEE_FEATURES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"snp": ("SEV_CAPABLE", "SEV_SNP_CAPABLE", "SEV_LIVE_MIGRATABLE_V2"), "tdx": ("TDX_CAPABLE",)}
)
_UEFI = ("VIRTIO_SCSI_MULTIQUEUE", "UEFI_COMPATIBLE", "GVNIC", "IDPF")


@cache
def public() -> Mapping[str, Mapping[str, Body]]:
    """Return the public images: project -> name -> image."""
    found: dict[str, dict[str, Body]] = {}
    for each in (image for image in facts.stock_images() if image.cloud == "gcp"):
        features = [*_UEFI] if each.boot_mode == "uefi" else ["VIRTIO_SCSI_MULTIQUEUE"]
        for tee in sorted(each.tees):
            features += _TEE_FEATURES[tee]
        family = _FAMILIES.get(each.distribution, "")
        found.setdefault(each.owner, {})[each.name] = _image(each.owner, each.name, family, features, 10)
    for owner, name, family, features in (
        (
            "debian-cloud",
            "debian-12-bookworm-v20260908",
            "debian-12",
            [*_UEFI, "SEV_CAPABLE", "SEV_LIVE_MIGRATABLE_V2"],
        ),
        ("debian-cloud", "debian-8-jessie-v20180611", "debian-8", ["VIRTIO_SCSI_MULTIQUEUE"]),
    ):
        found.setdefault(owner, {})[name] = _image(owner, name, family, features, 10)
    return found


def find(call: Call, text: str) -> Body | None:
    """Return the image that an address names, by its name or by its family; None where there is none."""
    parts = addresses.strip(text).split("/")
    if parts[0] != "projects":
        parts = ["projects", call.project.id, *parts]
    match parts:
        case ["projects", project, "global", "images", "family", family]:
            return _of_family(project, family)
        case ["projects", project, "global", "images", name]:
            return public().get(project, {}).get(name)
        case _:
            return None


def booted(call: Call, body: Body) -> Body | None:
    """Return the image that a new boot disk of a machine starts from; None where it starts from something else."""
    for each in body.get("disks", []):
        if each.get("boot"):
            return find(call, each.get("initializeParams", {}).get("sourceImage", ""))
    return None


@serves("compute.images.get")
def get(call: Call) -> Body:
    """Show a public image."""
    name = call.path["image"]
    found = public().get(call.path["project"], {}).get(name)
    if found is None:
        where = f"projects/{call.path['project']}/global/images/{name}"
        raise ApiError("notFound", f"The resource '{where}' was not found", 404)
    return found


@serves("compute.images.getFromFamily")
def get_from_family(call: Call) -> Body:
    """Show the newest image of a family."""
    family = call.path["family"]
    found = _of_family(call.path["project"], family)
    if found is None:
        where = f"projects/{call.path['project']}/global/images/family/{family}"
        raise ApiError("notFound", f"The resource '{where}' was not found", 404)
    return found


@serves("compute.images.list")
def list_(call: Call) -> Body:
    """List the images of a project."""
    return listed(call, "compute#imageList", public().get(call.path["project"], {}).values())


def _of_family(project: str, family: str) -> Body | None:
    members = [each for each in public().get(project, {}).values() if each.get("family") == family]
    return max(members, key=lambda each: str(each["name"]), default=None)


def _image(owner: str, name: str, family: str, features: list[str], gib: int) -> Body:
    made: Body = {
        "kind": "compute#image",
        "id": number(f"image {name}"),
        "creationTimestamp": "2026-09-06T00:00:00.000-07:00",
        "name": name,
        "description": name,
        "sourceType": "RAW",
        "rawDisk": {"source": "", "containerType": "TAR"},
        "status": "READY",
        "archiveSizeBytes": str(gib * 10**8),
        "diskSizeGb": str(gib),
        "licenses": [f"{addresses.ROOT}projects/{owner}/global/licenses/{family or name}"],
        "labelFingerprint": EMPTY,
        "guestOsFeatures": [{"type": each} for each in features],
        "storageLocations": ["asia", "eu", "us"],
        "architecture": "X86_64",
        "selfLink": f"{addresses.ROOT}projects/{owner}/global/images/{name}",
    }
    return {**made, "family": family} if family else made

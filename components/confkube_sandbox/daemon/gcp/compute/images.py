"""Images: the public ones (stock images of the fact tables, and two that are there to be refused) and a project's own.

There is no Cloud Storage. Two archives are there for every project, as if somebody had put pod VM images into a bucket.
"""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from confkube import facts
from confkube_sandbox.daemon.gcp import addresses, operations
from confkube_sandbox.daemon.gcp.compute.catalogue import number
from confkube_sandbox.daemon.gcp.compute.listing import listed
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.marks import EMPTY, fingerprint
from confkube_sandbox.daemon.gcp.model import GLOBAL, Key
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
ARCHIVES = frozenset(
    {
        "https://storage.googleapis.com/confkube-sandbox-images/podvm-snp.tar.gz",
        "https://storage.googleapis.com/confkube-sandbox-images/podvm-tdx.tar.gz",
    }
)
"""What there is of Cloud Storage: archives of disks that an image can be made from."""
_GIB = 10
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
            return _of_family(call, project, family)
        case ["projects", project, "global", "images", name]:
            return public().get(project, {}).get(name) or _own(call, project).get(name)
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
    """Show an image."""
    name = call.path["image"]
    found = public().get(call.path["project"], {}).get(name) or _own(call, call.project.id).get(name)
    if found is None:
        where = f"projects/{call.path['project']}/global/images/{name}"
        raise ApiError("notFound", f"The resource '{where}' was not found", 404)
    return found


@serves("compute.images.getFromFamily")
def get_from_family(call: Call) -> Body:
    """Show the newest image of a family."""
    family = call.path["family"]
    found = _of_family(call, call.path["project"] if call.path["project"] in public() else call.project.id, family)
    if found is None:
        where = f"projects/{call.path['project']}/global/images/family/{family}"
        raise ApiError("notFound", f"The resource '{where}' was not found", 404)
    return found


@serves("compute.images.list")
def list_(call: Call) -> Body:
    """List the images of a project."""
    own = _own(call, call.project.id)
    return listed(call, "compute#imageList", [*public().get(call.path["project"], {}).values(), *own.values()])


@serves("compute.images.insert")
def insert(call: Call) -> Body:
    """Make an image from an archive."""
    body = {name: each for name, each in call.body.items() if name != "labelFingerprint"}
    body |= {
        "sourceType": "RAW",
        # Where it came from is not told again.
        "rawDisk": {"source": "", "containerType": "TAR"},
        "status": "PENDING",
        "archiveSizeBytes": str(_GIB * 10**8),
        "diskSizeGb": str(_GIB),
        "architecture": "X86_64",
        "guestOsFeatures": body.get("guestOsFeatures", []),
        "labelFingerprint": fingerprint(body.get("labels", {})),
        "storageLocations": body.get("storageLocations") or ["us"],
    }
    key = Key("images", GLOBAL, call.body["name"])
    made = operations.create(call, key, body)
    operations.plan(call, key, "READY", operations.seconds(call))
    return made


@serves("compute.images.setLabels")
def set_labels(call: Call) -> Body:
    """Replace the labels of an image."""
    key = Key("images", GLOBAL, call.path["resource"])
    held = call.get(key)
    held["labels"] = call.body.get("labels", {})
    held["labelFingerprint"] = fingerprint(held["labels"])
    return operations.start(call, key)


@serves("compute.images.delete")
def delete(call: Call) -> Body:
    """Delete an image; the disks that were made from it stay."""
    return operations.remove(call, call.target("images", "image")[0])


def _own(call: Call, project: str) -> dict[str, Body]:
    held = call.memory.projects[project].held if project in call.memory.projects else {}
    return {key.name: body for key, body in held.items() if key.collection == "images"}


def _of_family(call: Call, project: str, family: str) -> Body | None:
    everything = [*public().get(project, {}).values(), *_own(call, project).values()]
    members = [each for each in everything if each.get("family") == family]
    return max(members, key=lambda each: str(each["creationTimestamp"]) + str(each["name"]), default=None)


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

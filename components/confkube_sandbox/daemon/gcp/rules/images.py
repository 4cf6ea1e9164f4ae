"""Rules of images that a project makes."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses
from confkube_sandbox.daemon.gcp.compute import images
from confkube_sandbox.daemon.gcp.errors import ApiError, invalid
from confkube_sandbox.daemon.gcp.rules.machines import BOTH
from confkube_sandbox.daemon.gcp.rules.marks import machine
from confkube_sandbox.daemon.gcp.rules.sources import IMAGES, READ_LATER
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.daemon.gcp.context import Call

_STORAGE = "https://storage.googleapis.com/"
_NEEDS: Mapping[str, str] = MappingProxyType(
    {
        "SEV_CAPABLE": "UEFI_COMPATIBLE",
        "SEV_SNP_CAPABLE": "UEFI_COMPATIBLE",
        "TDX_CAPABLE": "UEFI_COMPATIBLE",
        "SEV_LIVE_MIGRATABLE_V2": "SEV_CAPABLE",
    }
)
"""Feature -> the one without which it means nothing."""


def _source(call: Call) -> str:
    return call.body.get("rawDisk", {}).get("source", "")


@rule(
    "compute",
    "images.insert",
    name="compute.image-source",
    source="https://github.com/ansible-collections/google.cloud/issues/378",
    date=READ_LATER,
    evidence=READ,
)
def one_source(call: Call) -> None:
    """An image is made from something."""
    if not _source(call):
        text = "Invalid resource usage: 'Must specify exactly one source for an image.'."
        raise ApiError("invalidResourceUsage", text)


@rule(
    "compute",
    "images.insert",
    name="compute.image-address",
    source="https://github.com/fog/fog-google/issues/22",
    date=READ_LATER,
    evidence=READ,
)
def address(call: Call) -> None:
    """An archive is named by its address in Cloud Storage; the source shows the words, for an older version."""
    given = _source(call)
    if not given.startswith(_STORAGE) or given.removeprefix(_STORAGE).count("/") < 1:
        text = "The provided source location was not a valid Google Cloud Storage object reference."
        raise invalid("resource.rawDisk.source", given, text)


@rule("compute", "images.insert", name="compute.image-archive", source=IMAGES, date=READ_LATER, evidence=RECALLED)
def archive(call: Call) -> None:
    """The archive is there, and may be read by who makes the image."""
    given = _source(call)
    if given not in images.ARCHIVES:
        text = "The referenced Google Cloud Storage object cannot be found, or the caller may not read it."
        raise invalid("resource.rawDisk.source", given, text)


@rule("compute", "images.insert", name="compute.image-features", source=IMAGES, date=READ_LATER, evidence=RECALLED)
def features(call: Call) -> None:
    """A TEE boots by UEFI, so an image that can do the one says that it can do the other."""
    given = [each.get("type", "") for each in call.body.get("guestOsFeatures", [])]
    for index, each in enumerate(given):
        wanted = _NEEDS.get(each)
        if wanted and wanted not in given:
            text = f"Guest OS feature {each} requires {wanted}."
            raise invalid(f"resource.guestOsFeatures[{index}].type", each, text)
        if each in given[:index]:
            raise invalid(f"resource.guestOsFeatures[{index}].type", each, "Duplicate guest OS feature.")


@rule(
    "compute",
    f"{BOTH} disks.insert",
    name="compute.image-ready",
    source="https://github.com/terraform-google-modules/terraform-google-network/issues/365",
    date=READ_LATER,
    evidence=READ,
)
def image_ready(call: Call) -> None:
    """A disk starts from an image that is complete; the source shows the words for a network."""
    body, _ = machine(call)
    given = [each.get("initializeParams", {}).get("sourceImage", "") for each in body.get("disks", [])]
    for text in [*given, body.get("sourceImage") or call.query.get("sourceImage", "")]:
        found = images.find(call, text) if text else None
        if found and found["status"] != "READY":
            raise ApiError("resourceNotReady", f"The resource '{addresses.strip(found['selfLink'])}' is not ready")

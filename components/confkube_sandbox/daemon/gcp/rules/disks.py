"""Rules of disks and of the images that they start from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.gcp import addresses
from confkube_sandbox.daemon.gcp.compute import images
from confkube_sandbox.daemon.gcp.compute.building import machine_name, tee_of
from confkube_sandbox.daemon.gcp.compute.disks import DEFAULT_TYPE, users
from confkube_sandbox.daemon.gcp.compute.families import DISK_TYPES, machine_types
from confkube_sandbox.daemon.gcp.errors import ApiError, bad_request, invalid
from confkube_sandbox.daemon.gcp.model import Key
from confkube_sandbox.daemon.gcp.rules.machines import BOTH, size
from confkube_sandbox.daemon.gcp.rules.marks import machine
from confkube_sandbox.daemon.gcp.rules.sources import DISKS, INSTANCES, SEEN, WRITTEN
from confkube_sandbox.daemon.gcp.rules.targets import target_key
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.gcp.context import Call

_TYPE_URL = re.compile(r"(?:.*/)?zones/([^/]+)/diskTypes/([^/]+)")
_MOST_DISKS = 128


def _new_disks(call: Call) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every disk that a request makes: where its type and image stand, the name of its size, and the values."""
    if call.operation == "disks.insert":
        yield "resource", "sizeGb", {**call.body, "diskType": call.body.get("type", "")}
        return
    body, path = machine(call)
    for index, each in enumerate(body.get("disks", [])):
        if not each.get("source"):
            yield f"{path}.disks[{index}].initializeParams", "diskSizeGb", each.get("initializeParams", {})


@rule(
    "compute",
    BOTH,
    name="compute.boot-disk",
    source="https://github.com/googleapis/nodejs-compute/issues/518",
    date=SEEN,
    evidence=READ,
)
def boot_disk(call: Call) -> None:
    """A machine starts from exactly one disk, its first; the words for none are recalled."""
    body, path = machine(call)
    disks = body.get("disks", [])
    if not disks:
        raise invalid(f"{path}.disks", disks, "No disks are specified.")
    if not disks[0].get("boot"):
        raise invalid(f"{path}.disks[0]", disks[0], "Boot disk must be the first disk attached to the instance.")
    again = next((index for index, each in enumerate(disks) if index and each.get("boot")), 0)
    if again:
        text = "Boot disk must be the first disk attached to the instance."
        raise invalid(f"{path}.disks[{again}]", disks[again], text)
    if len(disks) > _MOST_DISKS:
        raise invalid(f"{path}.disks", disks, f"Too many disks. Maximum: {_MOST_DISKS}.")


@rule(
    "compute",
    BOTH,
    name="compute.boot-image",
    source="https://github.com/googleapis/google-api-go-client/issues/249",
    date=SEEN,
    evidence=READ,
)
def boot_image(call: Call) -> None:
    """A new boot disk starts from an image; the source is of the time when every new disk had to."""
    body, path = machine(call)
    boot = body["disks"][0]
    if not boot.get("source") and not boot.get("initializeParams", {}).get("sourceImage"):
        raise invalid(f"{path}.disks[0].initializeParams", {}, "Source image must be specified.")


@rule(
    "compute",
    f"{BOTH} disks.insert",
    name="compute.image-exists",
    source="https://github.com/docker-archive/infrakit.gcp/issues/1",
    date=SEEN,
    evidence=READ,
)
def image_exists(call: Call) -> None:
    """An image is there, by its name or by its family.

    https://github.com/GoogleCloudPlatform/cloud-foundation-toolkit/issues/95 shows the words for no address at all.
    """
    for path, _, params in _new_disks(call):
        text = params.get("sourceImage") or (call.query.get("sourceImage") if call.operation == "disks.insert" else "")
        if text and images.find(call, text) is None:
            known = re.search(r"(?:^|/)global/images/", text) is not None
            why = "The referenced image resource cannot be found." if known else "The URL is malformed."
            raise invalid(f"{path}.sourceImage", text, why)


@rule(
    "compute",
    f"{BOTH} disks.insert",
    name="compute.disk-type",
    source="https://github.com/broadinstitute/cromwell/issues/3776",
    date=SEEN,
    evidence=READ,
)
def disk_type(call: Call) -> None:
    """A disk type exists; an instance and a disk name it by an address in their zone, a template by its name.

    https://github.com/hashicorp/terraform-provider-google/issues/322 shows what a bare name meets.
    """
    for path, _, params in _new_disks(call):
        text = params.get("diskType", "")
        where = f"{path}.type" if call.operation == "disks.insert" else f"{path}.diskType"
        if not text:
            continue
        found = _TYPE_URL.fullmatch(text)
        if call.operation == "instanceTemplates.insert":
            if found is not None or text not in DISK_TYPES:
                raise invalid(where, text, "The referenced diskType resource cannot be found.")
        elif found is None or found[1] != call.place:
            raise invalid(where, text, "The URL is malformed.")
        elif found[2] not in DISK_TYPES:
            raise invalid(where, text, "The referenced diskType resource cannot be found.")


@rule(
    "compute",
    f"{BOTH} disks.insert",
    name="compute.disk-size",
    source="https://github.com/elasticluster/elasticluster/issues/716",
    date=SEEN,
    evidence=READ,
)
def disk_size(call: Call) -> None:
    """A disk holds its image.

    The limits of each type and their words are recalled.
    """
    for path, name, params in _new_disks(call):
        given = params.get(name)
        if given is None:
            continue
        image = images.find(call, params.get("sourceImage") or "")
        if image is not None and int(given) < int(image["diskSizeGb"]):
            text = f"Requested disk size cannot be smaller than the image size ({image['diskSizeGb']} GB)"
            raise invalid(f"{path}.{name}", given, text)
        kind = (params.get("diskType") or DEFAULT_TYPE).rpartition("/")[2]
        least, most = DISK_TYPES.get(kind, (1, 65_536))
        if not least <= int(given) <= most:
            text = (
                f"Disk size: {given} GB is not supported for disk type {kind}. Must be between {least} and {most} GB."
            )
            raise invalid(f"{path}.{name}", given, text)


@rule(
    "compute",
    "instances.insert",
    name="compute.disk-of-type",
    source="https://github.com/DataBiosphere/dsub/issues/301",
    date=SEEN,
    evidence=READ,
)
def disk_of_type(call: Call) -> None:
    """A machine family takes some disk types and not others."""
    kinds = [(params.get("diskType") or DEFAULT_TYPE).rpartition("/")[2] for _, _, params in _new_disks(call)]
    there = [call.get(call.key_of(each["source"])) for each in call.body.get("disks", []) if each.get("source")]
    kinds += [str(each["type"]).rpartition("/")[2] for each in there]
    name = machine_name(call.body)
    for kind in kinds:
        if kind not in size(call).family.disks:
            raise bad_request(f"[{kind}, {name}] features are not compatible for creating instance.")


@rule("compute", BOTH, name="compute.disk-interface", source=DISKS, date=WRITTEN, evidence=RECALLED)
def disk_interface(call: Call) -> None:
    """Confidential machines, C3 and C4 have NVMe disks alone."""
    body, path = machine(call)
    family = machine_types()[machine_name(body)].family.name
    for index, each in enumerate(body.get("disks", [])):
        if each.get("interface") == "SCSI" and (tee_of(body) or family in {"c3", "c4"}):
            what = "Confidential VM instances" if tee_of(body) else f"machine type {machine_name(body)}"
            raise invalid(f"{path}.disks[{index}].interface", "SCSI", f"SCSI is not supported for {what}; use NVME.")


@rule(
    "compute",
    "instances.insert",
    name="compute.disk-in-use",
    source="https://github.com/hashicorp/terraform/issues/23698",
    date=SEEN,
    evidence=READ,
)
def disk_in_use(call: Call) -> None:
    """A disk is attached for writing once."""
    for index, each in enumerate(call.body.get("disks", [])):
        if not each.get("source"):
            continue
        key = call.refer(each["source"], "disks", f"resource.disks[{index}].source")
        call.require_ready(key)
        if found := users(call, key):
            user = addresses.strip(found[0])
            text = f"The disk resource '{addresses.short(call.project.id, key)}' is already being used by '{user}'"
            raise ApiError("resourceInUseByAnotherResource", text)


@rule("compute", "instances.insert", name="compute.disk-name-taken", source=INSTANCES, date=WRITTEN, evidence=RECALLED)
def disk_name_taken(call: Call) -> None:
    """A new disk is called like its machine unless it says otherwise, and the name has to be free."""
    for index, each in enumerate(call.body.get("disks", [])):
        if each.get("source"):
            continue
        own = call.body["name"] if not index else f"{call.body['name']}-{index}"
        key = Key("disks", call.place, each.get("initializeParams", {}).get("diskName") or own)
        if key in call.project.held:
            text = f"The resource '{addresses.short(call.project.id, key)}' already exists"
            raise ApiError("alreadyExists", text, 409)


@rule("compute", "disks.resize", name="compute.disk-shrinks", source=DISKS, date=WRITTEN, evidence=RECALLED)
def disk_shrinks(call: Call) -> None:
    """A disk can only become larger."""
    held = call.get(target_key(call))
    given = call.body.get("sizeGb", "0")
    if int(given) <= int(held["sizeGb"]):
        text = f"Requested disk size must be larger than the existing disk size ({held['sizeGb']} GB)."
        raise invalid("sizeGb", given, text)

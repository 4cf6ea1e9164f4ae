"""Rules of Microsoft.Compute on images of one's own and the galleries that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.context import normal_location
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import sources
from confkube_sandbox.daemon.azure.services import images, storage
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call

_SEEN = "2026-11-27"
_IMAGE, _DEFINITION, _VERSION = (
    f"{each}_CreateOrUpdate" for each in ("Images", "GalleryImages", "GalleryImageVersions")
)
_FIXED = ("identifier", "osType", "osState", "hyperVGeneration", "features", "architecture")


@rule("compute", _IMAGE, name="compute.disk-of-image", source=sources.IMAGE_API, date=_SEEN, evidence=RECALLED)
def disk_of_image(call: Call) -> None:
    """A managed image is made of a system disk, of which system and state are told."""
    disk = images.disk_properties(call)
    for name in ("osType", "osState"):
        if not disk.get(name):
            target = f"osDisk.{name}" if disk else "osDisk"
            raise ArmError("InvalidParameter", f"Required parameter '{target}' is missing (null).", target=target)
    if not any(disk.get(each) for each in ("blobUri", "managedDisk", "snapshot")):
        text = "One of the following parameters must be specified: osDisk.managedDisk, osDisk.snapshot, osDisk.blobUri."
        raise ArmError("InvalidParameter", text, target="osDisk")


@rule("compute", _IMAGE, name="compute.blob-folder", source=sources.BLOB_FOLDER, date=_SEEN, evidence=READ)
def blob_folder(call: Call) -> None:
    """A blob that an image is made of is in no folder."""
    uri = str(images.disk_properties(call).get("blobUri") or "")
    if uri.removeprefix("https://").count("/") > 2:
        text = f"The blob name in URL {uri} contains a slash. This is presently not supported for disks."
        raise ArmError("InvalidParameter", text, target="disk.blobUri")


@rule("compute", _IMAGE, name="compute.blob-exists", source=sources.IMAGE_API, date=_SEEN, evidence=RECALLED)
def blob_exists(call: Call) -> None:
    """A blob that an image is made of exists, in the region of the image."""
    uri = images.disk_properties(call).get("blobUri")
    if not uri or call.existing is not None:
        return
    found = storage.disk(call.memory, str(uri))
    if found is None:
        raise ArmError("InvalidParameter", f"The specified blob {uri} does not exist.", target="disk.blobUri")
    _, location = found
    if location and location != call.location:
        text = f"The blob {uri} is in a different location than the disk, {call.location}: {location}."
        raise ArmError("InvalidParameter", text, target="disk.blobUri")


@rule("compute", _IMAGE, name="compute.image-fixed", source=sources.IMAGE_API, date=_SEEN, evidence=RECALLED)
def image_fixed(call: Call) -> None:
    """What a managed image is made of stays."""
    if call.existing is None:
        return
    for name in ("blobUri", "osType", "osState"):
        path = f"properties.storageProfile.osDisk.{name}"
        if call.at(path) != ids.at(call.existing.given, path):
            raise ArmError(
                "PropertyChangeNotAllowed", f"Changing property 'osDisk.{name}' is not allowed.", 409, target=name
            )


@rule(
    "compute",
    "Galleries_Delete GalleryImages_Delete",
    name="compute.gallery-nested",
    source=sources.GALLERY_NESTED,
    date=_SEEN,
    evidence=READ,
)
def gallery_nested(call: Call) -> None:
    """A gallery with images, or an image with versions, is not deleted."""
    inside = call.memory.children(call.existing) if call.existing is not None else []
    depth = len(call.id.split("/")) + 2
    direct = [each for each in inside if len(each.id.split("/")) == depth]
    if direct:
        listed = ", ".join(each.id.rpartition("/providers/")[2] for each in direct[:5])
        text = (
            f"Cannot delete resource while nested resources exist. Some existing nested resource IDs include: "
            f"'{listed}'. Please delete all nested resources before deleting this resource."
        )
        raise ArmError("CannotDeleteResource", text, 409)


@rule(
    "compute",
    _DEFINITION,
    name="compute.gallery-image-fixed",
    source=sources.DEFINITION_API,
    date=_SEEN,
    evidence=RECALLED,
)
def definition_fixed(call: Call) -> None:
    """What machines can be made from an image stays as it was said."""
    if call.existing is None:
        return
    for name in _FIXED:
        given, held = call.properties.get(name), ids.at(call.existing.given, f"properties.{name}")
        if given is not None and given != held:
            target = f"galleryImage.properties.{name}"
            raise ArmError(
                "PropertyChangeNotAllowed", f"Changing property '{target}' is not allowed.", 409, target=target
            )


@rule(
    "compute",
    _DEFINITION,
    name="compute.gallery-image-identifier",
    source=sources.DEFINITION_API,
    date=_SEEN,
    evidence=RECALLED,
)
def definition_identifier(call: Call) -> None:
    """Publisher, offer and SKU tell an image from all others in its gallery."""
    wanted = call.part("properties.identifier")
    gallery = call.memory.get(call.target.parent)
    others = call.memory.children(gallery, images.DEFINITION) if gallery else []
    for each in others:
        if each.name.lower() != call.target.name.lower() and each.part("properties.identifier") == wanted:
            text = (
                "The combination of publisher, offer and sku in 'galleryImage.properties.identifier' is used by "
                f"gallery image '{each.name}' already."
            )
            raise ArmError("Conflict", text, 409, target="galleryImage.properties.identifier")


@rule("compute", _VERSION, name="compute.version-source", source=sources.GALLERY_BLOB, date=_SEEN, evidence=READ)
def version_source(call: Call) -> None:
    """A version has one source; a blob comes with the id of its account (both was read, the text was not)."""
    source = call.part("properties.storageProfile.source")
    blob = call.part("properties.storageProfile.osDiskImage.source")
    if bool(source.get("id") or source.get("communityGalleryImageId")) == bool(blob.get("uri") or blob.get("id")):
        target = "galleryImageVersion.properties.storageProfile"
        raise ArmError("InvalidParameter", f"Exactly one source of '{target}' must be specified.", target=target)
    if blob.get("uri") and not blob.get("storageAccountId"):
        target = "galleryImageVersion.properties.storageProfile.osDiskImage.source.storageAccountId"
        raise ArmError("InvalidParameter", f"Required parameter '{target}' is missing (null).", target=target)


@rule("compute", _VERSION, name="compute.version-image", source=sources.GALLERY_API, date=_SEEN, evidence=RECALLED)
def version_image(call: Call) -> None:
    """The managed image that a version is made of exists in its region, and has the generation of its definition.

    Only managed images are served as sources. That disks are none for confidential machines was read.
    """
    source = call.at("properties.storageProfile.source.id")
    if not source or call.existing is not None:
        return
    held = call.memory.get(str(source))
    target = "galleryImageVersion.properties.storageProfile.source.id"
    if held is None or held.type != images.IMAGE:
        raise ArmError("ResourceNotFound", f"The source '{source}' was not found.", 404, target=target)
    if held.location != call.location:
        text = (
            f"The source '{source}' is in {held.location}, and has to be in the region of the version, {call.location}."
        )
        raise ArmError("InvalidParameter", text, target=target)
    definition = call.memory.get(call.target.parent)
    generation = held.at("properties.hyperVGeneration")
    if definition is not None and generation != definition.at("properties.hyperVGeneration"):
        text = (
            f"The Hyper-V generation '{generation}' of the source does not match that of the gallery image, "
            f"'{definition.at('properties.hyperVGeneration')}'."
        )
        raise ArmError("InvalidParameter", text, target=target)


@rule("compute", _VERSION, name="compute.version-regions", source=sources.GALLERY_API, date=_SEEN, evidence=RECALLED)
def version_regions(call: Call) -> None:
    """A version is in its own region too."""
    rows = call.rows("properties.publishingProfile.targetRegions")
    if rows and call.location not in {normal_location(str(each.get("name"))) for each in rows}:
        text = f"The target regions must contain the location of the gallery image version, '{call.location}'."
        target = "galleryImageVersion.properties.publishingProfile.targetRegions"
        raise ArmError("InvalidParameter", text, target=target)


@rule("compute", _VERSION, name="compute.version-fixed", source=sources.GALLERY_API, date=_SEEN, evidence=RECALLED)
def version_fixed(call: Call) -> None:
    """A version keeps what it was made of."""
    if call.existing is None:
        return
    path = "properties.storageProfile"
    for name in ("source.id", "osDiskImage.source.uri"):
        if call.at(f"{path}.{name}") != ids.at(call.existing.given, f"{path}.{name}"):
            target = f"galleryImageVersion.{path}.{name}"
            raise ArmError(
                "PropertyChangeNotAllowed", f"Changing property '{target}' is not allowed.", 409, target=target
            )

"""Images of one's own: managed images, and galleries with what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.catalog import images, published
from confkube_sandbox.daemon.azure.context import SUCCEEDED, normal_location
from confkube_sandbox.daemon.azure.services.base import Effects, defaults

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.catalog.images import Image
    from confkube_sandbox.daemon.azure.context import Call, Memory, Resource

IMAGE = "Microsoft.Compute/images"
GALLERY = "Microsoft.Compute/galleries"
DEFINITION = "Microsoft.Compute/galleries/images"
VERSION = "Microsoft.Compute/galleries/images/versions"
_DISK_GB = 8


def named(memory: Memory, reference: dict[str, Any], location: str) -> Image | None:
    """Return the image that an ``imageReference`` names, if it exists and is in the region."""
    community = reference.get("communityGalleryImageId")
    if community:
        return published.community_image(str(community))
    if reference.get("id"):
        return _own(memory, str(reference["id"]), location)
    return images.find(*(str(reference.get(each, "")) for each in ("publisher", "offer", "sku", "version")))


def _own(memory: Memory, image_id: str, location: str) -> Image | None:
    version = memory.get(image_id)
    if version is None or version.type != VERSION or version.state != SUCCEEDED or location not in regions(version):
        return None
    definition = memory.get(image_id.rpartition("/versions/")[0])
    if definition is None:
        return None
    identifier = definition.part("properties.identifier")
    return images.Image(
        publisher=str(identifier.get("publisher")),
        offer=str(identifier.get("offer")),
        sku=str(identifier.get("sku")),
        version=version.name,
        generation=str(definition.at("properties.hyperVGeneration")),
        security=feature(definition, "SecurityType"),
        source="",
        size_gb=_DISK_GB,
        nvme="NVMe" in feature(definition, "DiskControllerTypes"),
    )


def feature(definition: Resource, name: str) -> str:
    """Return a feature of a gallery's image; empty where it has none of that name."""
    rows = definition.rows("properties.features")
    return next((str(each.get("value", "")) for each in rows if each.get("name") == name), "")


def regions(version: Resource) -> set[str]:
    """Return the regions that a version is in."""
    rows = version.rows("properties.publishingProfile.targetRegions")
    return {normal_location(str(each.get("name", ""))) for each in rows} or {version.location}


def image_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a managed image's body."""
    del kept
    usual: dict[str, Any] = {
        "hyperVGeneration": "V1",
        "storageProfile": {
            "osDisk": {"diskSizeGB": _DISK_GB, "caching": "None"},
            "dataDisks": [],
            "zoneResilient": False,
        },
    }
    return {**call.body, "properties": defaults(call.properties, usual)}


def gallery_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a gallery's body."""
    unique = kept.setdefault("unique", f"{call.account}-{call.target.name.upper()}")
    return {**call.body, "properties": {**call.properties, "identifier": {"uniqueName": unique}}}


def definition_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make the body of a gallery's image."""
    del kept
    return {**call.body, "properties": defaults(call.properties, {"hyperVGeneration": "V1", "architecture": "x64"})}


def version_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a version's body."""
    published_at = kept.setdefault("published", call.now.isoformat())
    replicas = int(call.at("properties.publishingProfile.replicaCount") or 1)
    given = call.rows("properties.publishingProfile.targetRegions") or [{"name": call.location}]
    targets = [
        defaults(each, {"regionalReplicaCount": replicas, "storageAccountType": "Standard_LRS"}) for each in given
    ]
    usual: dict[str, Any] = {
        "publishingProfile": {
            "excludeFromLatest": False,
            "replicaCount": replicas,
            "replicationMode": "Full",
            "storageAccountType": "Standard_LRS",
            "publishedDate": published_at,
        },
        "storageProfile": {"osDiskImage": {"sizeInGB": _DISK_GB, "hostCaching": "None"}},
        "safetyProfile": {"allowDeletionOfReplicatedLocations": False, "reportedForPolicyViolation": False},
    }
    found = defaults(call.properties, usual)
    found["publishingProfile"] = {**found["publishingProfile"], "targetRegions": targets}
    return {**call.body, "properties": found}


def disk_properties(call: Call) -> dict[str, Any]:
    """Return the system disk that a request to make a managed image describes."""
    return ids.part(call.body, "properties.storageProfile.osDisk")


EFFECTS = (
    Effects(type=IMAGE, prepare=image_properties),
    Effects(type=GALLERY, prepare=gallery_properties),
    Effects(type=DEFINITION, prepare=definition_properties),
    Effects(type=VERSION, prepare=version_properties),
)

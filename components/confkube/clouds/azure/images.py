"""Images: pinned ones of the marketplace, by URN, and those of one's own, by id.

azure-native cannot look up either, so the API checks that they are there.
"""

import re
from typing import Any

import pulumi

from confkube import facts
from confkube.clouds.azure import pod_images
from confkube.clouds.azure.confidential import refuse_image
from confkube.clouds.azure.settings import AzureSettings
from confkube.errors import Refusal
from confkube.facts.pod_images import refuse_without_attester
from confkube.platform import Cvm, Disk, Existing, Image, ImageSpec, Isolation, Stock

_VERSION = r"(\d+\.\d+\.\d+|latest)"
_OWN = re.compile(
    r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft\.Compute/galleries/[^/]+/images/[^/]+"
    rf"/versions/{_VERSION}",
    re.IGNORECASE,
)
_COMMUNITY = re.compile(rf"/CommunityGalleries/[^/]+/Images/[^/]+/Versions/{_VERSION}")
"""cloud-api-adaptor knows one of a community gallery by exactly this beginning (src/cloud-providers/azure/provider.go
at fbdde756 of https://github.com/confidential-containers/cloud-api-adaptor, 2026-11-27)."""


def find(name: str, spec: ImageSpec, settings: AzureSettings, opts: pulumi.ResourceOptions) -> Image:
    """Name the image that ``facts/images.toml`` pins, check the one that exists, or make one of a disk.

    Raises:
        Refusal: None is pinned, it is not built for the isolation, or what is given is not the id of an image.
    """
    match spec.content:
        case Stock(distribution=distribution):
            pinned = facts.stock_image("azure", distribution, confidential=isinstance(spec.isolation, Cvm))
            refuse_image(pinned.name, pinned.tees, spec.isolation)
            return Image(image_id=pinned.name, root_device=pinned.root_device)
        case Existing(image_id=image_id):
            refuse_id(name, image_id)
            if isinstance(spec.isolation, Cvm):
                refuse_without_attester("azure", image_id, spec.isolation.tee.value)
            return Image(image_id=image_id, root_device="unknown")
        case Disk(address=address):
            return pod_images.create(name, address, spec, settings, opts)


def refuse_id(name: str, image_id: str) -> None:
    """Refuse what is not the id of a version of a gallery's image.

    Raises:
        Refusal: It is not; the message shows both forms.
    """
    if not _OWN.fullmatch(image_id) and not _COMMUNITY.fullmatch(image_id):
        raise Refusal(
            f"{name}: {image_id!r} is not the id of an image on azure; write /subscriptions/ID/resourceGroups/GROUP/"
            "providers/Microsoft.Compute/galleries/GALLERY/images/IMAGE/versions/1.0.0 or "
            "/CommunityGalleries/GALLERY/Images/IMAGE/Versions/1.0.0"
        )


def definition_of(image_id: str) -> str | None:
    """The image that a version in a gallery of one's own belongs to; None for what everybody may read."""
    return image_id.rpartition("/versions/")[0] if _OWN.fullmatch(image_id) else None


def reference(image_id: pulumi.Input[str]) -> Any:  # noqa: ANN401 - an output of the fields of ImageReferenceArgs
    """The ``imageReference`` of an image: a URN (publisher:offer:sku:version) or the id of an image of one's own.

    Raises:
        Refusal: It is neither.
    """
    return pulumi.Output.from_input(image_id).apply(_reference)


def family(image_id: str) -> str:
    """What of an image a scale set keeps for its life: publisher and offer, or that it is an image of one's own."""
    return "" if image_id.startswith("/") else ":".join(image_id.split(":")[:2])


def _reference(image_id: str) -> dict[str, Any]:
    if image_id.startswith("/CommunityGalleries/"):
        return {"community_gallery_image_id": image_id}
    if image_id.startswith("/"):
        return {"id": image_id}
    parts = image_id.split(":")
    if len(parts) != 4 or not all(parts):
        raise Refusal(f"image {image_id!r} is neither publisher:offer:sku:version nor the id of an image")
    return dict(zip(("publisher", "offer", "sku", "version"), parts, strict=True))


def check(where: str, content: Disk | Existing, isolation: Isolation) -> None:
    """Refuse what cannot be an image; whether it exists, only Azure knows.

    Raises:
        Refusal: So it is.
    """
    if isinstance(content, Disk):
        pod_images.refuse_address(where, content.address)
        return
    refuse_id(where, content.image_id)
    if isinstance(isolation, Cvm):
        refuse_without_attester("azure", content.image_id, isolation.tee.value)

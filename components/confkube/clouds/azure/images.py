"""Pinned distribution images of the marketplace, by URN; azure-native cannot look them up, so the API checks them."""

from typing import Any

import pulumi

from confkube import facts
from confkube.clouds.azure.confidential import refuse_image
from confkube.errors import Refusal
from confkube.platform import Cvm, Image, ImageSpec


def find(name: str, spec: ImageSpec) -> Image:
    """Name the image that ``facts/images.toml`` pins for the isolation.

    Raises:
        Refusal: None is pinned, or it is not built for the isolation.
    """
    del name
    pinned = facts.stock_image("azure", spec.distribution, confidential=isinstance(spec.isolation, Cvm))
    refuse_image(pinned.name, pinned.tees, spec.isolation)
    return Image(image_id=pinned.name, root_device=pinned.root_device)


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

"""Pinned distribution images, looked up by project and exact name."""

import pulumi
import pulumi_gcp as gcp

from confkube import facts
from confkube.clouds.gcp.confidential import refuse_image
from confkube.errors import Refusal
from confkube.facts.records import StockImage
from confkube.platform import Cvm, Image, ImageSpec


def find(name: str, spec: ImageSpec, known: dict[str, str], opts: pulumi.ResourceOptions) -> Image:
    """Find the image that ``facts/images.toml`` pins; of one whose link is ``known`` by its name nothing is asked.

    Raises:
        Refusal: It is gone, or it does not suit the isolation.
    """
    pinned = facts.stock_image("gcp", spec.distribution, confidential=isinstance(spec.isolation, Cvm))
    refuse_image(pinned.name, pinned.tees, spec.isolation)
    if pinned.name not in known:
        known[pinned.name] = _look_up(name, pinned, opts)
    return Image(image_id=known[pinned.name], root_device=pinned.root_device)


def _look_up(name: str, pinned: StockImage, opts: pulumi.ResourceOptions) -> str:
    try:
        found = gcp.compute.get_image(
            name=pinned.name, project=pinned.owner, opts=pulumi.InvokeOptions(parent=opts.parent)
        )
    except Exception as error:
        if "was not found" not in str(error):
            raise
        raise Refusal(
            f"{name}: the image {pinned.name} of {pinned.owner} is not offered; "
            f"it was pinned on {pinned.checked} ({pinned.source})"
        ) from None
    if found.status not in ("", "READY"):
        raise Refusal(f"{name}: the image {pinned.name} of {pinned.owner} is {found.status.lower()}, not ready")
    return found.self_link

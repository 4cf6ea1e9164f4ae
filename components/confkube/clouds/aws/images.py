"""Pinned distribution images, looked up by owner and exact name."""

from datetime import UTC, datetime

import pulumi
import pulumi_aws as aws

from confkube import facts
from confkube.clouds.aws.confidential import refuse_image
from confkube.errors import Refusal
from confkube.facts.records import StockImage
from confkube.platform import Image, ImageSpec


def find(
    name: str, spec: ImageSpec, region: str, known: dict[str, aws.ec2.GetAmiResult], opts: pulumi.ResourceOptions
) -> Image:
    """Find the image that ``facts/images.toml`` pins; what is ``known`` by its name is not looked up again.

    Raises:
        Refusal: It is gone from the region, or its boot mode does not suit the isolation.
    """
    pinned = facts.stock_image("aws", spec.distribution)
    if pinned.name not in known:
        known[pinned.name] = _look_up(name, pinned, region, opts)
    found = known[pinned.name]
    refuse_image(found.name, found.boot_mode, spec.isolation)
    return Image(image_id=found.id, root_device=found.root_device_name)


def _look_up(name: str, pinned: StockImage, region: str, opts: pulumi.ResourceOptions) -> aws.ec2.GetAmiResult:
    try:
        found = aws.ec2.get_ami(
            owners=[pinned.owner],
            include_deprecated=True,
            filters=[
                aws.ec2.GetAmiFilterArgs(name="name", values=[pinned.name]),
                aws.ec2.GetAmiFilterArgs(name="architecture", values=[pinned.architecture]),
            ],
            region=region,
            opts=pulumi.InvokeOptions(parent=opts.parent),
        )
    except Exception as error:
        if "returned no results" not in str(error):
            raise
        raise Refusal(
            f"{name}: the image {pinned.name} of {pinned.owner} is not offered in {region}; "
            f"it was pinned on {pinned.checked} ({pinned.source})"
        ) from None
    if found.deprecation_time and found.deprecation_time < datetime.now(UTC).isoformat():
        pulumi.log.warn(
            f"the image {pinned.name} is deprecated since {found.deprecation_time}; a newer confkube pins a newer one",
            opts.parent,
        )
    return found

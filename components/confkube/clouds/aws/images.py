"""Images: a distribution's by owner and exact name, one that exists by its id, or one made from the user's disk."""

import re
from datetime import UTC, datetime

import pulumi
import pulumi_aws as aws

from confkube import facts
from confkube.clouds.aws import pod_images
from confkube.clouds.aws.confidential import refuse_image, refuse_isolation
from confkube.errors import Refusal
from confkube.platform import Disk, Existing, Image, ImageSpec, Isolation, Stock

ARCHITECTURE = "x86_64"
"""Of every machine type that the facts offer here."""
_IMAGE_ID = re.compile(r"ami-([0-9a-f]{8}|[0-9a-f]{17})")

Known = dict[str, aws.ec2.GetAmiResult]
"""What was looked up before, by name or id."""


def find(name: str, spec: ImageSpec, region: str, known: Known, opts: pulumi.ResourceOptions) -> Image:
    """Find or make what machines of one isolation start from; what is ``known`` is not looked up again.

    Raises:
        Refusal: It is not in the region, or does not suit the isolation, or its disk has an address that S3 has not.
    """
    refuse_isolation(spec.isolation)
    match spec.content:
        case Stock(distribution=distribution):
            found = _stock(name, distribution, region, known, opts)
        case Existing(image_id=image_id):
            found = _existing(name, image_id, region, known, opts)
        case Disk(address=address):
            return pod_images.create(name, address, spec, region, opts)
    refuse_image(found.name, found.boot_mode, spec.isolation)
    return Image(image_id=found.id, root_device=found.root_device_name)


def _stock(
    name: str, distribution: str, region: str, known: Known, opts: pulumi.ResourceOptions
) -> aws.ec2.GetAmiResult:
    pinned = facts.stock_image("aws", distribution)
    if pinned.name not in known:
        found = _look_up({"name": pinned.name, "architecture": pinned.architecture}, [pinned.owner], region, opts)
        if found is None:
            raise Refusal(
                f"{name}: the image {pinned.name} of {pinned.owner} is not offered in {region}; "
                f"it was pinned on {pinned.checked} ({pinned.source})"
            )
        _warn_of_age(found, "a newer confkube pins a newer one", opts)
        known[pinned.name] = found
    return known[pinned.name]


def _existing(
    name: str, image_id: str, region: str, known: Known, opts: pulumi.ResourceOptions
) -> aws.ec2.GetAmiResult:
    if not _IMAGE_ID.fullmatch(image_id):
        raise Refusal(f"{name}: {image_id!r} is not the id of an image; write one like ami-0123456789abcdef0")
    if image_id not in known:
        found = _look_up({"image-id": image_id}, None, region, opts)
        if found is None:
            raise Refusal(f"{name}: there is no image {image_id} in {region} that this account may use")
        if found.architecture != ARCHITECTURE:
            raise Refusal(f"{name}: image {image_id} is for {found.architecture}; the machines here are {ARCHITECTURE}")
        _warn_of_age(found, "its owner may take it away", opts)
        known[image_id] = found
    return known[image_id]


def _look_up(
    filters: dict[str, str], owners: list[str] | None, region: str, opts: pulumi.ResourceOptions
) -> aws.ec2.GetAmiResult | None:
    """Ask EC2 for one image; None where it has none such."""
    try:
        return aws.ec2.get_ami(
            owners=owners,
            include_deprecated=True,
            filters=[aws.ec2.GetAmiFilterArgs(name=key, values=[value]) for key, value in filters.items()],
            region=region,
            opts=pulumi.InvokeOptions(parent=opts.parent),
        )
    except Exception as error:
        if "returned no results" not in str(error):
            raise
        return None


def _warn_of_age(found: aws.ec2.GetAmiResult, what: str, opts: pulumi.ResourceOptions) -> None:
    if found.deprecation_time and found.deprecation_time < datetime.now(UTC).isoformat():
        pulumi.log.warn(f"the image {found.name} is deprecated since {found.deprecation_time}; {what}", opts.parent)


def check(where: str, content: Disk | Existing, isolation: Isolation) -> None:
    """Refuse what cannot be an image; whether it exists and how it boots, only EC2 knows.

    Raises:
        Refusal: So it is.
    """
    del isolation
    if isinstance(content, Disk):
        pod_images.parsed(where, content.address)
    elif not _IMAGE_ID.fullmatch(content.image_id):
        raise Refusal(f"{where}: {content.image_id!r} is not the id of an image; write ami- and its hexadecimal digits")

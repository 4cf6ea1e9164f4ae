"""Images: pinned by a distribution, existing ones, and those made from a disk in Cloud Storage."""

import re
from collections.abc import Callable, Sequence

import pulumi
import pulumi_gcp as gcp
from pulumi_gcp.compute import outputs

from confkube import facts
from confkube.clouds.gcp import pod_images
from confkube.clouds.gcp.confidential import refuse_features, refuse_image
from confkube.clouds.gcp.settings import GcpSettings
from confkube.component import refusing
from confkube.errors import Refusal
from confkube.facts.pod_images import refuse_without_attester
from confkube.platform import Cvm, Disk, Existing, Image, ImageSpec, Isolation, Stock

UNKNOWN_DEVICE = "unknown"
"""The name of a system disk in the machine, which nobody tells of an image."""

_ADDRESS = re.compile(r"projects/([^/]+)/global/images/([a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)")
"""By exact name: a family would be another image from one day to the next."""


def find(
    name: str, spec: ImageSpec, settings: GcpSettings, known: dict[str, str], opts: pulumi.ResourceOptions
) -> Image:
    """Find or make an image; where the link of one is ``known`` by its address, nothing is asked.

    Raises:
        Refusal: It is gone, or it does not suit the isolation.
    """
    match spec.content:
        case Stock(distribution=distribution):
            return _stock(name, distribution, spec.isolation, known, opts)
        case Existing(image_id=address):
            return _existing(name, address, spec.isolation, known, opts)
        case Disk(address=address):
            made = pod_images.make(name, address, spec, settings, opts)
            return Image(image_id=made.self_link, root_device=UNKNOWN_DEVICE, resource=made)


def parts(address: str) -> tuple[str, str]:
    """The project and the name in the address of an image, which may be a full link.

    Raises:
        Refusal: It is none.
    """
    _, before, rest = address.rpartition("projects/")
    found = _ADDRESS.fullmatch(before + rest)
    if found is None:
        raise Refusal(f"{address!r} is no image of gcp; give projects/<project>/global/images/<name>")
    return found[1], found[2]


def _stock(
    name: str, distribution: str, isolation: Isolation, known: dict[str, str], opts: pulumi.ResourceOptions
) -> Image:
    pinned = facts.stock_image("gcp", distribution, confidential=isinstance(isolation, Cvm))
    refuse_image(pinned.name, pinned.tees, isolation)
    address = f"projects/{pinned.owner}/global/images/{pinned.name}"
    link = _look_up(name, address, known, opts, lambda: f"; it was pinned on {pinned.checked} ({pinned.source})")
    return Image(image_id=link, root_device=pinned.root_device)


def _existing(
    name: str, address: str, isolation: Isolation, known: dict[str, str], opts: pulumi.ResourceOptions
) -> Image:
    project, image = parts(address)
    refuse_without_attester("gcp", address, isolation.tee.value if isinstance(isolation, Cvm) else facts.NO_TEE)
    link = _look_up(name, address, known, opts, lambda: "; look at its name, and whether you may see it")
    # What a look-up answers has no features; what is read as a resource has, and is no more ours for it.
    held = gcp.compute.Image.get(name, f"projects/{project}/global/images/{image}", opts=opts)

    @refusing
    def checked(features: Sequence[outputs.ImageGuestOsFeature]) -> str:
        refuse_features(address, [each.type for each in features or ()], isolation)
        return link

    return Image(image_id=held.guest_os_features.apply(checked), root_device=UNKNOWN_DEVICE)


def _look_up(
    name: str, address: str, known: dict[str, str], opts: pulumi.ResourceOptions, hint: Callable[[], str]
) -> str:
    if address in known:
        return known[address]
    project, image = parts(address)
    try:
        found = gcp.compute.get_image(name=image, project=project, opts=pulumi.InvokeOptions(parent=opts.parent))
    except Exception as error:
        if "was not found" not in str(error):
            raise
        raise Refusal(f"{name}: the image {image} of {project} is not offered{hint()}") from None
    if found.status not in ("", "READY"):
        raise Refusal(f"{name}: the image {image} of {project} is {found.status.lower()}, not ready")
    known[address] = found.self_link
    return found.self_link


def check(where: str, content: Disk | Existing, isolation: Isolation) -> None:
    """Refuse what cannot be an image; whether it exists and what it carries, only Compute Engine knows.

    Raises:
        Refusal: So it is.
    """
    if isinstance(content, Disk):
        pod_images.source(where, content.address)
        return
    try:
        parts(content.image_id)
        refuse_without_attester("gcp", content.image_id, isolation.tee.value if isinstance(isolation, Cvm) else "none")
    except Refusal as refusal:
        raise Refusal(f"{where}: {refusal}") from None

"""Hosts bring their own system."""

from confkube.clouds.metal.confidential import refuse_absent, refuse_cvm
from confkube.clouds.metal.settings import Hosts
from confkube.errors import Refusal
from confkube.platform import Image, ImageSpec, Nested, Stock


def find(name: str, spec: ImageSpec, block: Hosts) -> Image:
    """Name the system that a host has: nothing is installed but packages and programs.

    Raises:
        Refusal: Another image is wanted, or one for a confidential machine, or for a TEE that no host has.
    """
    if not isinstance(spec.content, Stock):
        raise Refusal(f"{name}: hosts keep the system that they have; leave the image out")
    if isinstance(spec.isolation, Nested):
        refuse_absent(name, spec.isolation, block)
    refuse_cvm(name, spec.isolation)
    return Image(image_id="the-hosts-own", root_device="/")

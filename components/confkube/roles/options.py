"""What every role that makes machines does in the same way."""

import pulumi

from confkube import facts, names
from confkube.bootstrap.software import APT, Software, pinned_for
from confkube.placement import distribution
from confkube.platform import Image, ImageSpec, Isolation, Machines, Platform, Stock
from confkube.role_types import ImageRef

HOST_NUMBER = 10
"""A single machine's place in its subnet; the clouds reserve the first four addresses."""

STOCK = "ubuntu-24.04"
"""The distribution of machines that are not measured."""


def inside(parent: pulumi.Resource) -> pulumi.ResourceOptions:
    """Options of what a role makes: it belongs to the role."""
    return pulumi.ResourceOptions(parent=parent)


def after(opts: pulumi.ResourceOptions | None) -> tuple[pulumi.Resource, ...]:
    """What the whole role was told to wait for; a component's own ``depends_on`` does not order deletions."""
    wanted = opts.depends_on if opts else None
    if wanted is None:
        return ()
    if isinstance(wanted, pulumi.Resource):
        return (wanted,)
    if isinstance(wanted, list | tuple):
        return tuple(each for each in wanted if isinstance(each, pulumi.Resource))
    return ()


def image_of(
    platform: Platform, given: ImageRef | None, isolation: Isolation, name: str, opts: pulumi.ResourceOptions
) -> Image:
    """The image that the role was given, or the platform's pinned stock image."""
    if given is None:
        return stock_image(platform, isolation, name, opts)
    return Image(image_id=given["image_id"], root_device=given["root_device"])


def stock_image(platform: Platform, isolation: Isolation, name: str, opts: pulumi.ResourceOptions) -> Image:
    """The platform's pinned image for machines of that isolation."""
    content = Stock(distribution=distribution(platform, isolation, STOCK))
    return platform.image(name, ImageSpec(content=content, isolation=isolation), opts)


def software_for(platform: Platform, isolation: Isolation) -> Software:
    """What machines of that isolation install, by the names that their distribution has for it."""
    name = distribution(platform, isolation, STOCK)
    manager = facts.stock_image(platform.cloud, name, confidential=False).package_manager if name != STOCK else APT
    return pinned_for(manager)


def say_when_kept(machines: Machines, rendered: pulumi.Output[str]) -> None:
    """Tell the user when a single machine keeps an older boot text, and how to replace it.

    Such a machine holds state; a new boot text neither replaces nor restarts it.
    """

    def compare(known: tuple[str, str, str]) -> None:
        kept, new, urn = known
        if kept != names.digest(new):
            pulumi.log.warn(
                "the boot text of this machine has changed; the running machine is kept as it is. "
                f"To start afresh with the new text, which loses what it holds: pulumi up --replace '{urn}'",
                machines.resource,
            )

    pulumi.Output.all(machines.boot_digest, rendered, machines.resource.urn).apply(compare)  # pyright: ignore[reportArgumentType, reportUnknownMemberType]

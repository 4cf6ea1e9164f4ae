"""Which machine type a role gets on a platform, and whether it may run there at all."""

from collections.abc import Collection

from confkube import facts
from confkube.errors import Refusal
from confkube.platform import Platform
from confkube.spec import Machine, Pool
from confkube.types import Tee


def control_plane_type(platform: Platform, machine: Machine) -> str:
    """The machine type of a control plane: the one asked for, or the platform's default of 8 vCPU and 32 GiB.

    Raises:
        Refusal: The type is not known on the platform.
    """
    asked = machine.machine_type or facts.defaults(platform.cloud).control_plane_type
    if asked is None:
        raise Refusal(f"{platform.cloud} has no default machine type for a control plane; name one")
    return facts.require_plain_type(platform.cloud, asked).name


def confidential_type(platform: Platform, tee: Tee, asked: str | None, allow: Collection[str]) -> str:
    """The machine type of a confidential virtual machine: the one asked for, or the cell's tested default.

    Raises:
        Refusal: The cloud, region, zone or type has no such TEE, or one in a state that is not allowed.
    """
    cell = facts.require(platform.cloud, tee.value, "vm", allow=allow)
    if platform.zone == platform.region:
        facts.region(platform.cloud, platform.region, tee.value)
    else:
        facts.zone(platform.cloud, platform.region, platform.zone, tee.value)
    chosen = asked or cell.default_type
    if chosen is None:
        raise Refusal(f"{platform.cloud} has no default machine type with {tee.value}; name one")
    size = facts.require_type(platform.cloud, chosen, tee.value, allow=allow)
    if size.regions and platform.region not in size.regions:
        raise Refusal(
            f"{platform.cloud} instance type {chosen!r} is offered with {tee.value} "
            f"in {', '.join(sorted(size.regions))}, not in {platform.region}"
        )
    return size.name


def pool_type(platform: Platform, pool: Pool, tee: Tee, allow: Collection[str]) -> str:
    """As ``confidential_type``, for a pool; a refusal names the pool.

    Raises:
        Refusal: As ``confidential_type``.
    """
    try:
        return confidential_type(platform, pool.tee or tee, pool.machine_type, allow)
    except Refusal as refusal:
        raise Refusal(f"pool {pool.name}: {refusal}") from None

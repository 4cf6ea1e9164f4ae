"""Which machine type a role gets on a platform, and whether it may run there at all."""

from collections.abc import Collection

from confkube import facts
from confkube.errors import Refusal
from confkube.model_specs import Cluster
from confkube.platform import Cvm, Isolation, Nested, Plain, Platform
from confkube.spec import Machine, Pool
from confkube.types import Tee, WorkerKind


def control_plane_type(platform: Platform, machine: Machine) -> str:
    """The machine type of a control plane: the one asked for, or the platform's default of 8 vCPU and 32 GiB.

    Raises:
        Refusal: The type is not known on the platform.
    """
    if platform.limits.given_addresses:
        return _given(machine.machine_type)
    asked = machine.machine_type or facts.defaults(platform.cloud).control_plane_type
    if asked is None:
        raise Refusal(f"{platform.cloud} has no default machine type for a control plane; name one")
    return facts.require_plain_type(platform.cloud, asked).name


def machine_type(platform: Platform, isolation: Isolation, asked: str | None, allow: Collection[str]) -> str:
    """The machine type for an isolation: the one asked for, or the tested default.

    Raises:
        Refusal: The cloud, region, zone or type cannot give the isolation, or only in a state that is not allowed.
    """
    match isolation:
        case Cvm(tee=tee):
            return confidential_type(platform, tee, asked, allow)
        case Nested(tee=tee):
            return _child_capable_type(platform, tee, asked, allow)
        case Plain():
            return _plain_type(platform, asked)


def confidential_type(
    platform: Platform, tee: Tee, asked: str | None, allow: Collection[str], placement: str = "vm"
) -> str:
    """The machine type of a confidential virtual machine: the one asked for, or the cell's tested default.

    Raises:
        Refusal: The cloud, region, zone or type has no such TEE, or one in a state that is not allowed.
    """
    cell = facts.require(platform.cloud, tee.value, placement, allow=allow)
    if platform.zone == platform.region:
        facts.region(platform.cloud, platform.region, tee.value)
    else:
        facts.zone(platform.cloud, platform.region, platform.zone, tee.value)
    chosen = asked or cell.default_type
    if chosen is None:
        raise Refusal(f"{platform.cloud} has no default machine type with {tee.value}; name one")
    return _in_region(platform, facts.require_type(platform.cloud, chosen, tee.value, allow=allow), tee.value)


def _child_capable_type(platform: Platform, tee: Tee | None, asked: str | None, allow: Collection[str]) -> str:
    word = tee.value if tee else facts.NO_TEE
    cell = facts.child_capable(platform.cloud, word, allow=allow)
    if cell.placement == "metal":
        # Such a host is given, or is this computer's; nothing about its type decides what it can start.
        return _plain_type(platform, asked)
    chosen = asked or cell.default_type
    if chosen is None:
        raise Refusal(f"{platform.cloud} has no default machine type that starts {word} children; name one")
    size = facts.instance_type(platform.cloud, chosen)
    if tee and size.tees and not size.children:
        raise Refusal(
            f"{platform.cloud} instance type {chosen!r} is a confidential machine itself and starts no children; "
            f"the tested child-capable one is {cell.default_type}"
        )
    return _in_region(platform, facts.require_type(platform.cloud, chosen, word, as_host=True, allow=allow), word)


def _given(asked: str | None) -> str:
    """What stands for the type of a host that the user gives.

    Raises:
        Refusal: A type is asked for.
    """
    if asked is not None:
        raise Refusal(f"machine type {asked!r}: hosts are given, and are what they are; leave machine_type out")
    return "given-host"


def _plain_type(platform: Platform, asked: str | None) -> str:
    if platform.limits.given_addresses:
        return _given(asked)
    chosen = asked
    if chosen is None:
        cell = facts.cell(platform.cloud, facts.NO_TEE, "vm")
        chosen = (cell.default_type if cell else None) or facts.defaults(platform.cloud).control_plane_type
    if chosen is None:
        raise Refusal(f"{platform.cloud} has no default machine type; name one")
    return _in_region(platform, facts.require_plain_type(platform.cloud, chosen), facts.NO_TEE)


def _in_region(platform: Platform, size: facts.InstanceType, tee: str) -> str:
    if size.regions and platform.region not in size.regions and tee != facts.NO_TEE:
        raise Refusal(
            f"{platform.cloud} instance type {size.name!r} is offered with {tee} "
            f"in {', '.join(sorted(size.regions))}, not in {platform.region}"
        )
    return size.name


def isolation_of(kind: WorkerKind, tee: Tee | None) -> Isolation:
    """What the machines of a pool are.

    Raises:
        Refusal: A TEE is missing, or given where none is meant.
    """
    match kind:
        case WorkerKind.CONFIDENTIAL if tee is not None:
            return Cvm(tee=tee)
        case WorkerKind.CONFIDENTIAL:
            raise Refusal(f"confidential workers need a tee; choose one of {', '.join(facts.TEES)}")
        case WorkerKind.CHILD_CAPABLE:
            return Nested(tee=tee)
        case WorkerKind.PLAIN:
            return Plain()


def pool_type(platform: Platform, pool: Pool, isolation: Isolation, allow: Collection[str]) -> str:
    """As ``machine_type``, for a pool; a refusal names the pool.

    Raises:
        Refusal: As ``machine_type``.
    """
    try:
        chosen = machine_type(platform, isolation, pool.machine_type, allow)
        hosts_suffice(platform, pool.count, isolation)
    except Refusal as refusal:
        raise Refusal(f"pool {pool.name}: {refusal}") from None
    return chosen


def hosts_suffice(platform: Platform, count: int, isolation: Isolation, *, alone: bool = False) -> None:
    """Refuse more machines than hosts are given for.

    Args:
        platform: Where.
        count: How many.
        isolation: What they are.
        alone: Whether no host of another kind may be among those given, because they are taken in their order.

    Raises:
        Refusal: Naming what is given.
    """
    given = platform.limits.given_hosts
    tee = getattr(isolation, "tee", None)
    word = tee.value if tee else facts.NO_TEE
    if given and (count > given.get(word, 0) or (alone and set(given) != {word})):
        known = ", ".join(f"{number} with {name}" for name, number in sorted(given.items()))
        raise Refusal(
            f"{count} machines with tee {word} are wanted, and the hosts beside the control plane are {known}"
        )


def trust_tee(platform: Platform, tee: Tee | None, spec: Cluster) -> Tee:
    """The TEE of a trust server of ours: the one asked for, the cluster's, or one that the platform has.

    Raises:
        Refusal: The platform has no confidential virtual machine at all.
    """
    asked = spec.trust.server.tee if spec.trust.server else None
    offered = [each for each in Tee if facts.cell(platform.cloud, each.value, "vm")]
    if not offered:
        raise Refusal(
            f"args.trust: {platform.cloud} makes no confidential virtual machine that a trust server could be; "
            "give args.trust.external"
        )
    if asked:
        return asked
    return tee if tee and tee in offered else offered[0]


def distribution(platform: Platform, isolation: Isolation, stock: str) -> str:
    """What a machine of that isolation starts from: the stock distribution, unless the cell names another."""
    if isinstance(isolation, Nested):
        found = facts.cell(platform.cloud, isolation.tee.value if isolation.tee else facts.NO_TEE, "nested")
        return (found.distribution if found else None) or stock
    return stock

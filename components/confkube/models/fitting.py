"""Whether names, ranges, disks and numbers of machines fit a platform."""

from collections.abc import Sequence
from ipaddress import IPv4Network

from confkube import names
from confkube.errors import Refusal
from confkube.model_specs import Cluster
from confkube.names import HOSTS, PODS, WORKERS
from confkube.platform import Platform
from confkube.roles.openings import tiers_of
from confkube.spec import NODE_PREFIX, Pool

_SMALLEST_TIER, _SMALLEST_HOSTS = 27, 26
"""Prefix lengths: room for the tenth address, and for fifty hosts from there on."""

_RESERVED_ADDRESSES = 5
"""What a cloud keeps of each subnet at the most: five, as of 2026-11-24."""


def checked_cluster_name(name: str) -> str:
    """Refuse a cluster (stack) name that some cloud could not carry.

    Raises:
        Refusal: It is too long or has other characters than lower-case letters, digits and dashes.
    """
    try:
        return names.checked_name(name, names.CLUSTER_NAME_LENGTH)
    except Refusal as refusal:
        raise Refusal(f"name: {refusal}") from None


def platform_fits(name: str, cidr: IPv4Network, platform: Platform) -> None:
    """Refuse a name or a range that the platform does not take.

    Raises:
        Refusal: It does not.
    """
    for prefix in platform.limits.reserved_prefixes:
        if name.startswith(prefix):
            raise Refusal(f"name: {name!r} begins with {prefix!r}, which {platform.cloud} keeps for itself")
    shortest, longest = platform.limits.network_prefix
    if not shortest <= cidr.prefixlen <= longest:
        raise Refusal(
            f"args.addresses.cidr: {platform.cloud} makes networks from /{shortest} to /{longest}, not {cidr}"
        )


def administrators_fit(spec: Cluster, platform: Platform) -> None:
    """Refuse ranges of administrators where nothing keeps others out.

    Raises:
        Refusal: So it is.
    """
    if spec.admin_cidrs and not platform.limits.firewalls:
        raise Refusal(
            f"args.admin_cidrs: {platform.cloud} makes no firewall, so {spec.admin_cidrs[0]} would keep nobody out; "
            "leave it away, and bound who reaches the API in your own network"
        )
    for name, address in platform.limits.given_addresses.items():
        for what, taken in (("pods", spec.addresses.pods), ("services", spec.addresses.services)):
            inside = next((str(each) for each in address if each in taken), None)
            if inside:
                raise Refusal(f"args.addresses.{what}: {taken} holds {inside} of a host ({name}); choose another range")


def network_suits(word: str, spec: Cluster, platform: Platform) -> None:
    """Refuse a network that exists but has not the tiers of the model, or too little room in one.

    Raises:
        Refusal: Naming what is missing.
    """
    if spec.network is None:
        return
    own_trust_server = spec.trust.external is None
    wanted = tiers_of(spec.addresses.cidr, public=False, own_trust_server=own_trust_server, model=word)
    given = spec.network.tiers
    for name in wanted:
        if name not in given:
            raise Refusal(f"args.network.{name.replace('-', '_')} is required: {word} has machines of its own there")
    for name, tier in given.items():
        if name not in wanted:
            raise Refusal(f"args.network.{name.replace('-', '_')}: this {word} cluster has nothing to put there")
        largest = _SMALLEST_HOSTS if name == HOSTS else _SMALLEST_TIER
        if tier.cidr.prefixlen > largest:
            raise Refusal(
                f"args.network.{name.replace('-', '_')}.cidr: {tier.cidr} is too small; give a /{largest} or larger"
            )
    if wanted.get(PODS) and not platform.limits.borrowed_pods:
        raise Refusal(
            f"args.network.pods: on {platform.cloud} what pod VMs leave behind can only be told from others' by their "
            "subnet; let the cluster make its own network"
        )
    names.refuse_overlaps(
        {
            **{f"args.network.{name}": tier.cidr for name, tier in given.items()},
            "args.addresses.pods": spec.addresses.pods,
            "args.addresses.services": spec.addresses.services,
        }
    )


def disks_fit(pools: Sequence[Pool], spec: Cluster, platform: Platform) -> None:
    """Refuse disks that the platform does not make.

    Raises:
        Refusal: Naming the machine.
    """
    most, most_single = platform.limits.disk_gib, platform.limits.confidential_disk_gib or platform.limits.disk_gib
    server = spec.trust.server.disk_gib if spec.trust.server else 0
    wanted = [("args.control_plane", spec.control_plane.disk_gib, most), ("args.trust.server", server, most_single)]
    for what, size, bound in [*wanted, *((f"pool {pool.name}", pool.disk_gib, most) for pool in pools)]:
        if size > bound:
            raise Refusal(f"{what}: disk_gib {size} is too large; {platform.cloud} takes {bound} or less here")


def pools_fit(pools: Sequence[Pool], spec: Cluster, platform: Platform) -> None:
    """Refuse more machines than the platform, or the ranges of the cluster, can hold.

    Raises:
        Refusal: Naming the bound.
    """
    most = platform.limits.group_machines
    for pool in pools:
        if most is not None and pool.count > most:
            raise Refusal(
                f"pool {pool.name}: {pool.count} machines are too many for one scale group of {platform.cloud}, "
                f"which holds {most}; divide them between pools"
            )
    wanted = sum(pool.count for pool in pools)
    machines_fit(wanted + 1 + (spec.trust.external is None), platform)
    nodes = 2 ** (NODE_PREFIX - spec.addresses.pods.prefixlen)
    if wanted + 1 > nodes:
        raise Refusal(
            f"args.pools: {wanted} workers and the control plane need a /{NODE_PREFIX} each for their pods, but "
            f"args.addresses.pods {spec.addresses.pods} holds {nodes}; choose a larger range or fewer workers"
        )
    given = spec.network.workers if spec.network else None
    workers_range = given.cidr if given else names.split_tiers(spec.addresses.cidr)[WORKERS]
    where = f"args.network.workers.cidr {given.cidr}" if given else f"args.addresses.cidr {spec.addresses.cidr}"
    machines = workers_range.num_addresses - _RESERVED_ADDRESSES
    if wanted > machines:
        raise Refusal(
            f"args.pools: {wanted} workers do not fit the {machines} addresses that {where} leaves for them; "
            "choose a larger range or fewer workers"
        )


def machines_fit(wanted: int, platform: Platform) -> None:
    """Refuse more machines in all than the platform carries.

    Raises:
        Refusal: Naming why it carries no more.
    """
    most = platform.limits.machines
    if most is not None and wanted > most:
        raise Refusal(
            f"args.pools: with the machines beside them these are {wanted} machines, and {platform.cloud} "
            f"carries {most}, as {platform.limits.machines_why}; choose fewer workers"
        )

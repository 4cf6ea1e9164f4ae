"""Everything that can be refused is refused here, before any resource is registered."""

from ipaddress import IPv4Network

from confkube import models, names, placement
from confkube.clouds import resolve
from confkube.errors import Refusal
from confkube.names import CONTROL_PLANE, TRUST, WORKERS
from confkube.parse import parse
from confkube.platform import Platform
from confkube.roles import control_plane, trust_server, workers
from confkube.roles.network import API_PORT, TRUST_PORT, tiers_of
from confkube.roles.options import HOST_NUMBER
from confkube.spec import NODE_PREFIX, CvmNodes

_PEM = "-----BEGIN CERTIFICATE-----\n" + ("M" * 64 + "\n") * 13 + "-----END CERTIFICATE-----\n"
"""As long as any certificate that confkube makes (ECDSA P-256), for sizes that are checked before it exists."""
_RESERVED_ADDRESSES = 5
"""What a cloud keeps of each subnet at the most: five, as of 2026-11-24."""
_SUFFIX = "-" + "f" * 8
_HASH = "sha256:" + "f" * 64
_TOKEN = "abcdef.0123456789abcdef"  # noqa: S105 - the length is what counts


def checked_cvm_nodes(name: str, args: object) -> tuple[CvmNodes, Platform]:
    """Check the arguments of a cvm-nodes cluster.

    Raises:
        Refusal: The first thing that cannot be.
    """
    checked_cluster_name(name)
    spec = parse(CvmNodes, args)
    platform = resolve(spec.platform)
    _fits_platform(name, spec.addresses.cidr, platform)
    _pools_fit(spec, platform)
    _disks_fit(spec, platform)
    placement.control_plane_type(platform, spec.control_plane)
    for pool in spec.pools:
        placement.pool_type(platform, pool, spec.tee, spec.allow)
    if spec.trust.external is None:
        machine_type = spec.trust.server.machine_type if spec.trust.server else None
        placement.confidential_type(platform, spec.tee, machine_type, spec.allow)
    _boot_texts_fit(name, spec, platform)
    return spec, platform


def checked_cluster_name(name: str) -> str:
    """Refuse a cluster (stack) name that some cloud could not carry.

    Raises:
        Refusal: It is too long or has other characters than lower-case letters, digits and dashes.
    """
    try:
        return names.checked_name(name, names.CLUSTER_NAME_LENGTH)
    except Refusal as refusal:
        raise Refusal(f"name: {refusal}") from None


def _fits_platform(name: str, cidr: IPv4Network, platform: Platform) -> None:
    for prefix in platform.limits.reserved_prefixes:
        if name.startswith(prefix):
            raise Refusal(f"name: {name!r} begins with {prefix!r}, which {platform.cloud} keeps for itself")
    shortest, longest = platform.limits.network_prefix
    if not shortest <= cidr.prefixlen <= longest:
        raise Refusal(
            f"args.addresses.cidr: {platform.cloud} makes networks from /{shortest} to /{longest}, not {cidr}"
        )


def _disks_fit(spec: CvmNodes, platform: Platform) -> None:
    most, most_single = platform.limits.disk_gib, platform.limits.confidential_disk_gib or platform.limits.disk_gib
    server = spec.trust.server.disk_gib if spec.trust.server else 0
    wanted = [("args.control_plane", spec.control_plane.disk_gib, most), ("args.trust.server", server, most_single)]
    for what, size, bound in [*wanted, *((f"pool {pool.name}", pool.disk_gib, most) for pool in spec.pools)]:
        if size > bound:
            raise Refusal(f"{what}: disk_gib {size} is too large; {platform.cloud} takes {bound} or less here")


def _pools_fit(spec: CvmNodes, platform: Platform) -> None:
    most = platform.limits.group_machines
    for pool in spec.pools:
        if most is not None and pool.count > most:
            raise Refusal(
                f"pool {pool.name}: {pool.count} machines are too many for one scale group of {platform.cloud}, "
                f"which holds {most}; divide them between pools"
            )
    wanted = sum(pool.count for pool in spec.pools)
    _machines_fit(wanted + 1 + (spec.trust.external is None), platform)
    nodes = 2 ** (NODE_PREFIX - spec.addresses.pods.prefixlen)
    if wanted + 1 > nodes:
        raise Refusal(
            f"args.pools: {wanted} workers and the control plane need a /{NODE_PREFIX} each for their pods, but "
            f"args.addresses.pods {spec.addresses.pods} holds {nodes}; choose a larger range or fewer workers"
        )
    workers_range = tiers_of(spec.addresses.cidr, public=False, own_trust_server=True)[WORKERS].cidr
    machines = workers_range.num_addresses - _RESERVED_ADDRESSES
    if wanted > machines:
        raise Refusal(
            f"args.pools: {wanted} workers do not fit the {machines} addresses that args.addresses.cidr "
            f"{spec.addresses.cidr} leaves for them; choose a larger range or fewer workers"
        )


def _machines_fit(wanted: int, platform: Platform) -> None:
    most = platform.limits.machines
    if most is not None and wanted > most:
        raise Refusal(
            f"args.pools: with the machines beside them these are {wanted} machines, and {platform.cloud} "
            f"carries {most}, as {platform.limits.machines_why}; choose fewer workers"
        )


def _boot_texts_fit(name: str, spec: CvmNodes, platform: Platform) -> None:
    """Render every boot text with values of the greatest length; rendering refuses what is over the limit."""
    cluster_id = name + _SUFFIX
    tiers = tiers_of(spec.addresses.cidr, public=False, own_trust_server=True)
    master, trust = (str(names.host(tiers[tier].cidr, HOST_NUMBER)) for tier in (CONTROL_PLANE, TRUST))
    domain = models.trust_domain(name, spec.trust)
    root, endpoint = _PEM, f"{trust}:{TRUST_PORT}"
    if spec.trust.external:
        root, endpoint = spec.trust.external.root_certificate, spec.trust.external.endpoint
    else:
        trust_server.boot_text(platform, domain, cluster_id, root)
    control_plane.boot_text(
        platform,
        control_plane.Plan(
            name=f"{name}-control-plane",
            address=master,
            addresses=spec.addresses,
            join_for=spec.ttl,
            model="cvm-nodes",
            cluster_id=cluster_id,
            ca_certificate=_PEM,
        ),
    )
    around = workers.Surroundings(
        cluster_id=cluster_id,
        api_endpoint=f"{master}:{API_PORT}",
        ca_hash=_HASH,
        token=_TOKEN,
        trust_endpoint=endpoint,
        trust_domain=domain,
        root_certificate=root,
    )
    for pool in spec.pools:
        try:
            workers.boot_text(platform, pool, pool.tee or spec.tee, around)
        except Refusal as refusal:
            raise Refusal(f"pool {pool.name}: {refusal}") from None

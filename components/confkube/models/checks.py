"""Everything that can be refused is refused here, before any resource is registered."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar, cast

from confkube import bootstrap, facts, names, placement
from confkube.attest.pods import is_bound, of_cluster
from confkube.bootstrap.relying_party import UNBOUND
from confkube.clouds import resolve
from confkube.errors import Refusal
from confkube.facts import Cell
from confkube.model_specs import Cluster, CocoMetal, CocoNested, CocoPeerPods, CvmNodes, NestedNodes
from confkube.models import fitting
from confkube.models.rendering import PEM, Draft, boot_texts_fit, hosts_fit
from confkube.parse import parse
from confkube.placement import isolation_of
from confkube.platform import Cvm, Isolation, Nested, Platform
from confkube.roles.peer_pods import CHART, pod_types
from confkube.roles.pod_image import content_of
from confkube.roles.workers import runtime_of
from confkube.spec import Archive, Pool
from confkube.types import Kms, Tee, WorkerKind

Spec = TypeVar("Spec", bound=Cluster)
OfPods = TypeVar("OfPods", CocoNested, CocoMetal, CocoPeerPods)


def checked_cvm_nodes(name: str, args: object) -> tuple[CvmNodes, Platform]:
    """Check the arguments of a cvm-nodes cluster.

    Raises:
        Refusal: The first thing that cannot be.
    """
    spec, platform = _common("cvm-nodes", CvmNodes, name, args)
    _cell("cvm-nodes", "workers", platform, spec.tee, spec)
    pools = _pools(spec, platform, WorkerKind.CONFIDENTIAL, spec.pools, spec.tee)
    _beside_pools("cvm-nodes", spec, platform)
    boot_texts_fit(Draft(word="cvm-nodes", name=name, spec=spec, platform=platform, pools=pools))
    return spec, platform


def checked_nested_nodes(name: str, args: object) -> tuple[NestedNodes, Platform, Cell]:
    """Check the arguments of a nested-nodes cluster; also returns the cell that carries its children.

    Raises:
        Refusal: The first thing that cannot be.
    """
    spec, platform = _common("nested-nodes", NestedNodes, name, args)
    cell = _cell("nested-nodes", "workers", platform, spec.tee, spec)
    if cell.hypervisor == "mshv" and spec.children.igvm is None:
        raise Refusal(
            f"args.children.igvm is required: the hosts of {platform.cloud} start {cell.tee} children from an IGVM "
            "file, which nobody publishes; build one and give its url and sha256"
        )
    if cell.hypervisor != "mshv" and spec.children.igvm is not None:
        raise Refusal(f"args.children.igvm: the hosts of {platform.cloud} start no IGVM files; take it away")
    names.refuse_overlaps(
        {
            "args.children.cidr": spec.children.cidr,
            "args.addresses.cidr": spec.addresses.cidr,
            "args.addresses.pods": spec.addresses.pods,
            "args.addresses.services": spec.addresses.services,
        }
    )
    fitting.machines_fit(spec.hosts.count + 1 + (spec.trust.external is None), platform)
    try:
        chosen = placement.machine_type(platform, Nested(tee=spec.tee), spec.hosts.machine_type, spec.allow)
        placement.hosts_suffice(platform, spec.hosts.count, Nested(tee=spec.tee), alone=True)
    except Refusal as refusal:
        raise Refusal(f"args.hosts: {refusal}") from None
    _children_fit(spec, platform, chosen)
    _pools(spec, platform, WorkerKind.CHILD_CAPABLE, (), spec.tee)
    _beside_pools("nested-nodes", spec, platform)
    hosts_fit(name, spec, platform)
    return spec, platform, cell


def _children_fit(spec: NestedNodes, platform: Platform, machine_type: str) -> None:
    """Refuse children whose memory or disks their host does not have; processors may be shared."""
    if platform.limits.given_hosts:
        return
    children, memory = spec.children, facts.instance_type(platform.cloud, machine_type).memory_gib
    if children.count * children.memory_gib >= memory:
        raise Refusal(
            f"args.children: {children.count} of {children.memory_gib} GiB take all of the {memory:g} GiB of "
            f"{machine_type}; choose fewer, smaller ones, or a larger args.hosts.machine_type"
        )
    if children.count * children.disk_gib >= spec.hosts.disk_gib:
        raise Refusal(
            f"args.children: {children.count} disks of {children.disk_gib} GiB do not fit the host's "
            f"{spec.hosts.disk_gib}; choose smaller ones, or a larger args.hosts.disk_gib"
        )


def checked_coco_nested(name: str, args: object) -> tuple[CocoNested, Platform, Cell]:
    """Check the arguments of a coco-nested cluster; also returns the cell that carries its pods.

    Raises:
        Refusal: The first thing that cannot be.
    """
    spec, platform, cell = _common_of_pods("coco-nested", CocoNested, name, args)
    _same_tee(spec.pools, spec.tee)
    pools = _pools(spec, platform, WorkerKind.CHILD_CAPABLE, spec.pools, spec.tee)
    _beside_pools("coco-nested", spec, platform)
    boot_texts_fit(
        Draft(
            word="coco-nested",
            cell=cell,
            name=name,
            spec=spec,
            platform=platform,
            pools=pools,
            runtime=_runtime(platform, spec.tee, spec.kata),
            pod_tees=(cell.tee,),
        )
    )
    return spec, platform, cell


def checked_coco_metal(name: str, args: object) -> tuple[CocoMetal, Platform, Cell]:
    """Check the arguments of a coco-metal cluster; also returns the cell that carries its pods.

    Raises:
        Refusal: The first thing that cannot be.
    """
    spec, platform, cell = _common_of_pods("coco-metal", CocoMetal, name, args)
    spec = _all_hosts(spec, platform, args)
    _same_tee(spec.pools, spec.tee)
    pools = _pools(spec, platform, WorkerKind.CHILD_CAPABLE, spec.pools, spec.tee)
    _beside_pools("coco-metal", spec, platform)
    boot_texts_fit(
        Draft(
            word="coco-metal",
            cell=cell,
            name=name,
            spec=spec,
            platform=platform,
            pools=pools,
            runtime=_runtime(platform, spec.tee),
            pod_tees=(cell.tee,),
        )
    )
    return spec, platform, cell


def checked_coco_peer_pods(name: str, args: object) -> tuple[CocoPeerPods, Platform, Cell]:
    """Check the arguments of a coco-peer-pods cluster; also returns the cell that carries its pods.

    Raises:
        Refusal: The first thing that cannot be.
    """
    spec, platform, cell = _common_of_pods("coco-peer-pods", CocoPeerPods, name, args)
    for pool in spec.pools:
        if pool.tee:
            raise Refusal(
                f"pool {pool.name}: tee {pool.tee.value} is given, but the workers of coco-peer-pods are plain "
                "machines; args.pods says what the pods have"
            )
    pod_types(platform, {vms.tee or spec.tee: vms.machine_types for vms in spec.pods}, spec.allow)
    for number, vms in enumerate(spec.pods):
        content = content_of(vms.image)
        platform.limits.check_image(f"args.pods[{number}].image", content, Cvm(tee=vms.tee or spec.tee))
    pools = _pools(spec, platform, WorkerKind.PLAIN, spec.pools, None)
    _beside_pools("coco-peer-pods", spec, platform)
    boot_texts_fit(
        Draft(
            word="coco-peer-pods",
            cell=cell,
            name=name,
            spec=spec,
            platform=platform,
            pools=pools,
            runtime=bootstrap.REMOTE,
            **_longest_peer_pods(),
        )
    )
    return spec, platform, cell


def _common(word: str, shape: type[Spec], name: str, args: object) -> tuple[Spec, Platform]:
    fitting.checked_cluster_name(name)
    spec = parse(shape, args)
    platform = resolve(spec.platform)
    fitting.platform_fits(name, spec.addresses.cidr, platform)
    fitting.administrators_fit(spec, platform)
    fitting.network_suits(word, spec, platform)
    _trust_suits(word, spec)
    return spec, platform


def _common_of_pods(word: str, shape: type[OfPods], name: str, args: object) -> tuple[OfPods, Platform, Cell]:
    """What is checked of every model with confidential pods; also returns the cell that carries them."""
    spec, platform = _common(word, shape, name, args)
    cell = _cell(word, "pods", platform, spec.tee, spec)
    if spec.trust.kms is Kms.DEMO and not is_bound(cell) and UNBOUND not in spec.trust.kms_accepts:
        raise Refusal(
            f"args.trust.kms: on {cell.cloud} no evidence shows which initdata a pod started with, so 'demo' would "
            f"give its secret to nobody; accept that by name with args.trust.kms_accepts: ['{UNBOUND}']"
        )
    return spec, platform, cell


def _trust_suits(word: str, spec: Cluster) -> None:
    if word == "nested-nodes" and spec.trust.kms is Kms.DEMO:
        raise Refusal(
            "args.trust.kms: no agent runs in children yet, so nobody could prove itself to 'demo'; leave it out"
        )
    server = spec.trust.server
    if facts.models()[word].trust == "spire" and server and server.reference_values:
        raise Refusal(f"args.trust.server.reference_values: {word} has a SPIRE server, which has none; take it away")
    if facts.models()[word].trust == "spire" and server and server.container:
        raise Refusal(f"args.trust.server.container: {word} has a SPIRE server, which is no container; take it away")


def _beside_pools(word: str, spec: Cluster, platform: Platform) -> None:
    """Check the control plane and the trust server."""
    placement.control_plane_type(platform, spec.control_plane)
    if spec.trust.external is None:
        _container_given(word, spec)
        machine_type = spec.trust.server.machine_type if spec.trust.server else None
        own = placement.trust_tee(platform, getattr(spec, "tee", None), spec)
        placement.confidential_type(platform, own, machine_type, spec.allow)


def _container_given(word: str, spec: Cluster) -> None:
    container = spec.trust.server.container if spec.trust.server else None
    if facts.models()[word].trust == "trustee" and container is None:
        raise Refusal(
            f"args.trust.server.container is required: {word} has a Trustee, of whose container image no digest is a "
            "recorded fact; give registry/name@sha256:…, or args.trust.external"
        )


def _cell(word: str, part: str, platform: Platform, tee: Tee | None, spec: Cluster) -> Cell:
    return facts.placed(word, part, platform.cloud, tee.value if tee else facts.NO_TEE, allow=spec.allow)


def _runtime(platform: Platform, tee: Tee | None, kata: Archive | None = None) -> bootstrap.HostRuntime | None:
    try:
        return runtime_of(platform, WorkerKind.CHILD_CAPABLE, tee, kata)
    except Refusal as refusal:
        raise Refusal(f"args.{refusal}") from None


def _all_hosts(spec: CocoMetal, platform: Platform, args: object) -> CocoMetal:
    """Where hosts are given and no pools, all hosts with the TEE are workers."""
    given = platform.limits.given_hosts
    if not given or "pools" in cast("Mapping[str, object]", args):
        return spec
    return replace(spec, pools=(Pool(name="workers", count=max(1, given.get(spec.tee.value, 0))),))


def _same_tee(pools: Sequence[Pool], tee: Tee | None) -> None:
    for pool in pools:
        if pool.tee not in (None, tee):
            raise Refusal(
                f"pool {pool.name}: tee {pool.tee.value} differs from the cluster's {tee.value if tee else 'none'}; "
                "the pods of one cluster have one TEE here"
            )


def _pools(
    spec: Cluster, platform: Platform, kind: WorkerKind, pools: Sequence[Pool], tee: Tee | None
) -> list[tuple[Pool, Isolation]]:
    """Check the pools; returns each with what its machines are."""
    fitting.pools_fit(pools, spec, platform)
    fitting.disks_fit(pools, spec, platform)
    checked = [(pool, isolation_of(kind, pool.tee or tee)) for pool in pools]
    for pool, isolation in checked:
        placement.pool_type(platform, pool, isolation, spec.allow)
    return checked


_SETTINGS = 30
"""More settings of cloud-api-adaptor, and longer ones, than any platform has."""


def _longest_peer_pods() -> dict[str, Any]:
    settings = {f"SETTING_{number:02}": names.digest(str(number), 64) * 2 for number in range(_SETTINGS)}
    settings["INITDATA"] = of_cluster("trustee.example.org:8080", PEM).encoded()
    return {
        "chart_values": json.dumps({CHART: {"provider": "longest", "providerConfigs": {"longest": settings}}}),
        "issuer": f"https://{names.digest('issuer', 64)}.example.org/",
    }


CHECKS: Mapping[str, Callable[[str, object], tuple[object, ...]]] = MappingProxyType(
    {
        "cvm-nodes": checked_cvm_nodes,
        "nested-nodes": checked_nested_nodes,
        "coco-metal": checked_coco_metal,
        "coco-nested": checked_coco_nested,
        "coco-peer-pods": checked_coco_peer_pods,
    }
)
"""Word of a model -> how its arguments are checked."""

"""Renders every boot text with values of the greatest length, before anything exists."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from confkube import facts, models, names
from confkube.attest.pods import is_bound
from confkube.bootstrap import HostRuntime
from confkube.bootstrap.nested_values import Overlay
from confkube.errors import Refusal
from confkube.facts import Cell
from confkube.model_specs import Cluster, NestedNodes
from confkube.names import CONTROL_PLANE, TRUST
from confkube.platform import Isolation, Platform
from confkube.roles import control_plane, nested_host, trust_server, workers
from confkube.roles.openings import API_PORT, tiers_of, trust_port
from confkube.roles.options import HOST_NUMBER
from confkube.spec import Pool, TrustMachine
from confkube.types import Kms


def _letters(count: int) -> str:
    """As many letters as asked for that no compression makes shorter."""
    rounds = (names.digest(f"{number}", 64) for number in range(count // 40 + 1))
    return "".join(base64.b64encode(bytes.fromhex(part)).decode().rstrip("=") for part in rounds)[:count]


def _certificate() -> str:
    body = _letters(13 * 64)
    lines = "".join(f"{body[start : start + 64]}\n" for start in range(0, len(body), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n"


PEM = _certificate()
"""As long as any certificate that confkube makes (ECDSA P-256), for sizes that are checked before it exists."""
LABELS = {f"confkube-{number}": _letters(63) for number in range(5)}
"""As long as labels can be."""
SUFFIX = "-" + names.digest("suffix", 8)
_HASH = "sha256:" + names.digest("hash", 64)
_TOKEN = "abcdef.0123456789abcdef"  # noqa: S105 - the length is what counts


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What the boot texts of a cluster depend on, before anything exists."""

    word: str
    """Word of the model."""
    name: str
    spec: Cluster
    platform: Platform
    pools: Sequence[tuple[Pool, Isolation]] = ()
    """Each with what its machines are."""
    cell: Cell | None = None
    """Where pods are that a Trustee vouches for."""
    runtime: HostRuntime | None = None
    """What the workers need for pods in virtual machines."""
    pod_tees: tuple[str, ...] = ()
    """TEEs of the pods that the workers start themselves."""
    chart_values: str = "{}"
    """As long as what the platform's own settings will be."""
    issuer: str = ""
    """As long as the issuer's name will be."""
    overlay: Overlay | None = None
    """The network of child machines."""


def boot_texts_fit(draft: Draft) -> workers.Surroundings:
    """Refuse a cluster of which some boot text is larger than the platform takes; returns what workers are told.

    Raises:
        Refusal: Naming the machine or the pool.
    """
    around = surroundings(draft)
    spec = draft.spec
    control_plane.boot_text(
        draft.platform,
        control_plane.Plan(
            name=f"{draft.name}-control-plane",
            address=around.api_endpoint.rpartition(":")[0],
            addresses=spec.addresses,
            join_for=spec.ttl,
            model=draft.word,
            cluster_id=around.cluster_id,
            ca_certificate=PEM,
            labels=LABELS,
            chart_values=draft.chart_values,
            issuer=draft.issuer,
            objects=bool(draft.issuer),
            pins=spec.pins,
            pod_tees=draft.pod_tees,
            volumes=spec.volumes,
            overlay=draft.overlay,
        ),
    )
    for pool, isolation in draft.pools:
        try:
            workers.boot_text(draft.platform, pool, isolation, around, draft.runtime)
        except Refusal as refusal:
            raise Refusal(f"pool {pool.name}: {refusal}") from None
    return around


def surroundings(draft: Draft) -> workers.Surroundings:
    """What workers are told, at its longest; the trust server's own boot text is tried on the way."""
    word, spec, platform = draft.word, draft.spec, draft.platform
    cluster_id = draft.name + SUFFIX
    tiers = tiers_of(spec.addresses.cidr, public=False, own_trust_server=True, model=word)
    master, trust = (str(names.host(tiers[tier].cidr, HOST_NUMBER)) for tier in (CONTROL_PLANE, TRUST))
    domain = models.trust_domain(draft.name, spec.trust)
    root, endpoint = PEM, f"{trust}:{trust_port(word)}"
    if spec.trust.external:
        root, endpoint = spec.trust.external.root_certificate, spec.trust.external.endpoint
    else:
        server = spec.trust.server or TrustMachine()
        plan = trust_server.Plan(
            model=word,
            address=trust,
            trust_domain=domain,
            container=server.container,
            reference_values=server.reference_values,
            initdata_binding=draft.cell.initdata if draft.cell and is_bound(draft.cell) else None,
            kms=spec.trust.kms is Kms.DEMO,
            kms_accepts=spec.trust.kms_accepts,
        )
        trust_server.boot_text(platform, plan, cluster_id, root)
    attested = facts.models()[word].trust == "spire"
    return workers.Surroundings(
        cluster_id=cluster_id,
        api_endpoint=f"{master}:{API_PORT}",
        ca_hash=_HASH,
        token=_TOKEN,
        **({"trust_endpoint": endpoint, "trust_domain": domain, "root_certificate": root} if attested else {}),
    )


def hosts_fit(name: str, spec: NestedNodes, platform: Platform) -> None:
    """Refuse child-capable hosts, or a control plane beside them, whose boot text is too large.

    Raises:
        Refusal: Naming the machine.
    """
    given = spec.network.hosts if spec.network else None
    hosts = given.cidr if given else control_plane.hosts_of(spec.addresses)
    chosen = names.host(names.split_tiers(spec.addresses.cidr)[CONTROL_PLANE], HOST_NUMBER)
    master = str(platform.limits.address(CONTROL_PLANE, chosen))
    around = boot_texts_fit(
        Draft(
            word="nested-nodes",
            name=name,
            spec=spec,
            platform=platform,
            overlay=control_plane.children_network(platform, master, hosts, spec.children),
        )
    )
    plan = nested_host.Plan(
        number=spec.hosts.count,
        addresses=nested_host.addresses(platform, hosts),
        children=spec.children,
        tee=spec.tee,
    )
    try:
        nested_host.boot_text(platform, plan, around)
    except Refusal as refusal:
        raise Refusal(f"args.children: {refusal}") from None

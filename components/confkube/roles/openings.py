"""Which tiers a deployment model has, and what may enter each of them, and why."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from confkube import facts, names
from confkube.bootstrap import ENROLMENT_PORT
from confkube.errors import choose
from confkube.names import CONTROL_PLANE, HOSTS, PODS, TRUST, WORKERS
from confkube.platform import TUNNEL, Opening, Tier

API_PORT, KUBELET_PORT = 6443, 10250
OVERLAY_PORT, ENCRYPTION_PORT, HEALTH_PORT = 8472, 51871, 4240
"""Kubernetes: https://kubernetes.io/docs/reference/networking/ports-and-protocols/; overlay (VXLAN)
and health: https://docs.cilium.io/en/stable/operations/system_requirements/#firewall-rules; read 2026-11-23."""

SPIRE_PORT, TRUSTEE_PORT, KMS_PORT = 8081, 8080, 8083
"""SPIRE's and Trustee's defaults, and the demonstration of a relying party beside them.
Source: https://github.com/confidential-containers/trustee/tree/258ea4ac/kbs, 2026-11-23."""

AGENT_PORT, POD_TUNNEL_PORT = 15150, 9000
"""From a worker to the agent in a pod VM, and the VXLAN between them; not VXLAN's own 4789, which pod networks use.
Source: https://github.com/confidential-containers/cloud-api-adaptor/tree/fbdde756, 2026-11-23."""

CHILDREN_PORT = 4789
"""VXLAN's own port: the network of child machines between their hosts and the control plane (RFC 7348)."""

_TIERS = {"nested-nodes": (CONTROL_PLANE, HOSTS), "coco-peer-pods": (CONTROL_PLANE, WORKERS, PODS)}
_USUAL = (CONTROL_PLANE, WORKERS)

_BETWEEN_NODES = (
    ("overlay", "udp", OVERLAY_PORT, "pod network"),
    ("encryption", "udp", ENCRYPTION_PORT, "pod network, encrypted"),
    ("health", "tcp", HEALTH_PORT, "health of the pod network"),
    ("echo", "icmp", 0, "health of the pod network"),
)
"""What the pod network needs between any two nodes."""

_Row = tuple[str, str, str | IPv4Network, str, int, str]


def tiers_of(cidr: IPv4Network, *, public: bool, own_trust_server: bool, model: str = "cvm-nodes") -> dict[str, Tier]:
    """The tiers of a cluster; each one's range is the same whatever else exists."""
    ranges = names.split_tiers(cidr)
    wanted = [*_TIERS.get(model, _USUAL), *([TRUST] if own_trust_server else [])]
    return {
        tier: Tier(name=tier, cidr=ranges[tier], public=public and tier == CONTROL_PLANE, foreign=tier == PODS)
        for tier in wanted
    }


def trust_port(model: str) -> int:
    """Port of the trust server that vouches for a model's confidential part."""
    return SPIRE_PORT if facts.models()[model].trust == "spire" else TRUSTEE_PORT


def openings_of(
    admin_cidrs: tuple[IPv4Network, ...], *, own_trust_server: bool, model: str = "cvm-nodes", kms: bool = False
) -> tuple[Opening, ...]:
    """What may enter which tier, and why."""
    tiers = _TIERS.get(model, _USUAL)
    rows = [*_for_nodes(tiers), *_for_administrators(admin_cidrs)]
    if own_trust_server:
        rows += _for_trust(tiers, trust_port(model), kms=kms)
    return tuple(
        Opening(name=name, tier=tier, source=source, protocol=protocol, port=port, why=why)
        for name, tier, source, protocol, port, why in rows
    )


def openings(model: str, *, own_trust_server: bool = True, kms: bool = False) -> tuple[Opening, ...]:
    """What a network that exists must let in for a model: tier, source (a tier, or ``TUNNEL``), protocol, port, why.

    Args:
        model: Word of the model.
        own_trust_server: Whether the cluster makes its trust server.
        kms: Whether the demonstration of a relying party answers on it.

    Raises:
        Refusal: The model is not known.
    """
    if model not in facts.models():
        raise choose("model", model, facts.models())
    return openings_of((), own_trust_server=own_trust_server, model=model, kms=kms)


def _for_nodes(tiers: tuple[str, ...]) -> Iterator[_Row]:
    if WORKERS in tiers:
        yield "api-from-workers", CONTROL_PLANE, WORKERS, "tcp", API_PORT, "nodes and pods use the API"
    yield "api-from-tunnel", CONTROL_PLANE, TUNNEL, "tcp", API_PORT, "administrators without a public address"
    if WORKERS in tiers:
        yield "kubelet-from-control-plane", WORKERS, CONTROL_PLANE, "tcp", KUBELET_PORT, "logs, exec and metrics"
        for tier, source in ((CONTROL_PLANE, WORKERS), (WORKERS, CONTROL_PLANE), (WORKERS, WORKERS)):
            for name, protocol, port, why in _BETWEEN_NODES:
                yield f"{name}-from-{source}", tier, source, protocol, port, why
    if HOSTS in tiers:
        # All else between the control plane and the children travels inside.
        for tier, source in ((CONTROL_PLANE, HOSTS), (HOSTS, CONTROL_PLANE), (HOSTS, HOSTS)):
            yield f"children-from-{source}", tier, source, "udp", CHILDREN_PORT, "network of the child machines"
    if PODS in tiers:
        yield "agent-from-workers", PODS, WORKERS, "tcp", AGENT_PORT, "workers start the pod in its VM"
        yield "pod-tunnel-from-workers", PODS, WORKERS, "udp", POD_TUNNEL_PORT, "network of the pod"
        yield "pod-tunnel-from-pods", WORKERS, PODS, "udp", POD_TUNNEL_PORT, "network of the pod"


def _for_administrators(admin_cidrs: tuple[IPv4Network, ...]) -> Iterator[_Row]:
    for source in admin_cidrs:
        yield f"api-from-{_slug(source)}", CONTROL_PLANE, source, "tcp", API_PORT, "administrators use the API"


def _for_trust(tiers: tuple[str, ...], port: int, *, kms: bool) -> Iterator[_Row]:
    source = next(tier for tier in (PODS, HOSTS, WORKERS) if tier in tiers)
    yield f"agents-from-{source}", TRUST, source, "tcp", port, "agents attest and renew"
    if kms:
        yield f"kms-from-{source}", TRUST, source, "tcp", KMS_PORT, "who is attested asks for the secret"
    yield "enrolment-from-tunnel", TRUST, TUNNEL, "tcp", ENROLMENT_PORT, "the trust server is enrolled"


def _slug(source: IPv4Network) -> str:
    return str(source).replace(".", "-").replace("/", "-")

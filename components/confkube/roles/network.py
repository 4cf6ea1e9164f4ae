"""The network of a cluster: a tier for each role, closed but for what the cluster needs."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

import pulumi

from confkube import names
from confkube.bootstrap import ENROLMENT_PORT
from confkube.clouds import resolve
from confkube.component import refusing
from confkube.names import CONTROL_PLANE, TRUST, WORKERS
from confkube.parse import parse
from confkube.platform import TUNNEL, NetworkSpec, Opening, Tier
from confkube.spec import Addresses, AdminRanges
from confkube.types import NetworkArgs, TierRef

API_PORT, KUBELET_PORT, TRUST_PORT = 6443, 10250, 8081
OVERLAY_PORT, ENCRYPTION_PORT, HEALTH_PORT = 8472, 51871, 4240
"""Kubernetes: https://kubernetes.io/docs/reference/networking/ports-and-protocols/; overlay (VXLAN)
and health: https://docs.cilium.io/en/stable/operations/system_requirements/#firewall-rules; read 2026-11-23."""


@dataclass(frozen=True, kw_only=True)
class _Arguments(AdminRanges):
    platform: dict[str, Any]
    cluster: dict[str, Any]
    addresses: Addresses = field(default_factory=Addresses)
    own_trust_server: bool = True


class Network(pulumi.ComponentResource):
    """Network, subnets, egress and firewalls of a cluster."""

    network_id: pulumi.Output[str]
    """Identifier of the network."""

    @refusing
    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse(_Arguments, args)
        platform = resolve(spec.platform)
        super().__init__("confkube:index:Network", name, {}, opts)
        tiers = tiers_of(spec.addresses.cidr, public=bool(spec.admin_cidrs), own_trust_server=spec.own_trust_server)
        made = platform.network(
            name,
            NetworkSpec(
                cidr=spec.addresses.cidr,
                tiers=tuple(tiers.values()),
                openings=openings_of(spec.admin_cidrs, own_trust_server=spec.own_trust_server),
                labels=args["cluster"]["labels"],
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self._tiers: dict[str, TierRef] = {
            tier.name: {
                "subnet_id": made.subnet_ids[tier.name],
                "firewall_id": made.firewall_ids[tier.name],
                "cidr": str(tier.cidr),
            }
            for tier in tiers.values()
        }
        self._ready = made.ready
        self.network_id = made.network_id
        self.register_outputs({"network_id": self.network_id})

    @property
    def tiers(self) -> dict[str, TierRef]:
        """By role: ``control-plane``, ``workers`` and, with a trust server of ours, ``trust``."""
        return self._tiers

    @property
    def ready(self) -> tuple[pulumi.Resource, ...]:
        """What a machine depends on to reach the internet at its first boot: the roles' ``machines_after``."""
        return self._ready


def tiers_of(cidr: IPv4Network, *, public: bool, own_trust_server: bool) -> dict[str, Tier]:
    """The tiers of a cluster; each one's range is the same whatever else exists."""
    ranges = names.split_tiers(cidr, (CONTROL_PLANE, TRUST), WORKERS)
    tiers = {
        CONTROL_PLANE: Tier(name=CONTROL_PLANE, cidr=ranges[CONTROL_PLANE], public=public),
        WORKERS: Tier(name=WORKERS, cidr=ranges[WORKERS]),
    }
    return tiers | ({TRUST: Tier(name=TRUST, cidr=ranges[TRUST])} if own_trust_server else {})


_BETWEEN_NODES = (
    ("overlay", "udp", OVERLAY_PORT, "pod network"),
    ("encryption", "udp", ENCRYPTION_PORT, "pod network, encrypted"),
    ("health", "tcp", HEALTH_PORT, "health of the pod network"),
    ("echo", "icmp", 0, "health of the pod network"),
)
"""What the pod network needs between any two nodes."""


def openings_of(admin_cidrs: tuple[IPv4Network, ...], *, own_trust_server: bool) -> tuple[Opening, ...]:
    """What may enter which tier, and why."""
    wanted: list[tuple[str, str, str | IPv4Network, str, int, str]] = [
        ("api-from-workers", CONTROL_PLANE, WORKERS, "tcp", API_PORT, "nodes and pods use the API"),
        ("api-from-tunnel", CONTROL_PLANE, TUNNEL, "tcp", API_PORT, "administrators without a public address"),
        ("kubelet-from-control-plane", WORKERS, CONTROL_PLANE, "tcp", KUBELET_PORT, "logs, exec and metrics"),
        *(
            (f"{name}-from-{source}", tier, source, protocol, port, why)
            for tier, source in ((CONTROL_PLANE, WORKERS), (WORKERS, CONTROL_PLANE), (WORKERS, WORKERS))
            for name, protocol, port, why in _BETWEEN_NODES
        ),
        *(
            (f"api-from-{_slug(source)}", CONTROL_PLANE, source, "tcp", API_PORT, "administrators use the API")
            for source in admin_cidrs
        ),
    ]
    if own_trust_server:
        wanted += [
            ("agents-from-workers", TRUST, WORKERS, "tcp", TRUST_PORT, "agents attest and renew"),
            ("enrolment-from-tunnel", TRUST, TUNNEL, "tcp", ENROLMENT_PORT, "the trust server is enrolled"),
        ]
    return tuple(
        Opening(name=name, tier=tier, source=source, protocol=protocol, port=port, why=why)
        for name, tier, source, protocol, port, why in wanted
    )


def _slug(source: IPv4Network) -> str:
    return str(source).replace(".", "-").replace("/", "-")

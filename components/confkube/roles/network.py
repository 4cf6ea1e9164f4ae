"""The network of a cluster: a tier for each role, closed but for what the cluster needs."""

from ipaddress import IPv4Network
from typing import Annotated, Any

import pulumi
from pydantic import ConfigDict, Field

from confkube import names
from confkube.clouds import resolve
from confkube.component import refusing
from confkube.parse import parse
from confkube.platform import NetworkSpec, Opening, Tier
from confkube.spec import Addresses, AdminRanges
from confkube.types import NetworkArgs, TierRef

CONTROL_PLANE, WORKERS, TRUST = "control-plane", "workers", "trust"

API_PORT, KUBELET_PORT, OVERLAY_PORT, HEALTH_PORT, TRUST_PORT = 6443, 10250, 8472, 4240, 8081
"""Kubernetes: https://kubernetes.io/docs/reference/networking/ports-and-protocols/; overlay (VXLAN)
and health: https://docs.cilium.io/en/stable/operations/system_requirements/#firewall-rules; read 2026-11-23."""


class _Arguments(AdminRanges):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    platform: dict[str, Any]
    addresses: Addresses = Addresses()
    own_trust_server: Annotated[bool, Field()] = True


class Network(pulumi.ComponentResource):
    """Network, subnets, egress and firewalls of a cluster."""

    network_id: pulumi.Output[str]
    """Identifier of the network."""

    @refusing
    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse(_Arguments, {key: value for key, value in args.items() if key != "cluster"})
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
        """What a machine depends on to reach the internet at its first boot."""
        return self._ready


def tiers_of(cidr: IPv4Network, *, public: bool, own_trust_server: bool) -> dict[str, Tier]:
    """The tiers of a cluster; each one's range is the same whatever else exists."""
    ranges = names.split_tiers(cidr, (CONTROL_PLANE, TRUST), WORKERS)
    tiers = {
        CONTROL_PLANE: Tier(name=CONTROL_PLANE, cidr=ranges[CONTROL_PLANE], public=public),
        WORKERS: Tier(name=WORKERS, cidr=ranges[WORKERS]),
    }
    return tiers | ({TRUST: Tier(name=TRUST, cidr=ranges[TRUST])} if own_trust_server else {})


def openings_of(admin_cidrs: tuple[IPv4Network, ...], *, own_trust_server: bool) -> tuple[Opening, ...]:
    """What may enter which tier, and why."""
    wanted = [
        ("api-from-workers", CONTROL_PLANE, WORKERS, "tcp", API_PORT, "nodes and pods use the API"),
        ("overlay-from-workers", CONTROL_PLANE, WORKERS, "udp", OVERLAY_PORT, "pod network"),
        ("overlay-from-control-plane", WORKERS, CONTROL_PLANE, "udp", OVERLAY_PORT, "pod network"),
        ("overlay-from-workers", WORKERS, WORKERS, "udp", OVERLAY_PORT, "pod network"),
        ("health-from-workers", CONTROL_PLANE, WORKERS, "tcp", HEALTH_PORT, "health of the pod network"),
        ("health-from-control-plane", WORKERS, CONTROL_PLANE, "tcp", HEALTH_PORT, "health of the pod network"),
        ("health-from-workers", WORKERS, WORKERS, "tcp", HEALTH_PORT, "health of the pod network"),
        ("kubelet-from-workers", WORKERS, WORKERS, "tcp", KUBELET_PORT, "metrics"),
        ("kubelet-from-control-plane", WORKERS, CONTROL_PLANE, "tcp", KUBELET_PORT, "logs, exec and metrics"),
        *(
            (f"api-from-{_slug(source)}", CONTROL_PLANE, source, "tcp", API_PORT, "administrators use the API")
            for source in admin_cidrs
        ),
    ]
    if own_trust_server:
        wanted += [
            ("agents-from-workers", TRUST, WORKERS, "tcp", TRUST_PORT, "agents attest and renew"),
            ("agents-from-control-plane", TRUST, CONTROL_PLANE, "tcp", TRUST_PORT, "agents attest and renew"),
        ]
    return tuple(
        Opening(name=name, tier=tier, source=source, protocol=protocol, port=port, why=why)
        for name, tier, source, protocol, port, why in wanted
    )


def _slug(source: IPv4Network) -> str:
    return str(source).replace(".", "-").replace("/", "-")

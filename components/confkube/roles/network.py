"""The network of a cluster: a tier for each role, closed but for what the cluster needs."""

from dataclasses import dataclass, field
from typing import Any

import pulumi

from confkube.clouds import resolve
from confkube.component import refusing
from confkube.parse import parse
from confkube.platform import NetworkSpec
from confkube.role_types import NetworkArgs, TierRef
from confkube.roles.openings import openings_of, tiers_of
from confkube.spec import Addresses, AdminRanges, Model


@dataclass(frozen=True, kw_only=True)
class _Arguments(AdminRanges):
    platform: dict[str, Any]
    cluster: dict[str, Any]
    addresses: Addresses = field(default_factory=Addresses)
    model: Model = "cvm-nodes"
    own_trust_server: bool = True
    kms: bool = False


class Network(pulumi.ComponentResource):
    """Network, subnets, egress and firewalls of a cluster."""

    network_id: pulumi.Output[str]
    """Identifier of the network."""

    @refusing
    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        spec = parse(_Arguments, args)
        platform = resolve(spec.platform)
        super().__init__("confkube:index:Network", name, {}, opts)
        tiers = tiers_of(
            spec.addresses.cidr,
            public=bool(spec.admin_cidrs),
            own_trust_server=spec.own_trust_server,
            model=spec.model,
        )
        made = platform.network(
            name,
            NetworkSpec(
                cidr=spec.addresses.cidr,
                tiers=tuple(tiers.values()),
                openings=openings_of(
                    spec.admin_cidrs, own_trust_server=spec.own_trust_server, model=spec.model, kms=spec.kms
                ),
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
        """By role: ``control-plane``, then as the model needs ``workers``, ``hosts``, ``pods``, ``trust``."""
        return self._tiers

    @property
    def ready(self) -> tuple[pulumi.Resource, ...]:
        """What a machine depends on to reach the internet at its first boot: the roles' ``machines_after``."""
        return self._ready

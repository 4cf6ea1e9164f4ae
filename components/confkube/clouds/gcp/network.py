"""A VPC network: a subnetwork and a network tag for each tier, and one way out through Cloud NAT."""

from typing import Any

import pulumi
import pulumi_gcp as gcp

from confkube.clouds.gcp.labels import description, named
from confkube.clouds.gcp.settings import GcpSettings
from confkube.platform import TUNNEL, Network, NetworkSpec, Opening, Tier

IAP_RANGE = "35.235.240.0/20"
"""Where Identity-Aware Proxy forwards from: https://cloud.google.com/iap/docs/using-tcp-forwarding, 2026-11-25."""


def create(name: str, spec: NetworkSpec, settings: GcpSettings, opts: pulumi.ResourceOptions) -> Network:
    """Make the network of a cluster in one region."""
    builder = _Builder(name, spec, settings, opts)
    for each in spec.tiers:
        builder.tier(each)
    by_source: dict[tuple[str, str], list[Opening]] = {}
    for opening in spec.openings:
        by_source.setdefault((opening.tier, str(opening.source)), []).append(opening)
    for (tier, source), openings in by_source.items():
        builder.openings(tier, source, openings)
    builder.way_out()
    return Network(
        network_id=builder.network.id,
        subnet_ids={tier: subnet.id for tier, subnet in builder.subnets.items()},
        firewall_ids={tier: pulumi.Output.from_input(mark) for tier, mark in builder.marks.items()},
        ready=tuple(builder.ready),
    )


class _Builder:
    def __init__(self, name: str, spec: NetworkSpec, settings: GcpSettings, opts: pulumi.ResourceOptions) -> None:
        self.name, self.settings, self.opts = name, settings, opts
        self.description = description(spec.labels)
        self.sources = {tier.name: str(tier.cidr) for tier in spec.tiers} | {TUNNEL: IAP_RANGE}
        # What an instance carries to be under a tier's rules, a word of at most 63 letters, digits and dashes; where
        # nobody gives it one, its address alone tells: rules for what comes in may name destinations
        # (https://cloud.google.com/firewall/docs/firewalls#rule_components, 2026-11-27).
        self.marks = {tier.name: str(tier.cidr) if tier.foreign else f"{name}-{tier.name}" for tier in spec.tiers}
        self.foreign = {tier.name for tier in spec.tiers if tier.foreign}
        self.network = gcp.compute.Network(
            f"{name}-vpc",
            auto_create_subnetworks=False,
            routing_mode="REGIONAL",
            description=self.description,
            project=settings.project,
            opts=opts,
        )
        self.subnets: dict[str, gcp.compute.Subnetwork] = {}
        self.ready: list[pulumi.Resource] = []

    def tier(self, tier: Tier) -> None:
        """A subnetwork; without a rule for the tier's tag or range, nothing gets into its machines."""
        self.subnets[tier.name] = gcp.compute.Subnetwork(
            f"{self.name}-{tier.name}",
            network=self.network.id,
            ip_cidr_range=str(tier.cidr),
            private_ip_google_access=True,
            description=f"confkube {tier.name} of {self.name}",
            **self._regional(),
        )

    def openings(self, tier: str, source: str, openings: list[Opening]) -> None:
        """Let in what one source may send to one tier."""
        gcp.compute.Firewall(
            named(f"{self.name}-{tier}-from-{_slug(source)}"),
            network=self.network.id,
            direction="INGRESS",
            source_ranges=[self.sources.get(source, source)],
            target_tags=None if tier in self.foreign else [self.marks[tier]],
            destination_ranges=[self.marks[tier]] if tier in self.foreign else None,
            allows=[
                gcp.compute.FirewallAllowArgs(protocol=each.protocol, ports=[str(each.port)] if each.port else None)
                for each in openings
            ],
            description="; ".join(dict.fromkeys(each.why for each in openings)),
            project=self.settings.project,
            opts=self.opts,
        )

    def way_out(self) -> None:
        """Cloud NAT for machines without a public address."""
        router = gcp.compute.Router(
            f"{self.name}-router", network=self.network.id, description=self.description, **self._regional()
        )
        nat = gcp.compute.RouterNat(
            f"{self.name}-nat",
            router=router.name,
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
            # All pods of a node share its ports, and a machine that has none left loses connections without a word.
            enable_dynamic_port_allocation=True,
            enable_endpoint_independent_mapping=False,
            min_ports_per_vm=64,
            max_ports_per_vm=4096,
            **self._regional(),
        )
        self.ready = [nat, *self.subnets.values()]

    def _regional(self) -> dict[str, Any]:
        return {"region": self.settings.region, "project": self.settings.project, "opts": self.opts}


def _slug(source: str) -> str:
    return source.replace(".", "-").replace("/", "-")

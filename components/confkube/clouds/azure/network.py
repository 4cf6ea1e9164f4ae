"""A virtual network: a subnet and a network security group for each tier, one NAT gateway, and a Bastion to get in."""

import dataclasses
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_azure_native as azure

from confkube.clouds.azure import addresses, tenancy
from confkube.clouds.azure.labels import cluster_id, tags
from confkube.clouds.azure.settings import AzureSettings
from confkube.names import last_part
from confkube.platform import TUNNEL, Labels, Network, NetworkSpec, Opening, Tier

_BASTION_SUBNET, _BASTION_PREFIX = "AzureBastionSubnet", 26
"""Its name and smallest size: https://learn.microsoft.com/azure/bastion/configuration-settings, 2026-11-25."""
_FIRST_PRIORITY, _LAST_PRIORITY = 100, 4096
"""https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview, 2026-11-25."""
_PROTOCOLS = {"tcp": "Tcp", "udp": "Udp", "icmp": "Icmp"}


def bastion_name(labels: Labels) -> pulumi.Output[str]:
    """Name of a cluster's Bastion, which the commands that open tunnels name."""
    return cluster_id(labels).apply(lambda cluster: f"{cluster}-bastion")


def create(name: str, spec: NetworkSpec, settings: AzureSettings, opts: pulumi.ResourceOptions) -> Network:
    """Make the network of a cluster in one location."""
    builder = _Builder(name, spec, settings, opts)
    for tier in spec.tiers:
        builder.tier(tier)
    if settings.bastion:
        builder.bastion()
    return Network(
        network_id=builder.vnet.id,
        subnet_ids={tier: subnet.id for tier, subnet in builder.subnets.items()},
        firewall_ids={tier: group.id for tier, group in builder.groups.items()},
        ready=tuple(builder.ready),
    )


class _Builder:
    def __init__(self, name: str, spec: NetworkSpec, settings: AzureSettings, opts: pulumi.ResourceOptions) -> None:
        self.name, self.spec = name, spec
        self.place = tenancy.create(name, settings, spec.labels, opts)
        self.opts = self.place.options(opts)
        self.tags = tags(spec.labels)
        self.sources = {tier.name: str(tier.cidr) for tier in spec.tiers}
        if settings.bastion:
            self.sources[TUNNEL] = str(last_part(spec.cidr, _BASTION_PREFIX))
        self.vnet = azure.network.VirtualNetwork(
            f"{name}-vnet",
            address_space={"address_prefixes": [str(spec.cidr)]},
            **self._common(),
        )
        self.nat = azure.network.NatGateway(
            f"{name}-nat",
            sku={"name": "Standard"},
            public_ip_addresses=[{"id": self._address("nat", zones=self.place.zones).id}],
            zones=self.place.zones,
            **self._common(),
        )
        self.subnets: dict[str, azure.network.Subnet] = {}
        self.groups: dict[str, azure.network.NetworkSecurityGroup] = {}
        self.ready: list[pulumi.Resource] = [self.place.owned] if self.place.owned else []

    def tier(self, tier: Tier) -> None:
        """A subnet with its way out, and a network security group that only the openings lead through."""
        openings = [each for each in self.spec.openings if each.tier == tier.name]
        group = azure.network.NetworkSecurityGroup(
            f"{self.name}-{tier.name}", security_rules=self._rules(openings), **self._common()
        )
        subnet = self._subnet(
            f"{self.name}-{tier.name}",
            tier.cidr,
            network_security_group={"id": group.id},
            nat_gateway={"id": self.nat.id},
        )
        self.subnets[tier.name], self.groups[tier.name] = subnet, group
        self.ready.append(subnet)

    def bastion(self) -> None:
        """A Bastion that forwards single ports, for those whom Azure lets use it.

        After the tiers: it takes minutes to come and to go, in which the network should not change.
        """
        subnet = self._subnet(
            f"{self.name}-bastion",
            last_part(self.spec.cidr, _BASTION_PREFIX),
            subnet_name=_BASTION_SUBNET,
        )
        self.ready.append(subnet)
        azure.network.BastionHost(
            f"{self.name}-bastion",
            bastion_host_name=bastion_name(self.spec.labels),
            sku={"name": "Standard"},
            enable_tunneling=True,
            ip_configurations=[
                {
                    "name": "bastion",
                    "subnet": {"id": subnet.id},
                    "public_ip_address": {"id": self._address("bastion", zones=None).id},
                }
            ],
            **self._common(),
        )

    def _rules(self, openings: list[Opening]) -> list[Any]:
        """One rule for each opening; the last one closes what Azure leaves open inside a virtual network."""
        wanted = [each for each in openings if isinstance(each.source, IPv4Network) or each.source in self.sources]
        rules = [
            _rule(
                opening.name,
                _FIRST_PRIORITY + number,
                access="Allow",
                protocol=_PROTOCOLS[opening.protocol],
                source=self.sources.get(str(opening.source), str(opening.source)),
                port=str(opening.port) if opening.port else "*",
                why=opening.why,
            )
            for number, opening in enumerate(wanted)
        ]
        closing = "nothing else, not even from inside the network"
        return [*rules, _rule("closed", _LAST_PRIORITY, access="Deny", protocol="*", source="*", port="*", why=closing)]

    def _subnet(self, name: str, cidr: IPv4Network, **more: Any) -> azure.network.Subnet:  # noqa: ANN401
        """A subnet, made after the one before: a network takes one change at a time, and no machine meanwhile."""
        before = [each for each in self.ready if isinstance(each, azure.network.Subnet)][-1:]
        return azure.network.Subnet(
            name,
            resource_group_name=self.place.group,
            virtual_network_name=self.vnet.name,
            address_prefix=str(cidr),
            default_outbound_access=False,
            opts=pulumi.ResourceOptions.merge(self.opts, pulumi.ResourceOptions(depends_on=before)),
            **more,
        )

    def _address(self, part: str, *, zones: list[str] | None) -> azure.network.PublicIPAddress:
        place = dataclasses.replace(self.place, zones=zones)
        return addresses.create(f"{self.name}-{part}-address", place, self.tags, self.opts)

    def _common(self) -> dict[str, Any]:
        return {
            "resource_group_name": self.place.group,
            "location": self.place.location,
            "tags": self.tags,
            "opts": self.opts,
        }


def _rule(name: str, priority: int, *, access: str, protocol: str, source: str, port: str, why: str) -> dict[str, Any]:  # noqa: PLR0913
    return {
        "name": name,
        "description": why,
        "priority": priority,
        "direction": "Inbound",
        "access": access,
        "protocol": protocol,
        "source_address_prefix": source,
        "source_port_range": "*",
        "destination_address_prefix": "*",
        "destination_port_range": port,
    }

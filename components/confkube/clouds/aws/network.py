"""A VPC: a subnet, a route table and a security group for each tier, and one way out."""

from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

from confkube.clouds.aws.labels import tags
from confkube.names import last_part
from confkube.platform import TUNNEL, Network, NetworkSpec, Opening, Tier

EVERYWHERE = "0.0.0.0/0"
_TYPE_OF_ECHO = 8
"""EC2 takes the type of an ICMP message as first port and its code, 0, as last."""
_EDGE_PREFIX = 28
"""The NAT gateway's subnet: the smallest that AWS makes, at the very end of the range."""


def create(name: str, spec: NetworkSpec, region: str, zone: str, opts: pulumi.ResourceOptions) -> Network:
    """Make the network of a cluster in one zone."""
    builder = _Builder(name, spec, region, zone, opts)
    builder.gateways()
    for tier in spec.tiers:
        builder.tier(tier)
    # Session Manager reaches a machine through the machine's own agent: a tunnel needs no opening.
    for opening in spec.openings:
        if opening.source != TUNNEL:
            builder.opening(opening)
    return Network(
        network_id=builder.vpc.id,
        subnet_ids={tier: subnet.id for tier, subnet in builder.subnets.items()},
        firewall_ids={tier: group.id for tier, group in builder.groups.items()},
        ready=tuple(builder.egress),
    )


class _Builder:
    def __init__(self, name: str, spec: NetworkSpec, region: str, zone: str, opts: pulumi.ResourceOptions) -> None:
        self.name, self.spec, self.region, self.zone, self.opts = name, spec, region, zone, opts
        parts = ("internet", "edge", *(tier.name for tier in spec.tiers))
        self.tags = {part: tags(spec.labels, f"{name}-{part}") for part in parts}
        self.vpc = aws.ec2.Vpc(
            f"{name}-vpc",
            cidr_block=str(spec.cidr),
            enable_dns_hostnames=True,
            enable_dns_support=True,
            region=region,
            tags=tags(spec.labels, name),
            opts=opts,
        )
        self.subnets: dict[str, aws.ec2.Subnet] = {}
        self.groups: dict[str, aws.ec2.SecurityGroup] = {}
        self.egress: list[pulumi.Resource] = []

    def gateways(self) -> None:
        """One internet gateway, and one NAT gateway in a subnet of its own."""
        name = f"{self.name}-edge"
        self.internet = aws.ec2.InternetGateway(
            f"{self.name}-internet", vpc_id=self.vpc.id, region=self.region, tags=self.tags["internet"], opts=self.opts
        )
        edge = self._subnet("edge", last_part(self.spec.cidr, _EDGE_PREFIX))
        routes = self._routes("edge", edge, {"gateway_id": self.internet.id})
        address = aws.ec2.Eip(
            f"{name}-address",
            domain="vpc",
            region=self.region,
            tags=self.tags["edge"],
            opts=self._after([self.internet]),
        )
        self.nat = aws.ec2.NatGateway(
            f"{name}-nat",
            allocation_id=address.allocation_id,
            subnet_id=edge.id,
            region=self.region,
            tags=self.tags["edge"],
            opts=self._after(routes),
        )

    def tier(self, tier: Tier) -> None:
        """A subnet whose way out depends on whether its machines may be public, and a closed security group."""
        subnet = self._subnet(tier.name, tier.cidr)
        way_out = {"gateway_id": self.internet.id} if tier.public else {"nat_gateway_id": self.nat.id}
        self.egress += self._routes(tier.name, subnet, way_out)
        group = aws.ec2.SecurityGroup(
            f"{self.name}-{tier.name}",
            description=f"confkube {tier.name} of {self.name}",
            vpc_id=self.vpc.id,
            revoke_rules_on_delete=True,
            region=self.region,
            tags=self.tags[tier.name],
            opts=self.opts,
        )
        self.egress.append(
            aws.vpc.SecurityGroupEgressRule(
                f"{self.name}-{tier.name}-out",
                security_group_id=group.id,
                ip_protocol="-1",
                cidr_ipv4=EVERYWHERE,
                description="images, packages and cloud services",
                region=self.region,
                tags=self.tags[tier.name],
                opts=self.opts,
            )
        )
        self.subnets[tier.name], self.groups[tier.name] = subnet, group

    def opening(self, opening: Opening) -> None:
        """Let one kind of traffic in."""
        source = (
            {"cidr_ipv4": str(opening.source)}
            if isinstance(opening.source, IPv4Network)
            else {"referenced_security_group_id": self.groups[opening.source].id}
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{self.name}-{opening.tier}-{opening.name}",
            security_group_id=self.groups[opening.tier].id,
            ip_protocol=opening.protocol,
            from_port=_TYPE_OF_ECHO if opening.protocol == "icmp" else opening.port,
            to_port=opening.port,
            description=opening.why,
            region=self.region,
            tags=self.tags[opening.tier],
            opts=self.opts,
            **source,
        )

    def _subnet(self, part: str, cidr: IPv4Network) -> aws.ec2.Subnet:
        return aws.ec2.Subnet(
            f"{self.name}-{part}",
            vpc_id=self.vpc.id,
            cidr_block=str(cidr),
            availability_zone=self.zone,
            map_public_ip_on_launch=False,
            region=self.region,
            tags=self.tags[part],
            opts=self.opts,
        )

    def _routes(
        self, part: str, subnet: aws.ec2.Subnet, way_out: dict[str, pulumi.Output[str]]
    ) -> list[pulumi.Resource]:
        table = aws.ec2.RouteTable(
            f"{self.name}-{part}", vpc_id=self.vpc.id, region=self.region, tags=self.tags[part], opts=self.opts
        )
        association = aws.ec2.RouteTableAssociation(
            f"{self.name}-{part}", route_table_id=table.id, subnet_id=subnet.id, region=self.region, opts=self.opts
        )
        route = aws.ec2.Route(
            f"{self.name}-{part}-out",
            route_table_id=table.id,
            destination_cidr_block=EVERYWHERE,
            region=self.region,
            opts=self.opts,
            **way_out,
        )
        return [route, association]

    def _after(self, resources: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions.merge(self.opts, pulumi.ResourceOptions(depends_on=resources))

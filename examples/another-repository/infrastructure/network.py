"""The network that this organisation has anyway; confkube gets three subnets of it."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network

import pulumi
import pulumi_aws as aws

EVERYWHERE = "0.0.0.0/0"


@dataclass
class Subnet:
    """A subnet of the estate with a security group."""

    subnet_id: pulumi.Output[str]
    firewall_id: pulumi.Output[str]
    cidr: str


@dataclass
class Estate:
    """A VPC with one subnet a purpose."""

    name: str
    cidr: str
    zone: str
    subnets: dict[str, Subnet] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.vpc = aws.ec2.Vpc(self.name, cidr_block=self.cidr, enable_dns_hostnames=True)
        internet = aws.ec2.InternetGateway(self.name, vpc_id=self.vpc.id)
        ranges = IPv4Network(self.cidr).subnets(new_prefix=20)
        edge = self._subnet("edge", str(next(ranges)))
        self._route("edge", edge, gateway_id=internet.id)
        address = aws.ec2.Eip(self.name, domain="vpc", opts=pulumi.ResourceOptions(depends_on=[internet]))
        self.nat = aws.ec2.NatGateway(self.name, allocation_id=address.allocation_id, subnet_id=edge.id)
        self.ready: list[pulumi.Resource] = []
        for purpose in ("control-plane", "workers", "trust"):
            self._private(purpose, str(next(ranges)))

    def _private(self, purpose: str, cidr: str) -> None:
        subnet = self._subnet(purpose, cidr)
        self.ready.append(self._route(purpose, subnet, nat_gateway_id=self.nat.id))
        group = aws.ec2.SecurityGroup(
            f"{self.name}-{purpose}", vpc_id=self.vpc.id, description=purpose, revoke_rules_on_delete=True
        )
        aws.vpc.SecurityGroupEgressRule(
            f"{self.name}-{purpose}", security_group_id=group.id, ip_protocol="-1", cidr_ipv4=EVERYWHERE
        )
        self.subnets[purpose] = Subnet(subnet.id, group.id, cidr)

    def _subnet(self, purpose: str, cidr: str) -> aws.ec2.Subnet:
        return aws.ec2.Subnet(
            f"{self.name}-{purpose}", vpc_id=self.vpc.id, cidr_block=cidr, availability_zone=self.zone
        )

    def _route(self, purpose: str, subnet: aws.ec2.Subnet, **way_out: pulumi.Output[str]) -> pulumi.Resource:
        table = aws.ec2.RouteTable(f"{self.name}-{purpose}", vpc_id=self.vpc.id)
        aws.ec2.RouteTableAssociation(f"{self.name}-{purpose}", route_table_id=table.id, subnet_id=subnet.id)
        return aws.ec2.Route(
            f"{self.name}-{purpose}", route_table_id=table.id, destination_cidr_block=EVERYWHERE, **way_out
        )

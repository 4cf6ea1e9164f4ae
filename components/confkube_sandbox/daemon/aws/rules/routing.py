"""Rules of route tables and routes."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.sources import EC2_ERRORS, ROUTES, SEEN, VPC_QUOTAS, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

_TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "VpcEndpointId",
    "CoreNetworkArn",
)
_SERVED_TARGETS = frozenset({"GatewayId", "NatGatewayId", "NetworkInterfaceId", "InstanceId"})


def _table(call: Call) -> Any:  # noqa: ANN401
    return call.ec2.route_tables.get(call.params["RouteTableId"])


@rule("ec2", "CreateRouteTable", name="ec2.route-table-quota", source=VPC_QUOTAS, date=WRITTEN, evidence=RECALLED)
def table_quota(call: Call) -> None:
    """A VPC holds a limited number of route tables."""
    there = sum(each.vpc_id == call.params["VpcId"] for each in call.ec2.route_tables.values())
    if there >= call.settings.quotas["route-tables-per-vpc"]:
        raise ApiError("RouteTableLimitExceeded", "The maximum number of route tables has been reached.")


@rule("ec2", "DeleteRouteTable", name="ec2.main-route-table", source=ROUTES, date=WRITTEN, evidence=RECALLED)
def main_table(call: Call) -> None:
    """The main route table goes with its VPC and not before."""
    table = _table(call)
    if table is not None and table.main_association_id:
        raise ApiError("DependencyViolation", f"The routeTable '{table.id}' has dependencies and cannot be deleted.")


@rule(
    "ec2", "AssociateRouteTable", name="ec2.route-table-other-vpc", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED
)
def other_vpc(call: Call) -> None:
    """A subnet and its route table are in the same VPC."""
    table, subnet = _table(call), call.subnet(call.params.get("SubnetId", ""))
    if table is not None and subnet is not None and table.vpc_id != subnet.vpc_id:
        text = f"Route table {table.id} and subnet {subnet.id} belong to different networks"
        raise ApiError("InvalidParameterValue", text)


@rule(
    "ec2",
    "AssociateRouteTable",
    name="ec2.route-table-second",
    source="https://github.com/hashicorp/terraform-provider-aws/issues/38960",
    date=SEEN,
    evidence=READ,
)
def second_table(call: Call) -> None:
    """A subnet has one route table."""
    subnet, wanted = call.params.get("SubnetId"), call.params["RouteTableId"]
    for table in call.ec2.route_tables.values():
        if subnet in table._associations.values() and table.id != wanted:  # noqa: SLF001
            text = f"the specified association for route table {wanted} conflicts with an existing association"
            raise ApiError("Resource.AlreadyAssociated", text)


@rule("ec2", "CreateRoute ReplaceRoute", name="ec2.route-target", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def target(call: Call) -> None:
    """A route has exactly one target, which exists in the route table's VPC."""
    given = [name for name in _TARGETS if call.params.get(name)]
    if len(given) > 1:
        names = ", ".join(name[0].lower() + name[1:] for name in given)
        raise ApiError("InvalidParameterCombination", f"Invalid request: exactly one of {names} must be specified")
    if not given:
        raise ApiError(
            "MissingParameter", "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId"
        )
    if given[0] not in _SERVED_TARGETS:
        raise ApiError("InvalidParameterValue", f"Value ({call.params[given[0]]}) for parameter {given[0]} is invalid.")


@rule(
    "ec2", "CreateRoute ReplaceRoute", name="ec2.route-nat-gateway", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED
)
def nat_target(call: Call) -> None:
    """A NAT gateway that a route leads to exists, lives, and is in the same VPC."""
    name, table = call.params.get("NatGatewayId"), _table(call)
    if not name or table is None:
        return
    gateway = call.ec2.nat_gateways.get(name)
    if gateway is None or gateway.state in {"deleting", "deleted", "failed"}:
        raise ApiError("InvalidNatGatewayID.NotFound", f"The natGateway ID '{name}' does not exist")
    if gateway.vpc_id != table.vpc_id:
        raise ApiError(
            "InvalidParameterValue", f"route table {table.id} and network gateway {name} belong to different networks"
        )


@rule(
    "ec2",
    "CreateRoute ReplaceRoute",
    name="ec2.route-internet-gateway",
    source="https://github.com/smoketurner/serverless-vpc-plugin/issues/147",
    date=SEEN,
    evidence=READ,
)
def gateway_target(call: Call) -> None:
    """An internet gateway that a route leads to is attached to the route table's VPC."""
    name, table = call.params.get("GatewayId", ""), _table(call)
    gateway = call.ec2.internet_gateways.get(name)
    if gateway is not None and table is not None and (gateway.vpc is None or gateway.vpc.id != table.vpc_id):
        raise ApiError(
            "InvalidParameterValue", f"route table {table.id} and network gateway {name} belong to different networks"
        )


@rule("ec2", "CreateRoute", name="ec2.route-inside-vpc", source=ROUTES, date=WRITTEN, evidence=RECALLED)
def inside(call: Call) -> None:
    """A route to a gateway does not point into the VPC itself."""
    table, text = _table(call), call.params.get("DestinationCidrBlock", "")
    if table is None or call.params.get("NetworkInterfaceId") or call.params.get("InstanceId"):
        return
    try:
        wanted = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return
    own = ipaddress.ip_network(call.ec2.vpcs[table.vpc_id].cidr_block)
    if wanted.version == own.version and wanted.subnet_of(own):  # pyright: ignore[reportArgumentType]  same version
        told = f"The destination CIDR block {text} is equal to or more specific than one of this VPC's CIDR blocks. "
        raise ApiError("InvalidParameterValue", told + "This route can target only an interface or an instance.")


@rule("ec2", "CreateRoute", name="ec2.route-quota", source=VPC_QUOTAS, date=WRITTEN, evidence=RECALLED)
def route_quota(call: Call) -> None:
    """A route table holds a limited number of routes."""
    table = _table(call)
    if table is not None and len(table.routes) >= call.settings.quotas["routes-per-table"]:
        raise ApiError("RouteLimitExceeded", "The maximum number of routes has been reached.")


@rule("ec2", "DeleteRoute", name="ec2.local-route", source=ROUTES, date=WRITTEN, evidence=RECALLED)
def local_route(call: Call) -> None:
    """The route into the VPC itself stays."""
    table, block = _table(call), call.params.get("DestinationCidrBlock")
    if table is not None and any(each.local and each.destination_cidr_block == block for each in table.routes):
        raise ApiError("InvalidParameterValue", f"cannot remove local route {block} in route table {table.id}")

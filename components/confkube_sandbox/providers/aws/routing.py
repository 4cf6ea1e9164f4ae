"""Route tables, routes and their associations with subnets."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, ClassVar, cast

from confkube_sandbox.providers.aws import tags, waiting
from confkube_sandbox.providers.aws.answers import listed
from confkube_sandbox.providers.aws.network import one, remove
from confkube_sandbox.providers.aws.resource import Resource, Tagged
from confkube_sandbox.providers.aws.rules.addresses import network
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties

_NO_TABLE = "InvalidRouteTableID.NotFound"
# Input, argument of CreateRoute, and key in the description of a route.
_TARGETS = {
    "gatewayId": ("GatewayId", "GatewayId"),
    "natGatewayId": ("NatGatewayId", "NatGatewayId"),
    "networkInterfaceId": ("NetworkInterfaceId", "NetworkInterfaceId"),
    "vpcPeeringConnectionId": ("VpcPeeringConnectionId", "VpcPeeringConnectionId"),
}


def table(aws: Connection, id_: str) -> dict[str, Any] | None:
    """Describe a route table, or return None."""
    return one(aws, "DescribeRouteTables", "RouteTables", Filters=[{"Name": "route-table-id", "Values": [id_]}])


class RouteTable(Tagged, token="aws:ec2/routeTable:RouteTable"):
    """``aws.ec2.RouteTable`` without inline routes."""

    noun: ClassVar = "EC2 Route Table"
    supported: ClassVar = frozenset({"vpcId", "tags", "region"})
    computed = frozenset({"arn", "ownerId", "propagatingVgws", "routes", "region", "tagsAll"})
    seconds: ClassVar = (300, 120, 300)
    gone: ClassVar = frozenset({_NO_TABLE})

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateRouteTable."""
        specification = tags.specification("route-table", inputs)
        answer = aws.api.call("ec2", "CreateRouteTable", VpcId=inputs["vpcId"], TagSpecifications=specification)
        return str(answer["RouteTable"]["RouteTableId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:  # noqa: ARG002
        """Wait until it can be found."""
        waiting.until(aws, "state to become 'ready'", lambda: table(aws, id_))

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the table; its routes are resources of their own and not part of it."""
        found = table(aws, id_)
        if found is None:
            return None
        return {
            "arn": aws.arn("ec2", f"route-table/{id_}"),
            "vpcId": found["VpcId"],
            "ownerId": found.get("OwnerId") or aws.account,
            "propagatingVgws": [vgw["GatewayId"] for vgw in listed(found, "PropagatingVgws")],
            **tags.outputs(found.get("Tags")),
        }

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Take it away from its subnets, then call DeleteRouteTable."""
        for entry in listed(table(aws, id_), "Associations"):
            if not entry.get("Main"):
                aws.api.call("ec2", "DisassociateRouteTable", AssociationId=entry["RouteTableAssociationId"])
        remove(aws, lambda: aws.api.call("ec2", "DeleteRouteTable", RouteTableId=id_))


class Route(Resource, token="aws:ec2/route:Route"):
    """``aws.ec2.Route``."""

    noun: ClassVar = "Route"
    supported: ClassVar = frozenset({"routeTableId", "destinationCidrBlock", "region", *_TARGETS})
    # terraform-provider-aws internal/service/ec2/vpc_route.go at 0128541e0711.
    rules: ClassVar = {"destinationCidrBlock": network(4)}
    constants: ClassVar = dict.fromkeys(
        (
            "carrierGatewayId",
            "coreNetworkArn",
            "destinationIpv6CidrBlock",
            "destinationPrefixListId",
            "egressOnlyGatewayId",
            "localGatewayId",
            "odbNetworkArn",
            "transitGatewayId",
            "vpcEndpointId",
        ),
        "",
    )
    computed = frozenset({"instanceId", "instanceOwnerId", "networkInterfaceId", "origin", "state", "region"})
    seconds: ClassVar = (300, 120, 300)
    gone: ClassVar = frozenset({"InvalidRoute.NotFound", _NO_TABLE})

    def refuse_(self, inputs: Properties) -> list[CheckFailure]:
        """One destination, one target."""
        failures: list[CheckFailure] = []
        given = [key for key in _TARGETS if inputs.get(key) is not None]
        known = [key for key in given if inputs[key] != UNKNOWN]
        if not given or len(known) > 1:
            listed = ",".join(sorted(_TARGETS))
            reason = f"one of `{listed}` must be specified" if not given else f"only one of `{listed}` can be specified"
            failures.append(CheckFailure(property="", reason=f"Invalid combination of arguments. {reason}"))
        if inputs.get("destinationCidrBlock") is None:
            names = "destination_cidr_block,destination_ipv6_cidr_block,destination_prefix_list_id"
            reason = f"one of `{names}` must be specified"
            failures.append(
                CheckFailure(property="destinationCidrBlock", reason=f"Invalid combination of arguments. {reason}")
            )
        return failures

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateRoute; the real provider refuses a route that exists already."""
        lookup = self._route(aws, inputs["routeTableId"], inputs["destinationCidrBlock"])
        if lookup is not None and lookup.get("Origin") == "CreateRoute":
            where = f"Route Table ({inputs['routeTableId']}) with destination ({inputs['destinationCidrBlock']})"
            raise CloudError(f"{where} already exists", "RouteAlreadyExists")
        waiting.retry(aws, (_NO_TABLE,), lambda: self._call(aws, "CreateRoute", inputs))
        # terraform-provider-aws internal/service/ec2/id.go: "r-", the table, CRC-32 of the destination.
        return f"r-{inputs['routeTableId']}{zlib.crc32(inputs['destinationCidrBlock'].encode())}"

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:  # noqa: ARG002
        """Wait until it can be found."""
        table_id, destination = inputs["routeTableId"], inputs["destinationCidrBlock"]
        waiting.until(aws, "state to become 'ready'", lambda: self._route(aws, table_id, destination))

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:
        """Find the route in its table."""
        known = outputs | inputs
        if "routeTableId" not in known or "destinationCidrBlock" not in known:
            raise CloudError(f"unexpected format of ID ({id_}), expected ROUTETABLEID_DESTINATION", "InvalidId")
        found = self._route(aws, known["routeTableId"], known["destinationCidrBlock"])
        if found is None:
            return None
        return {
            "routeTableId": known["routeTableId"],
            "destinationCidrBlock": found["DestinationCidrBlock"],
            "origin": found.get("Origin"),
            "state": found.get("State"),
            "instanceId": found.get("InstanceId") or "",
            "instanceOwnerId": found.get("InstanceOwnerId") or "",
            **{key: found.get(name) for key, (_, name) in _TARGETS.items()},
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Call ReplaceRoute."""
        if to.keys & _TARGETS.keys():
            self._call(aws, "ReplaceRoute", to.new)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Call DeleteRoute."""
        table_id, destination = outputs["routeTableId"], outputs["destinationCidrBlock"]
        aws.api.call("ec2", "DeleteRoute", RouteTableId=table_id, DestinationCidrBlock=destination)

    def _call(self, aws: Connection, operation: str, inputs: Properties) -> None:
        target = {name: inputs[key] for key, (name, _) in _TARGETS.items() if inputs.get(key)}
        table_id, destination = inputs["routeTableId"], inputs["destinationCidrBlock"]
        aws.api.call("ec2", operation, RouteTableId=table_id, DestinationCidrBlock=destination, **target)

    def _route(self, aws: Connection, table_id: str, destination: str) -> dict[str, Any] | None:
        routes = cast("list[dict[str, Any]]", (table(aws, table_id) or {}).get("Routes") or [])
        return next((route for route in routes if route.get("DestinationCidrBlock") == destination), None)


class RouteTableAssociation(Resource, token="aws:ec2/routeTableAssociation:RouteTableAssociation"):
    """``aws.ec2.RouteTableAssociation`` with a subnet."""

    noun: ClassVar = "Route Table Association"
    supported: ClassVar = frozenset({"routeTableId", "subnetId", "region"})
    constants: ClassVar = {"gatewayId": ""}
    computed = frozenset({"region"})
    seconds: ClassVar = (300, 120, 300)
    gone: ClassVar = frozenset({"InvalidAssociationID.NotFound"})

    def refuse_(self, inputs: Properties) -> list[CheckFailure]:
        """A subnet must be given."""
        if inputs.get("subnetId") is None:
            return [CheckFailure(property="subnetId", reason="one of `gateway_id,subnet_id` must be specified")]
        return []

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call AssociateRouteTable."""
        table_id, subnet = inputs["routeTableId"], inputs["subnetId"]
        act = lambda: aws.api.call("ec2", "AssociateRouteTable", RouteTableId=table_id, SubnetId=subnet)  # noqa: E731
        return str(waiting.retry(aws, (_NO_TABLE,), act)["AssociationId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:  # noqa: ARG002
        """Wait until it can be found."""
        waiting.until(aws, "state to become 'associated'", lambda: self._association(aws, id_, {}))

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Find the association; after a change of the table it has another id than the resource."""
        found = self._association(aws, id_, outputs)
        return {"routeTableId": found["RouteTableId"], "subnetId": found["SubnetId"]} if found else None

    def change_(self, aws: Connection, to: Change) -> None:
        """Call ReplaceRouteTableAssociation."""
        found = self._association(aws, to.id, to.live)
        if "routeTableId" in to.keys and found is not None:
            current, table_id = found["RouteTableAssociationId"], to.new["routeTableId"]
            aws.api.call("ec2", "ReplaceRouteTableAssociation", AssociationId=current, RouteTableId=table_id)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:
        """Call DisassociateRouteTable."""
        found = self._association(aws, id_, outputs)
        if found is not None:
            aws.api.call("ec2", "DisassociateRouteTable", AssociationId=found["RouteTableAssociationId"])

    def _association(self, aws: Connection, id_: str, outputs: Properties) -> dict[str, Any] | None:
        name, value = "association.route-table-association-id", id_
        found = one(aws, "DescribeRouteTables", "RouteTables", Filters=[{"Name": name, "Values": [value]}])
        if found is None and outputs.get("subnetId"):
            name, value = "association.subnet-id", str(outputs["subnetId"])
            found = one(aws, "DescribeRouteTables", "RouteTables", Filters=[{"Name": name, "Values": [value]}])
        entries = listed(found, "Associations")
        return next(
            (entry for entry in entries if value in (entry["RouteTableAssociationId"], entry.get("SubnetId"))), None
        )

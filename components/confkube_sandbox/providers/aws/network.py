"""Virtual networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import tags, waiting
from confkube_sandbox.providers.aws.answers import first
from confkube_sandbox.providers.aws.resource import Tagged
from confkube_sandbox.providers.aws.rules.addresses import network_of_size
from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.terraform.validation import one_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties

IN_USE = frozenset({"DependencyViolation"})
# VPC attribute: input, and the name of the attribute in DescribeVpcAttribute.
_ATTRIBUTES = {
    "enableDnsSupport": "EnableDnsSupport",
    "enableDnsHostnames": "EnableDnsHostnames",
    "enableNetworkAddressUsageMetrics": "EnableNetworkAddressUsageMetrics",
}


def one(aws: Connection, operation: str, key: str, **parameters: Any) -> dict[str, Any] | None:  # noqa: ANN401
    """Describe one EC2 object."""
    return first(aws.api.call("ec2", operation, **parameters), key)


def remove(aws: Connection, act: Callable[[], object]) -> None:
    """Delete something that others may still be leaving."""
    waiting.retry(aws, IN_USE, act)


class Vpc(Tagged, token="aws:ec2/vpc:Vpc"):
    """``aws.ec2.Vpc``."""

    noun: ClassVar = "EC2 VPC"
    supported: ClassVar = frozenset({"cidrBlock", "instanceTenancy", "tags", "region", *_ATTRIBUTES})
    defaults: ClassVar = {"enableDnsSupport": True, "instanceTenancy": "default"}
    # terraform-provider-aws internal/service/ec2/vpc_.go at 00081ce41cc6.
    rules: ClassVar = {
        "cidrBlock": network_of_size(16, 28),
        "instanceTenancy": one_of("default", "dedicated"),
    }
    needs: ClassVar = {"instanceTenancy": "ModifyVpcTenancy"}
    constants: ClassVar = {
        "assignGeneratedIpv6CidrBlock": False,
        "ipv6AssociationId": "",
        "ipv6CidrBlock": "",
        "ipv6CidrBlockNetworkBorderGroup": "",
        "ipv6IpamPoolId": "",
        "ipv6NetmaskLength": 0,
    }
    computed = frozenset(
        {
            "arn",
            "cidrBlock",
            "defaultNetworkAclId",
            "defaultRouteTableId",
            "defaultSecurityGroupId",
            "dhcpOptionsId",
            "enableDnsHostnames",
            "enableNetworkAddressUsageMetrics",
            "mainRouteTableId",
            "ownerId",
            "region",
            "tagsAll",
        }
    )
    seconds: ClassVar = (600, 600, 300)
    gone: ClassVar = frozenset({"InvalidVpcID.NotFound"})

    def refuse_(self, inputs: Properties) -> list[CheckFailure]:
        """A network needs an address range."""
        if inputs.get("cidrBlock") is None:
            return [
                CheckFailure(property="cidrBlock", reason="one of `cidr_block,ipv4_ipam_pool_id` must be specified")
            ]
        return []

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateVpc."""
        answer = aws.api.call(
            "ec2",
            "CreateVpc",
            CidrBlock=inputs["cidrBlock"],
            InstanceTenancy=inputs.get("instanceTenancy"),
            TagSpecifications=tags.specification("vpc", inputs),
        )
        return str(answer["Vpc"]["VpcId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:
        """Wait, then set the attributes that differ from those of a new VPC."""
        waiting.state(aws, "VPC", lambda: self._state(aws, id_), wanted="available", pending={"pending"})
        fresh = {"enableDnsSupport": True, "enableDnsHostnames": False, "enableNetworkAddressUsageMetrics": False}
        self._set(aws, id_, {key for key, value in fresh.items() if inputs.get(key, value) != value}, inputs)

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the VPC, its attributes and what came with it."""
        vpc = one(aws, "DescribeVpcs", "Vpcs", VpcIds=[id_])
        if vpc is None:
            return None
        mine = [{"Name": "vpc-id", "Values": [id_]}]
        main = one(
            aws, "DescribeRouteTables", "RouteTables", Filters=[*mine, {"Name": "association.main", "Values": ["true"]}]
        )
        acl = one(aws, "DescribeNetworkAcls", "NetworkAcls", Filters=[*mine, {"Name": "default", "Values": ["true"]}])
        group = one(
            aws,
            "DescribeSecurityGroups",
            "SecurityGroups",
            Filters=[*mine, {"Name": "group-name", "Values": ["default"]}],
        )
        return {
            "arn": aws.arn("ec2", f"vpc/{id_}"),
            "cidrBlock": vpc["CidrBlock"],
            "instanceTenancy": vpc["InstanceTenancy"],
            "dhcpOptionsId": vpc.get("DhcpOptionsId"),
            "ownerId": vpc.get("OwnerId") or aws.account,
            "mainRouteTableId": (main or {}).get("RouteTableId"),
            "defaultRouteTableId": (main or {}).get("RouteTableId"),
            "defaultNetworkAclId": (acl or {}).get("NetworkAclId"),
            "defaultSecurityGroupId": (group or {}).get("GroupId"),
            **{key: self._attribute(aws, id_, name) for key, name in _ATTRIBUTES.items()},
            **tags.outputs(vpc.get("Tags")),
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Set changed attributes and tags."""
        self._set(aws, to.id, to.keys & _ATTRIBUTES.keys(), to.new)
        if "instanceTenancy" in to.keys:
            aws.api.call("ec2", "ModifyVpcTenancy", VpcId=to.id, InstanceTenancy=to.new["instanceTenancy"])
        super().change_(aws, to)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Call DeleteVpc."""
        remove(aws, lambda: aws.api.call("ec2", "DeleteVpc", VpcId=id_))

    def _set(self, aws: Connection, id_: str, keys: set[str], inputs: Properties) -> None:
        for key in sorted(keys):
            aws.api.call("ec2", "ModifyVpcAttribute", VpcId=id_, **{_ATTRIBUTES[key]: {"Value": bool(inputs.get(key))}})

    def _attribute(self, aws: Connection, id_: str, name: str) -> bool:
        wanted = name[0].lower() + name[1:]
        return bool(aws.api.call("ec2", "DescribeVpcAttribute", VpcId=id_, Attribute=wanted)[name]["Value"])

    def _state(self, aws: Connection, id_: str) -> str | None:
        found = one(aws, "DescribeVpcs", "Vpcs", Filters=[{"Name": "vpc-id", "Values": [id_]}])
        return str(found["State"]) if found else None

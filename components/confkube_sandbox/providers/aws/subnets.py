"""Subnets of a virtual network."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from confkube_sandbox.providers.aws import tags, waiting
from confkube_sandbox.providers.aws.answers import part
from confkube_sandbox.providers.aws.network import one, remove
from confkube_sandbox.providers.aws.resource import Tagged
from confkube_sandbox.providers.aws.rules.addresses import network
from confkube_sandbox.providers.handler import CheckFailure

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties

# Subnet attribute: input, and the argument of ModifySubnetAttribute. One call changes one attribute.
_SUBNET = {
    "mapPublicIpOnLaunch": "MapPublicIpOnLaunch",
    "enableResourceNameDnsARecordOnLaunch": "EnableResourceNameDnsARecordOnLaunch",
}


class Subnet(Tagged, token="aws:ec2/subnet:Subnet"):
    """``aws.ec2.Subnet``."""

    noun: ClassVar = "EC2 Subnet"
    supported: ClassVar = frozenset(
        {"vpcId", "cidrBlock", "availabilityZone", "availabilityZoneId", "tags", "region", *_SUBNET}
    )
    defaults: ClassVar = {"mapPublicIpOnLaunch": False, "enableResourceNameDnsARecordOnLaunch": False}
    # terraform-provider-aws internal/service/ec2/vpc_subnet.go at 00cda125a19d.
    rules: ClassVar = {"cidrBlock": network(4)}
    conflicts: ClassVar = (("availabilityZone", "availabilityZoneId"),)
    constants: ClassVar = {
        "assignIpv6AddressOnCreation": False,
        "customerOwnedIpv4Pool": "",
        "enableDns64": False,
        "enableLniAtDeviceIndex": 0,
        "enableResourceNameDnsAaaaRecordOnLaunch": False,
        "ipv6CidrBlock": "",
        "ipv6CidrBlockAssociationId": "",
        "ipv6Native": False,
        "mapCustomerOwnedIpOnLaunch": False,
        "outpostArn": "",
    }
    computed = frozenset(
        {
            "arn",
            "availabilityZone",
            "availabilityZoneId",
            "ownerId",
            "privateDnsHostnameTypeOnLaunch",
            "region",
            "tagsAll",
        }
    )
    seconds: ClassVar = (600, 600, 1200)
    gone: ClassVar = frozenset({"InvalidSubnetID.NotFound"})

    def refuse_(self, inputs: Properties) -> list[CheckFailure]:
        """A subnet needs an address range."""
        if inputs.get("cidrBlock") is None:
            reason = "one of `cidr_block,ipv4_ipam_pool_id,ipv6_cidr_block` must be specified"
            return [CheckFailure(property="cidrBlock", reason=reason)]
        return []

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateSubnet."""
        answer = aws.api.call(
            "ec2",
            "CreateSubnet",
            VpcId=inputs["vpcId"],
            CidrBlock=inputs.get("cidrBlock"),
            AvailabilityZone=inputs.get("availabilityZone"),
            AvailabilityZoneId=inputs.get("availabilityZoneId"),
            TagSpecifications=tags.specification("subnet", inputs),
        )
        return str(answer["Subnet"]["SubnetId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:
        """Wait, then set attributes."""
        waiting.state(aws, "Subnet", lambda: self._state(aws, id_), wanted="available", pending={"pending"})
        self._set(aws, id_, {key for key in _SUBNET if inputs.get(key)}, inputs)

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the subnet."""
        subnet = one(aws, "DescribeSubnets", "Subnets", SubnetIds=[id_])
        if subnet is None:
            return None
        names = part(subnet, "PrivateDnsNameOptionsOnLaunch")
        return {
            "arn": aws.arn("ec2", f"subnet/{id_}"),
            "vpcId": subnet["VpcId"],
            "cidrBlock": subnet["CidrBlock"],
            "availabilityZone": subnet["AvailabilityZone"],
            "availabilityZoneId": subnet.get("AvailabilityZoneId"),
            "mapPublicIpOnLaunch": bool(subnet.get("MapPublicIpOnLaunch")),
            "enableResourceNameDnsARecordOnLaunch": bool(names.get("EnableResourceNameDnsARecord")),
            "privateDnsHostnameTypeOnLaunch": names.get("HostnameType", "ip-name"),
            "ownerId": subnet.get("OwnerId") or aws.account,
            **tags.outputs(subnet.get("Tags")),
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Set changed attributes and tags."""
        self._set(aws, to.id, to.keys & _SUBNET.keys(), to.new)
        super().change_(aws, to)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Call DeleteSubnet until nothing is in it any more."""
        remove(aws, lambda: aws.api.call("ec2", "DeleteSubnet", SubnetId=id_))

    def _set(self, aws: Connection, id_: str, keys: set[str], inputs: Properties) -> None:
        for key in sorted(keys):
            aws.api.call(
                "ec2", "ModifySubnetAttribute", SubnetId=id_, **{_SUBNET[key]: {"Value": bool(inputs.get(key))}}
            )

    def _state(self, aws: Connection, id_: str) -> str | None:
        found = one(aws, "DescribeSubnets", "Subnets", Filters=[{"Name": "subnet-id", "Values": [id_]}])
        return str(found["State"]) if found else None

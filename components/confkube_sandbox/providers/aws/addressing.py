"""Public addresses and network address translation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import tags, waiting
from confkube_sandbox.providers.aws.answers import first
from confkube_sandbox.providers.aws.network import one
from confkube_sandbox.providers.aws.resource import Resource, Tagged
from confkube_sandbox.providers.aws.rules.addresses import ipv4_address
from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.terraform.validation import one_of
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_NO_ALLOCATION = "InvalidAllocationID.NotFound"


def _public_dns(region: str, address: str) -> str:
    zone = "compute-1" if region == "us-east-1" else f"{region}.compute"
    return f"ec2-{address.replace('.', '-')}.{zone}.amazonaws.com"


class Eip(Tagged, token="aws:ec2/eip:Eip"):
    """``aws.ec2.Eip``; associate it with ``EipAssociation``."""

    noun: ClassVar = "EC2 EIP"
    supported: ClassVar = frozenset({"domain", "tags", "region"})
    # terraform-provider-aws internal/service/ec2/ec2_eip.go (recalled).
    rules: ClassVar = {"domain": one_of("vpc", "standard")}
    constants: ClassVar = {"carrierIp": "", "customerOwnedIp": "", "customerOwnedIpv4Pool": "", "ptrRecord": ""}
    computed = frozenset(
        {
            "allocationId",
            "arn",
            "associationId",
            "domain",
            "instance",
            "networkBorderGroup",
            "networkInterface",
            "privateDns",
            "privateIp",
            "publicDns",
            "publicIp",
            "publicIpv4Pool",
            "region",
            "tagsAll",
        }
    )
    seconds: ClassVar = (900, 300, 180)
    gone: ClassVar = frozenset({_NO_ALLOCATION, "InvalidAddress.NotFound"})

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call AllocateAddress."""
        specification = tags.specification("elastic-ip", inputs)
        answer = aws.api.call(
            "ec2", "AllocateAddress", Domain=inputs.get("domain") or "vpc", TagSpecifications=specification
        )
        return str(answer["AllocationId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:  # noqa: ARG002
        """Wait until it can be found."""
        listed = [{"Name": "allocation-id", "Values": [id_]}]
        waiting.until(aws, "EIP to be found", lambda: one(aws, "DescribeAddresses", "Addresses", Filters=listed))

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the address."""
        found = one(aws, "DescribeAddresses", "Addresses", AllocationIds=[id_])
        if found is None:
            return None
        return {
            "allocationId": id_,
            "arn": aws.arn("ec2", f"elastic-ip/{id_}"),
            "associationId": found.get("AssociationId") or "",
            "domain": found.get("Domain", "vpc"),
            "instance": found.get("InstanceId") or "",
            "networkBorderGroup": found.get("NetworkBorderGroup") or aws.region,
            "networkInterface": found.get("NetworkInterfaceId") or "",
            "privateIp": found.get("PrivateIpAddress") or "",
            "publicIp": found["PublicIp"],
            "publicDns": _public_dns(aws.region, found["PublicIp"]),
            "publicIpv4Pool": found.get("PublicIpv4Pool") or "amazon",
            **tags.outputs(found.get("Tags")),
        }

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Disassociate if need be, then release."""
        found = one(aws, "DescribeAddresses", "Addresses", AllocationIds=[id_]) or {}
        if found.get("AssociationId") and not found.get("NetworkInterfaceOwnerId", "").startswith("amazon"):
            aws.api.call("ec2", "DisassociateAddress", AssociationId=found["AssociationId"])
        waiting.retry(
            aws,
            ("AuthFailure", "InvalidIPAddress.InUse"),
            lambda: aws.api.call("ec2", "ReleaseAddress", AllocationId=id_),
        )


class EipAssociation(Resource, token="aws:ec2/eipAssociation:EipAssociation"):
    """``aws.ec2.EipAssociation``."""

    noun: ClassVar = "EC2 EIP Association"
    supported: ClassVar = frozenset(
        {"allocationId", "allowReassociation", "instanceId", "networkInterfaceId", "privateIpAddress", "region"}
    )
    computed = frozenset({"allocationId", "instanceId", "networkInterfaceId", "privateIpAddress", "publicIp", "region"})
    gone: ClassVar = frozenset({"InvalidAssociationID.NotFound", _NO_ALLOCATION})

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call AssociateAddress; a young instance may not be in a state for it yet."""
        early = (
            "InvalidInstanceID",
            "InvalidInstanceID.NotFound",
            "InvalidNetworkInterfaceID.NotFound",
            _NO_ALLOCATION,
        )

        def act() -> dict[str, Any]:
            return aws.api.call(
                "ec2",
                "AssociateAddress",
                AllocationId=inputs.get("allocationId"),
                InstanceId=inputs.get("instanceId"),
                NetworkInterfaceId=inputs.get("networkInterfaceId"),
                PrivateIpAddress=inputs.get("privateIpAddress"),
                AllowReassociation=inputs.get("allowReassociation"),
            )

        return str(waiting.retry(aws, early, act)["AssociationId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:
        """Wait until it can be found."""
        waiting.until(aws, "EIP association to be found", lambda: self.describe_(aws, id_, inputs, {}))

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Find the association."""
        found = one(aws, "DescribeAddresses", "Addresses", Filters=[{"Name": "association-id", "Values": [id_]}])
        if found is None:
            return None
        return {
            "allocationId": found["AllocationId"],
            "instanceId": found.get("InstanceId") or "",
            "networkInterfaceId": found.get("NetworkInterfaceId") or "",
            "privateIpAddress": found.get("PrivateIpAddress") or "",
            "publicIp": found["PublicIp"],
        }

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Call DisassociateAddress."""
        aws.api.call("ec2", "DisassociateAddress", AssociationId=id_)


class NatGateway(Tagged, token="aws:ec2/natGateway:NatGateway"):
    """``aws.ec2.NatGateway`` of one zone."""

    noun: ClassVar = "EC2 NAT Gateway"
    supported: ClassVar = frozenset({"allocationId", "connectivityType", "privateIp", "subnetId", "tags", "region"})
    defaults: ClassVar = {"connectivityType": "public"}
    # terraform-provider-aws internal/service/ec2/vpc_nat_gateway.go at 04088eaa5494.
    rules: ClassVar = {"connectivityType": one_of("private", "public"), "privateIp": ipv4_address}
    constants: ClassVar = {
        "availabilityMode": "zonal",
        "availabilityZoneAddresses": [],
        "autoProvisionZones": "",
        "autoScalingIps": "",
        "regionalNatGatewayAddresses": [],
        "regionalNatGatewayAutoMode": "",
        "routeTableId": "",
        "secondaryAllocationIds": [],
        "secondaryPrivateIpAddressCount": 0,
        "secondaryPrivateIpAddresses": [],
    }
    computed = frozenset({"associationId", "networkInterfaceId", "privateIp", "publicIp", "region", "tagsAll", "vpcId"})
    seconds: ClassVar = (600, 600, 1800)
    gone: ClassVar = frozenset({"NatGatewayNotFound"})

    def refuse_(self, inputs: Properties) -> list[CheckFailure]:
        """Public gateways have an address, private ones none."""
        if inputs.get("connectivityType") == UNKNOWN:
            return []
        public = inputs.get("connectivityType", "public") == "public"
        if public != (inputs.get("allocationId") is not None):
            state = "is required" if public else "is not supported"
            kind = "public" if public else "private"
            reason = f'`allocation_id` {state} with connectivity_type = "{kind}"'
            return [CheckFailure(property="allocationId", reason=reason)]
        return []

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateNatGateway."""
        answer = aws.api.call(
            "ec2",
            "CreateNatGateway",
            SubnetId=inputs.get("subnetId"),
            AllocationId=inputs.get("allocationId"),
            ConnectivityType=inputs.get("connectivityType"),
            PrivateIpAddress=inputs.get("privateIp"),
            TagSpecifications=tags.specification("natgateway", inputs),
        )
        return str(answer["NatGateway"]["NatGatewayId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:  # noqa: ARG002
        """Wait until it works, which takes minutes in a real region."""
        waiting.state(aws, "NAT gateway", lambda: self._state(aws, id_), wanted="available", pending={"pending"})

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the gateway; a deleted one stays listed for an hour."""
        found = self._found(aws, id_)
        if found is None or found["State"] in ("deleted", "deleting"):
            return None
        address = first(found, "NatGatewayAddresses") or {}
        return {
            "allocationId": address.get("AllocationId"),
            "associationId": address.get("AssociationId") or "",
            "connectivityType": found.get("ConnectivityType", "public"),
            "networkInterfaceId": address.get("NetworkInterfaceId"),
            "privateIp": address.get("PrivateIp"),
            "publicIp": address.get("PublicIp"),
            "subnetId": found["SubnetId"],
            "vpcId": found["VpcId"],
            **tags.outputs(found.get("Tags")),
        }

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Call DeleteNatGateway and wait: until then its address and subnet stay in use."""
        aws.api.call("ec2", "DeleteNatGateway", NatGatewayId=id_)
        waiting.until(
            aws, "NAT gateway to be deleted", lambda: True if self._state(aws, id_) in (None, "deleted") else None
        )

    def _found(self, aws: Connection, id_: str) -> dict[str, Any] | None:
        return one(aws, "DescribeNatGateways", "NatGateways", Filter=[{"Name": "nat-gateway-id", "Values": [id_]}])

    def _state(self, aws: Connection, id_: str) -> str | None:
        found = self._found(aws, id_)
        return str(found["State"]) if found else None

"""Rules of Elastic IP addresses, NAT gateways and network interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.placement import require_address, require_groups
from confkube_sandbox.daemon.aws.rules.sources import EC2_ERRORS, SEEN, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call


def _address(call: Call, allocation: str | None) -> Any | None:  # noqa: ANN401
    return next((each for each in call.ec2.addresses if each.allocation_id == allocation), None)


@rule(
    "ec2",
    "AllocateAddress",
    name="ec2.address-quota",
    source="https://github.com/terraform-aws-modules/terraform-aws-vpc/issues/429",
    date=SEEN,
    evidence=READ,
)
def address_quota(call: Call) -> None:
    """An account has a number of Elastic IP addresses in each region."""
    if len(call.ec2.addresses) >= call.settings.quotas["addresses"]:
        raise ApiError("AddressLimitExceeded", "The maximum number of addresses has been reached.")


@rule("ec2", "ReleaseAddress", name="ec2.address-in-use", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def address_in_use(call: Call) -> None:
    """An address is disassociated before it is released."""
    address = _address(call, call.params.get("AllocationId"))
    if address is not None and address.association_id:
        raise ApiError("InvalidIPAddress.InUse", f"Address {address.public_ip} is in use.")


@rule("ec2", "AssociateAddress", name="ec2.address-instance-state", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def instance_state(call: Call) -> None:
    """An instance gets an address once it is running or stopped."""
    instance = call.ec2.get_instance_by_id(call.params.get("InstanceId"))
    if instance is not None and instance.state not in {"running", "stopped", "stopping"}:
        text = f"The {instance.state} instance '{instance.id}' is not in a valid state for this operation."
        raise ApiError("InvalidInstanceID", text)


@rule(
    "ec2",
    "AssociateAddress",
    name="ec2.address-starting-instance",
    source="https://github.com/hashicorp/terraform-provider-aws/issues/6189",
    date=SEEN,
    evidence=READ,
)
def starting_instance(call: Call) -> None:
    """An interface gets no address while its instance starts."""
    name = call.params.get("NetworkInterfaceId")
    interface = call.ec2.enis.get(name)
    instance = interface.instance if interface is not None else None
    if instance is not None and instance.state == "pending":
        raise ApiError(
            "IncorrectInstanceState",
            f"The pending-instance-creation instance to which '{name}' is attached is not in a valid state for this "
            "operation",
        )


@rule(
    "ec2",
    "AssociateAddress",
    name="ec2.address-no-gateway",
    source="https://github.com/hashicorp/terraform-provider-aws/pull/2181",
    date=SEEN,
    evidence=READ,
)
def no_gateway(call: Call) -> None:
    """A public address needs a VPC with an internet gateway."""
    instance = call.ec2.get_instance_by_id(call.params.get("InstanceId"))
    interface = call.ec2.enis.get(call.params.get("NetworkInterfaceId"))
    target = instance or interface
    if target is not None and not has_gateway(call, target.vpc_id):
        raise ApiError("Gateway.NotAttached", f"Network {target.vpc_id} is not attached to any internet gateway")


def has_gateway(call: Call, vpc: str) -> bool:
    """Whether an internet gateway is attached to a VPC."""
    return any(each.vpc and each.vpc.id == vpc for each in call.ec2.internet_gateways.values())


@rule(
    "ec2",
    "CreateNatGateway",
    name="ec2.nat-address",
    source="https://github.com/ansible-collections/amazon.aws/issues/1872",
    date=SEEN,
    evidence=READ,
)
def nat_address(call: Call) -> None:
    """A public NAT gateway has an Elastic IP address; if that one is in use, creation fails later, not here.

    The code is from the source; the texts are recalled.
    """
    if call.params.get("ConnectivityType", "public") != "public":
        return
    allocation = call.params.get("AllocationId")
    if not allocation:
        raise ApiError("MissingParameter", "The request must contain the parameter AllocationId")
    if _address(call, allocation) is None:
        raise ApiError("InvalidElasticIpID.NotFound", f"The elastic-ip ID '{allocation}' does not exist")


@rule(
    "ec2",
    "CreateNatGateway",
    name="ec2.nat-quota",
    source="https://github.com/openshift/hive/blob/86d3d3efdd4a12ee6bf099d4993c9433ab7c3dfd/pkg/controller/clusterprovision/installlogmonitor_test.go",
    date=SEEN,
    evidence=READ,
)
def nat_quota(call: Call) -> None:
    """A zone holds a limited number of NAT gateways."""
    subnet = call.subnet(call.params["SubnetId"])
    if subnet is None:
        return
    living = [each for each in call.ec2.nat_gateways.values() if each.state in {"pending", "available", "deleting"}]
    there = sum(each._eni.availability_zone == subnet.availability_zone for each in living)  # noqa: SLF001
    if there >= call.settings.quotas["nat-gateways-per-zone"]:
        raise ApiError("NatGatewayLimitExceeded", "The maximum number of NAT Gateways has been reached.")


@rule("ec2", "DeleteNatGateway", name="ec2.nat-unknown", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def nat_unknown(call: Call) -> None:
    """Only a NAT gateway that exists can be deleted."""
    name = call.params["NatGatewayId"]
    if name not in call.ec2.nat_gateways:
        raise ApiError("NatGatewayNotFound", f"NAT gateway {name} was not found")


@rule(
    "ec2",
    "DeleteNetworkInterface",
    name="ec2.interface-in-use",
    source="https://github.com/gruntwork-io/cloud-nuke/pull/1132",
    date=SEEN,
    evidence=READ,
)
def interface_in_use(call: Call) -> None:
    """An interface is detached before it is deleted."""
    interface = call.ec2.enis.get(call.params["NetworkInterfaceId"])
    if interface is not None and (interface.instance is not None or interface.status == "in-use"):
        raise ApiError("InvalidParameterValue", f"Network interface '{interface.id}' is currently in use.")


@rule(
    "ec2",
    "CreateNetworkInterface",
    name="ec2.interface-groups",
    source="https://github.com/QT-DevOps/DevOpsIssues/issues/256",
    date=SEEN,
    evidence=READ,
)
def interface_groups(call: Call) -> None:
    """An interface's groups are of its subnet's VPC."""
    subnet = call.subnet(call.params["SubnetId"])
    if subnet is not None:
        require_groups(call, subnet, call.params.get("Groups", []))


@rule("ec2", "CreateNetworkInterface", name="ec2.interface-address", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def interface_address(call: Call) -> None:
    """An interface's address is a free one of its subnet."""
    subnet = call.subnet(call.params["SubnetId"])
    if subnet is not None and call.params.get("PrivateIpAddress"):
        require_address(call, subnet, call.params["PrivateIpAddress"])

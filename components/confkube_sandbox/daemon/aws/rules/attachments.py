"""Rules of RunInstances on how a machine is connected; they hold for the machines of Auto Scaling groups too."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.aws import launch
from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.placement import addresses_in_use, require_address, require_groups
from confkube_sandbox.daemon.aws.rules.sources import EC2_ERRORS, SEEN, VPC_QUOTAS, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call


@rule(
    "ec2",
    "RunInstances",
    name="ec2.launch-interface",
    source="https://github.com/aws/aws-parallelcluster/issues/4063",
    date=SEEN,
    evidence=READ,
)
def interface_free(call: Call) -> None:
    """Interfaces that an instance starts with exist and are attached to nothing (the first refusal is recalled)."""
    for spec in call.params.get("NetworkInterfaces", []):
        name = spec.get("NetworkInterfaceId")
        held = call.ec2.enis.get(name)
        if name and held is None:
            text = f"The networkInterface ID '{name}' does not exist"
            raise ApiError("InvalidNetworkInterfaceID.NotFound", text)
        if held is not None and (held.instance is not None or held.status == "in-use"):
            raise ApiError("InvalidNetworkInterface.InUse", f"Interface: [{name}] in use.")


@rule(
    "ec2",
    "RunInstances",
    name="ec2.interfaces-or-subnet",
    source="https://github.com/aws/aws-cli/issues/809",
    date=SEEN,
    evidence=READ,
)
def interfaces_or_subnet(call: Call) -> None:
    """Subnet, groups and address are given for the instance or for its interfaces, not for both."""
    if not call.params.get("NetworkInterfaces"):
        return
    rest = "may not be specified on the same request"
    if call.params.get("SubnetId"):
        raise ApiError("InvalidParameterCombination", f"Network interfaces and an instance-level subnet ID {rest}")
    if call.params.get("SecurityGroupIds") or call.params.get("SecurityGroups"):
        raise ApiError(
            "InvalidParameterCombination", f"Network interfaces and an instance-level security groups {rest}"
        )
    if call.params.get("PrivateIpAddress"):
        raise ApiError(
            "InvalidParameterCombination", f"Network interfaces and an instance-level private IP address {rest}"
        )


@rule(
    "ec2",
    "RunInstances",
    name="ec2.groups-by-name",
    source="https://github.com/aws/aws-cli/issues/5679",
    date=SEEN,
    evidence=READ,
)
def groups_by_name(call: Call) -> None:
    """With a subnet, security groups are given by id."""
    if call.params.get("SecurityGroups") and call.params.get("SubnetId"):
        text = "The parameter groupName cannot be used with the parameter subnet"
        raise ApiError("InvalidParameterCombination", text)


@rule(
    "ec2",
    "RunInstances",
    name="ec2.launch-groups",
    source="https://github.com/QT-DevOps/DevOpsIssues/issues/256",
    date=SEEN,
    evidence=READ,
)
def groups(call: Call) -> None:
    """The security groups exist in the subnet's VPC."""
    subnet = launch.subnet_of(call)
    if subnet is not None:
        require_groups(call, subnet, launch.groups_of(call))


@rule("ec2", "RunInstances", name="ec2.groups-per-interface", source=VPC_QUOTAS, date=WRITTEN, evidence=RECALLED)
def groups_per_interface(call: Call) -> None:
    """An interface has a limited number of security groups."""
    if len(launch.groups_of(call)) > call.settings.quotas["security-groups-per-interface"]:
        text = "The maximum number of security groups per interface has been reached."
        raise ApiError("SecurityGroupsPerInterfaceLimitExceeded", text)


@rule(
    "ec2",
    "RunInstances",
    name="ec2.private-address",
    source="https://github.com/JamesWoolfenden/terraform-aws-cassandra/issues/18",
    date=SEEN,
    evidence=READ,
)
def private_address(call: Call) -> None:
    """A fixed address is a free one of the subnet, and for one instance."""
    subnet = launch.subnet_of(call)
    wanted = launch.primary_interface(call.params).get("PrivateIpAddress") or call.params.get("PrivateIpAddress")
    if subnet is None or not wanted:
        return
    if launch.count_of(call.params) > 1:
        raise ApiError(
            "InvalidParameterCombination",
            "A private IP address can not be used with an instance count greater than one",
        )
    require_address(call, subnet, wanted)


@rule("ec2", "RunInstances", name="ec2.free-addresses", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def free_addresses(call: Call) -> None:
    """The subnet has enough free addresses."""
    subnet = launch.subnet_of(call)
    if subnet is None:
        return
    free = ipaddress.IPv4Network(subnet.cidr_block).num_addresses - 5 - len(addresses_in_use(call, subnet))
    if launch.count_of(call.params) > free:
        text = "The specified subnet does not have enough free addresses to satisfy the request."
        raise ApiError("InsufficientFreeAddressesInSubnet", text)

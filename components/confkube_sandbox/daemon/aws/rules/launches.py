"""Rules of RunInstances that concern image, type, place and network. They hold for Auto Scaling groups too."""

from __future__ import annotations

import ipaddress
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES

from confkube_sandbox.daemon.aws import launch
from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.placement import addresses_in_use, require_address, require_groups
from confkube_sandbox.daemon.aws.rules.registry import rule
from confkube_sandbox.daemon.aws.rules.sources import EC2_ERRORS, READ, RUN_INSTANCES, VPC_QUOTAS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.daemon.aws.context import Call

_IMAGE_ID = re.compile(r"ami-([0-9a-f]{8}|[0-9a-f]{17})")
DEFAULT_TYPE = "m1.small"


def image_of(call: Call) -> Any | None:  # noqa: ANN401
    """Return the image of a launch, None where it does not exist."""
    return call.ec2.amis.get(call.params.get("ImageId"))


def type_of(call: Call) -> Mapping[str, Any]:
    """Return what EC2 says of the instance type; empty for an unknown one."""
    return INSTANCE_TYPES.get(call.params.get("InstanceType", DEFAULT_TYPE), {})


@cache
def zones_of(region: str, kind: str) -> tuple[str, ...]:
    """Return the zones of a region that offer an instance type."""
    offers: list[dict[str, str]] = INSTANCE_TYPE_OFFERINGS["availability-zone"].get(region, [])
    return tuple(sorted(each["Location"] for each in offers if each["InstanceType"] == kind))


@rule("ec2", "RunInstances", name="ec2.image-exists", source="https://github.com/doccano/doccano/issues/190", date=READ)
def image_exists(call: Call) -> None:
    """The image exists in the region."""
    name = call.params.get("ImageId")
    if not name:
        raise ApiError("MissingParameter", "The request must contain the parameter ImageId")
    if not _IMAGE_ID.fullmatch(name):
        raise ApiError("InvalidAMIID.Malformed", f'Invalid id: "{name}"')
    if name not in call.ec2.amis:
        raise ApiError("InvalidAMIID.NotFound", f"The image id '[{name}]' does not exist")


@rule("ec2", "RunInstances", name="ec2.image-architecture", source=EC2_ERRORS, date=READ)
def architecture(call: Call) -> None:
    """Image and type are of the same architecture."""
    image, known = image_of(call), type_of(call).get("ProcessorInfo", {}).get("SupportedArchitectures", [])
    if image is not None and known and image.architecture not in known:
        text = (
            f"The architecture '{','.join(known)}' of the specified instance type does not match the architecture "
            f"'{image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching "
            "architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the "
            "architecture of the instance type or AMI."
        )
        raise ApiError("InvalidParameterValue", text)


@rule(
    "ec2",
    "RunInstances",
    name="ec2.image-boot-mode",
    source="https://github.com/RhinoSecurityLabs/cloudgoat/issues/247",
    date=READ,
)
def boot_mode(call: Call) -> None:
    """An image that needs UEFI needs a type that has it."""
    image, kind = image_of(call), call.params.get("InstanceType", DEFAULT_TYPE)
    if image is not None and image.boot_mode == "uefi" and "uefi" not in type_of(call).get("SupportedBootModes", []):
        text = (
            f"The {kind} instance type does not support an AMI with a boot mode of UEFI. Only instance types built on "
            "the Nitro System support UEFI. Specify an instance type that supports UEFI, and try again."
        )
        raise ApiError("InvalidParameterValue", text)


@rule("ec2", "RunInstances", name="ec2.launch-subnet", source=EC2_ERRORS, date=READ)
def subnet_exists(call: Call) -> None:
    """The subnet exists."""
    if launch.subnet_of(call) is None:
        wanted = launch.primary_interface(call.params).get("SubnetId") or call.params.get("SubnetId")
        if wanted:
            raise ApiError("InvalidSubnetID.NotFound", f"The subnet ID '{wanted}' does not exist")
        raise ApiError("MissingInput", "No subnets found for the default VPC. Please specify a subnet.")


@rule(
    "ec2", "RunInstances", name="ec2.type-in-zone", source="https://github.com/fedora-copr/copr/issues/2840", date=READ
)
def type_in_zone(call: Call) -> None:
    """The zone offers the instance type."""
    subnet, kind = launch.subnet_of(call), call.params.get("InstanceType", DEFAULT_TYPE)
    if subnet is None:
        return
    zones = zones_of(call.caller.region, kind)
    if not zones:
        text = "The requested configuration is currently not supported."
        raise ApiError("Unsupported", f"{text} Please check the documentation for supported configurations.")
    if subnet.availability_zone not in zones:
        text = (
            f"Your requested instance type ({kind}) is not supported in your requested Availability Zone "
            f"({subnet.availability_zone}). Please retry your request by not specifying an Availability Zone or "
            f"choosing {', '.join(zones)}."
        )
        raise ApiError("Unsupported", text)


@rule("ec2", "RunInstances", name="ec2.interfaces-or-subnet", source=EC2_ERRORS, date=READ)
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
            "InvalidParameterCombination", f"Network interfaces and an instance-level private address {rest}"
        )


@rule(
    "ec2",
    "RunInstances",
    name="ec2.launch-groups",
    source="https://github.com/QT-DevOps/DevOpsIssues/issues/256",
    date=READ,
)
def groups(call: Call) -> None:
    """The security groups exist in the subnet's VPC."""
    subnet = launch.subnet_of(call)
    if subnet is not None:
        require_groups(call, subnet, launch.groups_of(call))


@rule("ec2", "RunInstances", name="ec2.groups-per-interface", source=VPC_QUOTAS, date=READ)
def groups_per_interface(call: Call) -> None:
    """An interface has a limited number of security groups."""
    if len(launch.groups_of(call)) > call.settings.quotas["security-groups-per-interface"]:
        text = "The maximum number of security groups per interface has been reached."
        raise ApiError("SecurityGroupsPerInterfaceLimitExceeded", text)


@rule("ec2", "RunInstances", name="ec2.private-address", source=EC2_ERRORS, date=READ)
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


@rule("ec2", "RunInstances", name="ec2.free-addresses", source=EC2_ERRORS, date=READ)
def free_addresses(call: Call) -> None:
    """The subnet has enough free addresses."""
    subnet = launch.subnet_of(call)
    if subnet is None:
        return
    free = ipaddress.IPv4Network(subnet.cidr_block).num_addresses - 5 - len(addresses_in_use(call, subnet))
    if launch.count_of(call.params) > free:
        text = "The specified subnet does not have enough free addresses to satisfy the request."
        raise ApiError("InsufficientFreeAddressesInSubnet", text)


@rule("ec2", "RunInstances", name="ec2.launch-count", source=RUN_INSTANCES, date=READ)
def count(call: Call) -> None:
    """At least one instance, and at most as many as the maximum says."""
    least, most = call.params.get("MinCount", 1), call.params.get("MaxCount", 1)
    if least < 1:
        raise ApiError(
            "InvalidParameterValue",
            f"Value ({least}) for parameter minCount is invalid. Expected a number of at least 1.",
        )
    if least > most:
        raise ApiError("InvalidParameterCombination", f"minCount ({least}) must not be greater than maxCount ({most})")

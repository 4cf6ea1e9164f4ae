"""Rules of RunInstances that concern image, type, place and network. They hold for Auto Scaling groups too."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES

from confkube_sandbox.daemon.aws import launch
from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.sources import RUN_INSTANCES, SEEN, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

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


@rule(
    "ec2",
    "RunInstances",
    name="ec2.image-exists",
    source="https://github.com/doccano/doccano/issues/190",
    date=SEEN,
    evidence=READ,
)
def image_exists(call: Call) -> None:
    """The image exists in the region."""
    name = call.params.get("ImageId")
    if not name:
        raise ApiError("MissingParameter", "The request must contain the parameter ImageId")
    if not _IMAGE_ID.fullmatch(name):
        raise ApiError("InvalidAMIID.Malformed", f'Invalid id: "{name}"')
    if name not in call.ec2.amis:
        raise ApiError("InvalidAMIID.NotFound", f"The image id '[{name}]' does not exist")


@rule(
    "ec2",
    "RunInstances",
    name="ec2.image-architecture",
    source="https://github.com/skypilot-org/skypilot/issues/6315",
    date=SEEN,
    evidence=READ,
)
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
    date=SEEN,
    evidence=READ,
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


@rule(
    "ec2",
    "RunInstances",
    name="ec2.launch-subnet",
    source="https://github.com/openshift/hive/blob/86d3d3efdd4a12ee6bf099d4993c9433ab7c3dfd/pkg/controller/clusterprovision/installlogmonitor_test.go",
    date=SEEN,
    evidence=READ,
)
def subnet_exists(call: Call) -> None:
    """The subnet exists."""
    if launch.subnet_of(call) is None:
        primary = launch.primary_interface(call.params)
        if primary.get("NetworkInterfaceId"):
            return
        wanted = primary.get("SubnetId") or call.params.get("SubnetId")
        if wanted:
            raise ApiError("InvalidSubnetID.NotFound", f"The subnet ID '{wanted}' does not exist")
        raise ApiError("MissingInput", "No subnets found for the default VPC. Please specify a subnet.")


@rule(
    "ec2",
    "RunInstances",
    name="ec2.type-in-zone",
    source="https://github.com/fedora-copr/copr/issues/2840",
    date=SEEN,
    evidence=READ,
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


@rule("ec2", "RunInstances", name="ec2.launch-count", source=RUN_INSTANCES, date=WRITTEN, evidence=RECALLED)
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

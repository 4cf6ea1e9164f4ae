"""Rules of RunInstances on the machine itself: processor, user data, metadata, disks, quota, capacity."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from moto.ec2.models.instance_types import INSTANCE_TYPES

from confkube_sandbox.daemon.aws import launch
from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.confidential import cpu_options as asked
from confkube_sandbox.daemon.aws.rules.launches import DEFAULT_TYPE, image_of, type_of
from confkube_sandbox.daemon.aws.rules.sources import EC2_ERRORS, METADATA, RUN_INSTANCES, SEEN, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

_LARGEST_USER_DATA = 16384


@rule("ec2", "RunInstances", name="ec2.cpu-options", source=RUN_INSTANCES, date=WRITTEN, evidence=RECALLED)
def cpu_options(call: Call) -> None:
    """Core count and threads come together and are values that the type has."""
    cores, threads = asked(call).get("CoreCount"), asked(call).get("ThreadsPerCore")
    if (cores is None) != (threads is None):
        text = "Both CoreCount and ThreadsPerCore must be specified when one of them is"
        raise ApiError("InvalidParameterCombination", text)
    known = type_of(call).get("VCpuInfo", {})
    for name, value, good in (("CoreCount", cores, "ValidCores"), ("ThreadsPerCore", threads, "ValidThreadsPerCore")):
        if value is not None and known.get(good) and value not in known[good]:
            raise ApiError("InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid.")


@rule(
    "ec2",
    "RunInstances",
    name="ec2.user-data-size",
    source="https://github.com/supergiant/capacity/issues/148",
    date=SEEN,
    evidence=READ,
)
def user_data_size(call: Call) -> None:
    """User data is at most 16384 bytes before it is encoded."""
    try:
        data = base64.b64decode(call.params.get("UserData", ""), validate=True)
    except binascii.Error:
        return
    if len(data) > _LARGEST_USER_DATA:
        raise ApiError("InvalidParameterValue", f"User data is limited to {_LARGEST_USER_DATA} bytes")


@rule(
    "ec2",
    "RunInstances",
    name="ec2.user-data-encoding",
    source="https://github.com/test-kitchen/kitchen-ec2/issues/121",
    date=SEEN,
    evidence=READ,
)
def user_data_encoding(call: Call) -> None:
    """User data is base64."""
    try:
        base64.b64decode(call.params.get("UserData", ""), validate=True)
    except (binascii.Error, ValueError):
        raise ApiError("InvalidParameterValue", "Invalid BASE64 encoding of user data") from None


@rule(
    "ec2",
    "RunInstances ModifyInstanceMetadataOptions",
    name="ec2.hop-limit",
    source=METADATA,
    date=WRITTEN,
    evidence=RECALLED,
)
def hop_limit(call: Call) -> None:
    """The hop limit of metadata answers is between 1 and 64."""
    limit = call.params.get("MetadataOptions", call.params).get("HttpPutResponseHopLimit")
    if limit is not None and not 1 <= limit <= 64:
        raise ApiError("InvalidParameterValue", f"Value ({limit}) for parameter HttpPutResponseHopLimit is invalid.")


@rule("ec2", "RunInstances", name="ec2.key-pair", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def key_pair(call: Call) -> None:
    """The key pair exists."""
    name = call.params.get("KeyName")
    if name and name not in call.ec2.key_pairs:
        raise ApiError("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")


@rule(
    "ec2",
    "RunInstances",
    name="ec2.instance-profile",
    source="https://github.com/nextflow-io/nextflow/issues/617",
    date=SEEN,
    evidence=READ,
)
def instance_profile(call: Call) -> None:
    """The instance profile exists and has a role."""
    wanted = call.params.get("IamInstanceProfile", {})
    if not wanted:
        return
    profiles = call.iam.instance_profiles.values()
    found = next((each for each in profiles if wanted.get("Name") == each.name or wanted.get("Arn") == each.arn), None)
    if found is None:
        kind, value = ("arn", wanted["Arn"]) if wanted.get("Arn") else ("name", wanted.get("Name"))
        text = (
            f"Value ({value}) for parameter iamInstanceProfile.{kind} is invalid. Invalid IAM Instance Profile {kind}"
        )
        raise ApiError("InvalidParameterValue", text)
    if not found.roles:
        raise ApiError("InvalidParameterValue", f'IAM Instance Profile "{found.arn}" has no associated IAM Roles')


@rule("ec2", "RunInstances", name="ec2.volume-size", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def volume_size(call: Call) -> None:
    """A volume is at least as large as the snapshot that it is made of."""
    image = image_of(call)
    if image is None:
        return
    least = {each["DeviceName"]: each["Ebs"] for each in image.block_device_mappings}
    for each in call.params.get("BlockDeviceMappings", []):
        wanted = each.get("Ebs", {}).get("VolumeSize")
        own = least.get(each.get("DeviceName"), {})
        if wanted is not None and wanted < own.get("VolumeSize", 1):
            text = f"Volume of size {wanted}GB is smaller than snapshot '{own.get('SnapshotId')}'"
            raise ApiError("InvalidBlockDeviceMapping", f"{text}, expect size >= {own['VolumeSize']}GB")


@rule(
    "ec2",
    "RunInstances",
    name="ec2.volume-speed",
    source="https://github.com/boto/boto3/issues/2474",
    date=SEEN,
    evidence=READ,
)
def volume_speed(call: Call) -> None:
    """IOPS and throughput can be set only where the volume type has them."""
    for each in call.params.get("BlockDeviceMappings", []):
        disk = each.get("Ebs", {})
        kind = disk.get("VolumeType", "gp2")
        if disk.get("Iops") and kind not in {"gp3", "io1", "io2"}:
            raise ApiError("InvalidParameterCombination", f"The parameter iops is not supported for {kind} volumes.")
        if disk.get("Throughput") and kind != "gp3":
            raise ApiError("InvalidParameterCombination", "throughput can only be specified for volumeType gp3.")


@rule(
    "ec2",
    "RunInstances",
    name="ec2.vcpu-quota",
    source="https://github.com/aws/amazon-cloudwatch-agent-test/pull/256",
    date=SEEN,
    evidence=READ,
)
def vcpu_quota(call: Call) -> None:
    """All instances of an account in a region together stay below the vCPU quota."""
    used = sum(_vcpus(each.instance_type) for each in call.instances() if each.state in {"pending", "running"})
    wanted = _vcpus(call.params.get("InstanceType", DEFAULT_TYPE)) * launch.count_of(call.params)
    limit = call.settings.quotas["vcpus"]
    if used + wanted > limit:
        text = (
            f"You have requested more vCPU capacity than your current vCPU limit of {limit} allows for the instance "
            "bucket that the specified instance type belongs to. Please visit "
            "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
        )
        raise ApiError("VcpuLimitExceeded", text)


def _vcpus(kind: str) -> int:
    return INSTANCE_TYPES.get(kind, {}).get("VCpuInfo", {}).get("DefaultVCpus", 1)


@rule(
    "ec2",
    "RunInstances",
    name="ec2.capacity",
    source="https://github.com/runs-on/runs-on/issues/5",
    date=SEEN,
    evidence=READ,
)
def capacity(call: Call) -> None:
    """A zone has as many machines of a type as the settings say."""
    subnet, kind = launch.subnet_of(call), call.params.get("InstanceType", DEFAULT_TYPE)
    if subnet is None:
        return
    zone = subnet.availability_zone
    for each in call.settings.capacity:
        if each.type not in {"*", kind} or each.zone not in {"*", zone}:
            continue
        used = sum(
            (each.type in {"*", other.instance_type}) and (each.zone in {"*", other.placement.zone})
            for other in call.instances()
        )
        if used + launch.count_of(call.params) > each.count:
            text = (
                f"We currently do not have sufficient {kind} capacity in the Availability Zone you requested ({zone}). "
                "Our system will be working on provisioning additional capacity. You can currently get "
                f"{kind} capacity by not specifying an Availability Zone in your request."
            )
            raise ApiError("InsufficientInstanceCapacity", text, 500)

"""Rules of images, volumes and snapshots."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.sources import EC2_ERRORS, REGISTER_IMAGE, WRITTEN, WRITTEN_LATER
from confkube_sandbox.daemon.rules import RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call


_IMAGE_NAME = re.compile(r"[A-Za-z0-9()\[\] ./'@_-]{3,128}")


@rule("ec2", "RegisterImage", name="ec2.image-name", source=REGISTER_IMAGE, date=WRITTEN_LATER, evidence=RECALLED)
def image_name_form(call: Call) -> None:
    """An image's name has 3 to 128 characters out of a small set."""
    if not _IMAGE_NAME.fullmatch(call.params["Name"]):
        text = (
            "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', "
            "'-', '/' and '_'"
        )
        raise ApiError("InvalidAMIName.Malformed", text)


@rule("ec2", "RegisterImage", name="ec2.image-name-taken", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def image_name(call: Call) -> None:
    """An account's images have different names."""
    name = call.params["Name"]
    for each in call.ec2.amis.values():
        if each.name == name and each.owner_id == call.caller.account:
            raise ApiError("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {each.id}")


@rule("ec2", "RegisterImage", name="ec2.image-snapshot", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def image_snapshot(call: Call) -> None:
    """The snapshots that an image is made of exist."""
    for each in call.params.get("BlockDeviceMappings", []):
        snapshot = each.get("Ebs", {}).get("SnapshotId")
        if snapshot and snapshot not in call.ec2.snapshots:
            raise ApiError("InvalidSnapshot.NotFound", f"The snapshot '{snapshot}' does not exist.")


@rule("ec2", "RegisterImage", name="ec2.image-disk-size", source=EC2_ERRORS, date=WRITTEN_LATER, evidence=RECALLED)
def image_disk_size(call: Call) -> None:
    """A disk of an image is at least as large as the snapshot that it is made of."""
    for each in call.params.get("BlockDeviceMappings", []):
        ebs = each.get("Ebs", {})
        snapshot, wanted = call.ec2.snapshots.get(ebs.get("SnapshotId")), ebs.get("VolumeSize")
        if snapshot is not None and wanted is not None and wanted < snapshot.volume_size:
            text = f"Volume of size {wanted}GB is smaller than snapshot '{snapshot.id}'"
            raise ApiError("InvalidBlockDeviceMapping", f"{text}, expect size >= {snapshot.volume_size}GB")


@rule(
    "ec2",
    "RegisterImage",
    name="ec2.image-disk-encryption",
    source=REGISTER_IMAGE,
    date=WRITTEN_LATER,
    evidence=RECALLED,
)
def image_disk_encryption(call: Call) -> None:
    """A disk made of a snapshot is encrypted as that is."""
    for each in call.params.get("BlockDeviceMappings", []):
        if each.get("Ebs", {}).get("SnapshotId") and each["Ebs"].get("Encrypted") is not None:
            device = each.get("DeviceName")
            text = f"the encrypted flag cannot be specified since device {device} has a snapshot specified."
            raise ApiError("InvalidBlockDeviceMapping", text)


@rule("ec2", "RegisterImage", name="ec2.image-tpm", source=REGISTER_IMAGE, date=WRITTEN, evidence=RECALLED)
def image_tpm(call: Call) -> None:
    """A virtual TPM needs boot mode ``uefi``; ``uefi-preferred`` does not do."""
    if call.params.get("TpmSupport") and call.params.get("BootMode") != "uefi":
        text = "The parameter TpmSupport can only be used with the boot mode 'uefi'."
        raise ApiError("InvalidParameterCombination", text)


@rule("ec2", "DeregisterImage", name="ec2.image-owner", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def image_owner(call: Call) -> None:
    """Only the owner deregisters an image."""
    image = call.ec2.amis.get(call.params["ImageId"])
    if image is not None and image.owner_id != call.caller.account:
        raise ApiError("AuthFailure", f"Not authorized for image:{image.id}", 403)


@rule("ec2", "DeleteSnapshot", name="ec2.snapshot-in-use", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def snapshot_in_use(call: Call) -> None:
    """A snapshot stays while an image is made of it."""
    wanted = call.params["SnapshotId"]
    for image in call.ec2.amis.values():
        if wanted in {each["Ebs"].get("SnapshotId") for each in image.block_device_mappings}:
            raise ApiError("InvalidSnapshot.InUse", f"The snapshot {wanted} is currently in use by {image.id}")


@rule("ec2", "AttachVolume", name="ec2.volume-zone", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def volume_zone(call: Call) -> None:
    """A volume is attached to an instance of its own zone."""
    volume = call.ec2.volumes.get(call.params["VolumeId"])
    instance = call.ec2.get_instance_by_id(call.params["InstanceId"])
    if volume is not None and instance is not None and volume.zone.name != instance.placement.zone:
        text = f"The volume '{volume.id}' is not in the same availability zone as instance '{instance.id}'"
        raise ApiError("InvalidVolume.ZoneMismatch", text)


@rule("ec2", "AttachVolume", name="ec2.volume-attached", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def volume_attached(call: Call) -> None:
    """A volume is attached to one instance."""
    volume = call.ec2.volumes.get(call.params["VolumeId"])
    if volume is not None and volume.attachment is not None:
        raise ApiError("VolumeInUse", f"{volume.id} is already attached to an instance")

"""Images that are registered from snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from confkube_sandbox.providers.aws import tags, translate, waiting
from confkube_sandbox.providers.aws.answers import listed, part
from confkube_sandbox.providers.aws.network import one
from confkube_sandbox.providers.aws.resource import Tagged
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.terraform.validation import one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.handler import Context, Properties

_DISK: Mapping[str, Any] = {"deleteOnTermination": True, "volumeType": "standard"}


class Ami(Tagged, token="aws:ec2/ami:Ami"):
    """``aws.ec2.Ami``; deprecation, instance store and Secure Boot variables are not simulated."""

    noun: ClassVar = "EC2 AMI"
    longest_name: ClassVar = 255
    supported: ClassVar = frozenset(
        {
            "architecture",
            "bootMode",
            "description",
            "ebsBlockDevices",
            "enaSupport",
            "imageLocation",
            "imdsSupport",
            "name",
            "region",
            "rootDeviceName",
            "sriovNetSupport",
            "tags",
            "tpmSupport",
            "virtualizationType",
        }
    )
    defaults: ClassVar = {"architecture": "x86_64", "sriovNetSupport": "simple", "virtualizationType": "paravirtual"}
    # terraform-provider-aws internal/service/ec2/ec2_ami.go at 0073593e7d69.
    rules: ClassVar = {
        "architecture": one_of("i386", "x86_64", "arm64", "x86_64_mac", "arm64_mac"),
        "bootMode": one_of("legacy-bios", "uefi", "uefi-preferred"),
        "ebsBlockDevices.*.volumeType": one_of("standard", "io1", "io2", "gp2", "sc1", "st1", "gp3"),
        "imdsSupport": one_of("v2.0"),
        "tpmSupport": one_of("v2.0"),
        "virtualizationType": one_of("hvm", "paravirtual"),
    }
    needs: ClassVar = {"description": "ModifyImageAttribute"}
    constants: ClassVar = {
        "ephemeralBlockDevices": [],
        "imageOwnerAlias": "",
        "lastLaunchedTime": "",
        "manageEbsSnapshots": False,
        "platform": "",
    }
    computed = frozenset(
        {
            "arn",
            "ebsBlockDevices",
            "hypervisor",
            "imageLocation",
            "imageType",
            "name",
            "ownerId",
            "platformDetails",
            "public",
            "region",
            "rootSnapshotId",
            "tagsAll",
            "usageOperation",
        }
    )
    seconds: ClassVar = (2400, 2400, 5400)
    gone: ClassVar = frozenset({"InvalidAMIID.NotFound", "InvalidAMIID.Unavailable"})

    def _filled(self, inputs: Properties, old: Properties, ctx: Context) -> Properties:
        filled = super()._filled(inputs, old, ctx)
        given: object = filled.get("ebsBlockDevices")
        if not isinstance(given, list):
            return filled
        disks = cast("list[dict[str, Any] | str]", given)
        return filled | {"ebsBlockDevices": [disk if isinstance(disk, str) else {**_DISK, **disk} for disk in disks]}

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call RegisterImage."""
        for disk in listed(inputs, "ebsBlockDevices"):
            if disk.get("snapshotId") and disk.get("encrypted"):
                raise CloudError("can't set both 'snapshot_id' and 'encrypted'")
        shape = aws.api.input_shape("ec2", "RegisterImage")
        names = self.supported - {"ebsBlockDevices", "region", "tags"}
        given = {key: inputs[key] for key in names if inputs.get(key) not in (None, "")}
        ebs = shape.members["BlockDeviceMappings"].member.members["Ebs"]
        disks = [
            {
                "DeviceName": disk["deviceName"],
                "Ebs": translate.request(
                    ebs, {key: value for key, value in disk.items() if key != "deviceName" and value is not None}
                ),
            }
            for disk in listed(inputs, "ebsBlockDevices")
        ]
        answer = aws.api.call(
            "ec2", "RegisterImage", BlockDeviceMappings=disks or None, **translate.request(shape, given)
        )
        return str(answer["ImageId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:
        """Set the tags and wait until machines can start from it."""
        if tags.pairs(inputs):
            aws.api.call("ec2", "CreateTags", Resources=[id_], Tags=tags.pairs(inputs))
        waiting.state(
            aws,
            "EC2 AMI",
            lambda: str((self._image(aws, id_) or {}).get("State") or "pending"),
            wanted="available",
            pending=("pending",),
        )

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the image."""
        image = self._image(aws, id_)
        if image is None:
            return None
        root = image.get("RootDeviceName") or ""
        disks = [_disk(entry) for entry in listed(image, "BlockDeviceMappings")]
        return {
            "architecture": image.get("Architecture") or "",
            "arn": f"arn:aws:ec2:{aws.region}::image/{id_}",
            "bootMode": image.get("BootMode") or "",
            "description": image.get("Description") or "",
            "ebsBlockDevices": disks,
            "enaSupport": bool(image.get("EnaSupport")),
            "hypervisor": image.get("Hypervisor") or "",
            "imageLocation": image.get("ImageLocation") or "",
            "imageType": image.get("ImageType") or "",
            "imdsSupport": image.get("ImdsSupport") or "",
            "name": image.get("Name") or "",
            "ownerId": image.get("OwnerId") or "",
            "platformDetails": image.get("PlatformDetails") or "",
            "public": bool(image.get("Public")),
            "rootDeviceName": root,
            "rootSnapshotId": next((disk["snapshotId"] for disk in disks if disk["deviceName"] == root), ""),
            "tpmSupport": image.get("TpmSupport") or "",
            "usageOperation": image.get("UsageOperation") or "",
            "virtualizationType": image.get("VirtualizationType") or "",
            **tags.outputs(image.get("Tags")),
        }

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Call DeregisterImage and wait until it is gone; the snapshot is not the image's own."""
        aws.api.call("ec2", "DeregisterImage", ImageId=id_)
        waiting.until(
            aws,
            "the image to be gone",
            lambda: True if waiting.found(self.gone, lambda: self._image(aws, id_)) is None else None,
        )

    def _image(self, aws: Connection, id_: str) -> dict[str, Any] | None:
        return one(aws, "DescribeImages", "Images", ImageIds=[id_])


def _disk(entry: dict[str, Any]) -> dict[str, Any]:
    ebs = part(entry, "Ebs")
    return {
        "deleteOnTermination": bool(ebs.get("DeleteOnTermination")),
        "deviceName": entry["DeviceName"],
        "encrypted": bool(ebs.get("Encrypted")),
        "iops": ebs.get("Iops", 0),
        "snapshotId": ebs.get("SnapshotId") or "",
        "throughput": ebs.get("Throughput", 0),
        "volumeSize": ebs.get("VolumeSize"),
        "volumeType": ebs.get("VolumeType") or "",
    }

"""An image of the user's own: a disk in S3, imported as a snapshot and registered to boot with UEFI and a TPM.

Source of the role that imports: https://docs.aws.amazon.com/vm-import/latest/userguide/required-permissions.html
(2026-11-27, repeated by third parties); of what is registered: https://github.com/edgelesssys/uplosi at 560c53a
(2026-11-23).
"""

import json
import re

import pulumi
import pulumi_aws as aws

from confkube.clouds.aws.labels import tags
from confkube.errors import Refusal
from confkube.platform import Image, ImageSpec

ROOT_DEVICE = "/dev/xvda"

_ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>[A-Za-z0-9!_.'()/-]+)")
"""Only characters that AWS calls safe in a key; ``*`` and ``?`` would widen what the role may read.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html, 2026-11-27 (recalled)."""
_DESCRIPTION = 255
"""Characters of an image's description."""
_FORMATS = {"raw": "RAW", "vhd": "VHD"}

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "vmie.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:Externalid": "vmimport"}},
        }
    ],
}
_IMPORT_ACTIONS = ["ec2:CopySnapshot", "ec2:Describe*", "ec2:ModifySnapshotAttribute", "ec2:RegisterImage"]
"""As documented for the role; none of them was narrowed, since the service does not say which one it missed."""


def create(name: str, address: str, spec: ImageSpec, region: str, opts: pulumi.ResourceOptions) -> Image:
    """Make an image from the disk at ``s3://BUCKET/KEY``.

    Raises:
        Refusal: The address is another one, or its ending does not say which format the disk has.
    """
    bucket, key, disk_format = parsed(name, address)
    labelled = tags(spec.labels or {}, name)
    role = aws.iam.Role(
        f"{name}-import",
        description=f"VM Import reads the disk of {name}",
        assume_role_policy=json.dumps(_TRUST),
        tags=labelled,
        opts=opts,
    )
    policy = aws.iam.RolePolicy(
        f"{name}-import",
        role=role.id,
        policy=role.arn.apply(lambda arn: _policy(arn.split(":")[1], bucket, key)),
        opts=opts,
    )
    snapshot = aws.ebs.SnapshotImport(
        f"{name}-disk",
        # Without a description: EC2 gives the snapshot one of its own, and the provider would take that for a change.
        disk_container=aws.ebs.SnapshotImportDiskContainerArgs(
            format=disk_format,
            user_bucket=aws.ebs.SnapshotImportDiskContainerUserBucketArgs(s3_bucket=bucket, s3_key=key),
        ),
        # Machines that start from the image get encrypted disks by it: cloud-api-adaptor does not ask for any.
        encrypted=True,
        role_name=role.name,
        region=region,
        tags=labelled,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[policy])),
    )
    image = aws.ec2.Ami(
        name,
        description=f"made from {address}"[:_DESCRIPTION],
        architecture="x86_64",
        virtualization_type="hvm",
        boot_mode="uefi",
        tpm_support="v2.0",
        ena_support=True,
        # Pod VMs of cloud-api-adaptor ask with a token since its release 0.22
        # (https://github.com/confidential-containers/cloud-api-adaptor/pull/3058, 2026-11-27).
        imds_support="v2.0",
        root_device_name=ROOT_DEVICE,
        ebs_block_devices=[
            aws.ec2.AmiEbsBlockDeviceArgs(device_name=ROOT_DEVICE, snapshot_id=snapshot.id, volume_type="gp3")
        ],
        region=region,
        tags=labelled,
        opts=opts,
    )
    return Image(image_id=image.id, root_device=ROOT_DEVICE, resource=image)


def parsed(name: str, address: str) -> tuple[str, str, str]:
    """Bucket, key and format of a disk's address.

    Raises:
        Refusal: It is not an address of S3, or its ending names no format.
    """
    found = _ADDRESS.fullmatch(address)
    disk_format = _FORMATS.get(address.rpartition(".")[2].lower())
    if found is None or disk_format is None:
        endings = " or ".join(f".{ending}" for ending in _FORMATS)
        raise Refusal(
            f"{name}: {address!r} is not a disk image here; write s3://BUCKET/KEY with a key ending in {endings}"
        )
    return found["bucket"], found["key"], disk_format


def _policy(partition: str, bucket: str, key: str) -> str:
    """What VM Import may do with the role: read this one object, and turn it into a snapshot."""
    of_bucket = f"arn:{partition}:s3:::{bucket}"
    statements: list[dict[str, object]] = [
        {
            "Sid": "Bucket",
            "Effect": "Allow",
            "Action": ["s3:GetBucketLocation", "s3:ListBucket"],
            "Resource": of_bucket,
        },
        {"Sid": "Disk", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"{of_bucket}/{key}"},
        {"Sid": "Snapshot", "Effect": "Allow", "Action": _IMPORT_ACTIONS, "Resource": "*"},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})

"""Functions: image, caller and region."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.aws import tags
from confkube_sandbox.providers.aws.answers import listed, part
from confkube_sandbox.providers.aws.api import ApiError
from confkube_sandbox.providers.aws.connection import connect
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.handler import Function

if TYPE_CHECKING:
    from confkube_sandbox.providers.handler import Context, Properties

_REGIONS = {"us-east-1": "US East (N. Virginia)", "us-east-2": "US East (Ohio)", "eu-west-1": "Europe (Ireland)"}


class GetAmi(Function, token="aws:ec2/getAmi:getAmi"):
    """``aws.ec2.get_ami``."""

    def invoke(self, args: Properties, ctx: Context) -> Properties:
        """Find one image, or the newest of several if asked to."""
        aws = connect(ctx, args)
        if not (args.get("filters") or args.get("owners") or args.get("executableUsers") or args.get("nameRegex")):
            raise CloudError("one of executable_users, filters, name_regex, or owners must be assigned")
        filters = [{"Name": entry["name"], "Values": entry["values"]} for entry in listed(args, "filters")]
        try:
            images = aws.api.pages(
                "ec2",
                "DescribeImages",
                "Images",
                Filters=filters or None,
                Owners=args.get("owners") or None,
                ExecutableUsers=args.get("executableUsers") or None,
                IncludeDeprecated=args.get("includeDeprecated", False),
            )
        except ApiError as error:
            raise CloudError(
                f"invocation of aws:ec2/getAmi:getAmi returned an error: reading EC2 AMIs: {error}", error.code
            ) from None
        if args.get("nameRegex"):
            pattern = re.compile(args["nameRegex"])
            images = [image for image in images if pattern.search(image.get("Name", ""))]
        if not images:
            raise CloudError("Your query returned no results. Please change your search criteria and try again.")
        if len(images) > 1 and not args.get("mostRecent"):
            raise CloudError(
                "Your query returned more than one result. Please try a more specific search criteria, or set "
                "`most_recent` attribute to true."
            )
        newest = max(images, key=lambda image: str(image.get("CreationDate", "")))
        return {**args, **_image(aws.region, newest), "region": aws.region}


class GetCallerIdentity(Function, token="aws:index/getCallerIdentity:getCallerIdentity"):
    """``aws.get_caller_identity``."""

    def invoke(self, args: Properties, ctx: Context) -> Properties:  # noqa: ARG002
        """Say who the provider is."""
        aws = connect(ctx, {})
        try:
            found = aws.api.call("sts", "GetCallerIdentity")
        except ApiError as error:
            raise CloudError(f"reading STS Caller Identity: {error}", error.code) from None
        account = str(found["Account"])
        return {"id": account, "accountId": account, "arn": found["Arn"], "userId": found["UserId"]}


class GetRegion(Function, token="aws:index/getRegion:getRegion"):
    """``aws.get_region``."""

    def invoke(self, args: Properties, ctx: Context) -> Properties:
        """Name the region in use, or check the one given."""
        region = args.get("region") or args.get("name") or connect(ctx, {}).region
        return {
            "id": region,
            "name": region,
            "region": region,
            "endpoint": f"ec2.{region}.amazonaws.com",
            "description": _REGIONS.get(region, region),
        }


def _image(region: str, image: dict[str, Any]) -> Properties:
    root = str(image.get("RootDeviceName") or "")
    devices = [_device(entry) for entry in listed(image, "BlockDeviceMappings")]
    snapshot = next((device["ebs"].get("snapshot_id", "") for device in devices if device["deviceName"] == root), "")
    return {
        "id": image["ImageId"],
        "imageId": image["ImageId"],
        "arn": f"arn:aws:ec2:{region}::image/{image['ImageId']}",
        "architecture": image.get("Architecture") or "",
        "blockDeviceMappings": devices,
        "bootMode": image.get("BootMode") or "",
        "creationDate": image.get("CreationDate") or "",
        "deprecationTime": image.get("DeprecationTime") or "",
        "description": image.get("Description") or "",
        "enaSupport": bool(image.get("EnaSupport")),
        "hypervisor": image.get("Hypervisor") or "",
        "imageLocation": image.get("ImageLocation") or "",
        "imageOwnerAlias": image.get("ImageOwnerAlias") or "",
        "imageType": image.get("ImageType") or "",
        "imdsSupport": image.get("ImdsSupport") or "",
        "kernelId": image.get("KernelId") or "",
        "lastLaunchedTime": image.get("LastLaunchedTime") or "",
        "name": image.get("Name") or "",
        "ownerId": image.get("OwnerId") or "",
        "platform": image.get("Platform") or "",
        "platformDetails": image.get("PlatformDetails") or "",
        "productCodes": [],
        "public": bool(image.get("Public")),
        "ramdiskId": image.get("RamdiskId") or "",
        "rootDeviceName": root,
        "rootDeviceType": image.get("RootDeviceType") or "",
        "rootSnapshotId": snapshot,
        "sriovNetSupport": image.get("SriovNetSupport") or "",
        "state": image.get("State") or "",
        "stateReason": {"code": "UNSET", "message": "UNSET"},
        "tags": tags.outputs(image.get("Tags"))["tagsAll"],
        "tpmSupport": image.get("TpmSupport") or "",
        "usageOperation": image.get("UsageOperation") or "",
        "virtualizationType": image.get("VirtualizationType") or "",
    }


def _device(entry: dict[str, Any]) -> dict[str, Any]:
    ebs = part(entry, "Ebs")
    # The real provider hands these out as texts under AWS-like names (getAmi's blockDeviceMappings[].ebs is a map).
    texts = {
        "delete_on_termination": str(bool(ebs.get("DeleteOnTermination"))).lower(),
        "encrypted": str(bool(ebs.get("Encrypted"))).lower(),
        "iops": str(ebs.get("Iops", 0)),
        "snapshot_id": str(ebs.get("SnapshotId") or ""),
        "throughput": str(ebs.get("Throughput", 0)),
        "volume_size": str(ebs.get("VolumeSize", 0)),
        "volume_type": str(ebs.get("VolumeType") or ""),
    }
    return {
        "deviceName": entry.get("DeviceName") or "",
        "ebs": texts if ebs else {},
        "noDevice": entry.get("NoDevice") or "",
        "virtualName": entry.get("VirtualName") or "",
    }

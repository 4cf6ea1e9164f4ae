"""The request that launches one instance."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.providers.aws import tags, translate
from confkube_sandbox.providers.aws.answers import listed, part, texts
from confkube_sandbox.providers.aws.network import one
from confkube_sandbox.providers.errors import CloudError

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.handler import Properties

# Inputs that RunInstances takes under the same names.
_SAME = (
    "cpuOptions",
    "creditSpecification",
    "disableApiStop",
    "disableApiTermination",
    "ebsOptimized",
    "enclaveOptions",
    "instanceInitiatedShutdownBehavior",
    "instanceMarketOptions",
    "instanceType",
    "keyName",
    "launchTemplate",
    "maintenanceOptions",
    "metadataOptions",
    "privateDnsNameOptions",
)
_TEMPLATE = {"id": "launchTemplateId", "name": "launchTemplateName", "version": "version"}
_VOLUME = (
    "deleteOnTermination",
    "encrypted",
    "iops",
    "kmsKeyId",
    "snapshotId",
    "throughput",
    "volumeSize",
    "volumeType",
)


def request(aws: Connection, inputs: Properties) -> dict[str, Any]:
    """Build the parameters of RunInstances from the inputs of ``aws.ec2.Instance``."""
    shape = aws.api.input_shape("ec2", "RunInstances")
    given = {key: inputs[key] for key in _SAME if inputs.get(key) is not None}
    if "launchTemplate" in given:
        given["launchTemplate"] = {_TEMPLATE[key]: value for key, value in given["launchTemplate"].items()}
    parameters = translate.request(shape, given) | _network(inputs) | {"MinCount": 1, "MaxCount": 1}
    parameters |= {
        "ImageId": inputs.get("ami"),
        "IamInstanceProfile": {"Name": inputs["iamInstanceProfile"]} if inputs.get("iamInstanceProfile") else None,
        "Monitoring": {"Enabled": inputs["monitoring"]} if inputs.get("monitoring") is not None else None,
        "HibernationOptions": {"Configured": True} if inputs.get("hibernation") else None,
        "UserData": user_data(inputs),
        "Placement": _placement(inputs) or None,
        "BlockDeviceMappings": _devices(aws, inputs) or None,
        "TagSpecifications": [
            *(tags.specification("instance", inputs) or []),
            *(tags.specification("volume", {"tags": inputs.get("volumeTags")}) or []),
        ]
        or None,
    }
    return parameters


def user_data(inputs: Properties) -> bytes | None:
    """User data as it is: the SDK encodes it for RunInstances by itself."""
    if inputs.get("userDataBase64") is not None:
        return base64.b64decode(inputs["userDataBase64"])
    return str(inputs["userData"]).encode() if inputs.get("userData") is not None else None


def _placement(inputs: Properties) -> dict[str, Any]:
    wanted = {
        "AvailabilityZone": inputs.get("availabilityZone"),
        "Tenancy": inputs.get("tenancy"),
        "GroupName": inputs.get("placementGroup"),
    }
    return {key: value for key, value in wanted.items() if value is not None}


def _network(inputs: Properties) -> dict[str, Any]:
    """Return the network as the real provider asks for it: an interface only where the plain form cannot say it."""
    primary = inputs.get("primaryNetworkInterface")
    if primary is not None:
        return {"NetworkInterfaces": [{"DeviceIndex": 0, "NetworkInterfaceId": primary["networkInterfaceId"]}]}
    groups, subnet = inputs.get("vpcSecurityGroupIds") or None, inputs.get("subnetId")
    public, address = inputs.get("associatePublicIpAddress"), inputs.get("privateIp")
    more = texts(inputs, "secondaryPrivateIps")
    if not subnet or (public is None and address is None and not more):
        return {"SubnetId": subnet, "SecurityGroupIds": groups, "PrivateIpAddress": address}
    interface: dict[str, Any] = {"DeviceIndex": 0, "SubnetId": subnet}
    if groups:
        interface["Groups"] = groups
    if public is not None:
        interface["AssociatePublicIpAddress"] = public
    if address is not None:
        interface["PrivateIpAddress"] = address
    if more:
        interface["PrivateIpAddresses"] = [{"PrivateIpAddress": each, "Primary": False} for each in more]
    return {"NetworkInterfaces": [interface]}


def _devices(aws: Connection, inputs: Properties) -> list[dict[str, Any]]:
    devices = [_device(entry["deviceName"], entry) for entry in listed(inputs, "ebsBlockDevices")]
    root = cast("dict[str, Any] | None", inputs.get("rootBlockDevice"))
    if root is not None:
        devices.append(_device(_root_name(aws, inputs), root))
    return devices


def _device(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    ebs = {key[0].upper() + key[1:]: entry[key] for key in _VOLUME if entry.get(key) is not None}
    # The real provider's default.
    ebs.setdefault("DeleteOnTermination", True)
    return {"DeviceName": name, "Ebs": ebs}


def _root_name(aws: Connection, inputs: Properties) -> str:
    image_id = inputs.get("ami")
    if image_id is None:
        template = part(inputs, "launchTemplate")
        version = one(
            aws,
            "DescribeLaunchTemplateVersions",
            "LaunchTemplateVersions",
            LaunchTemplateId=template.get("id"),
            LaunchTemplateName=template.get("name"),
            Versions=[template.get("version") or "$Default"],
        )
        image_id = part(version, "LaunchTemplateData").get("ImageId")
    if not image_id:
        raise CloudError("`ami` must be set or provided via `launch_template`", "MissingParameter")
    image = one(aws, "DescribeImages", "Images", ImageIds=[image_id])
    if image is None or not image.get("RootDeviceName"):
        raise CloudError(f"finding root device name for EC2 AMI ({image_id}): couldn't find resource", "NotFound")
    return str(image["RootDeviceName"])

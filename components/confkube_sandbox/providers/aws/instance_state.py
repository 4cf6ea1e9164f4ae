"""What a living instance looks like, as outputs of ``aws.ec2.Instance``."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.aws import tags
from confkube_sandbox.providers.aws.answers import listed, part

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.handler import Properties


def everything(aws: Connection, instance: dict[str, Any], known: Properties) -> Properties:
    """Describe the instance, its primary interface, its volumes and its attributes.

    Args:
        aws: The connection.
        instance: The answer of DescribeInstances.
        known: The resource's inputs, or its outputs where there are none; they decide the form of what AWS leaves open.
    """
    return {
        **_facts(instance),
        **_interface(instance),
        **_volumes(aws, instance, known),
        **_attributes(aws, str(instance["InstanceId"]), known),
        **_nested(instance, known),
    }


def _facts(instance: dict[str, Any]) -> Properties:
    placement = part(instance, "Placement")
    profile = part(instance, "IamInstanceProfile").get("Arn") or ""
    return {
        "ami": instance["ImageId"],
        "availabilityZone": placement.get("AvailabilityZone"),
        "ebsOptimized": bool(instance.get("EbsOptimized")),
        "hibernation": bool(part(instance, "HibernationOptions").get("Configured")),
        "iamInstanceProfile": profile.rpartition("/")[2] or None,
        "instanceLifecycle": instance.get("InstanceLifecycle") or "",
        "instanceState": instance["State"]["Name"],
        "instanceType": instance["InstanceType"],
        "keyName": instance.get("KeyName"),
        "monitoring": part(instance, "Monitoring").get("State") in ("enabled", "pending"),
        "outpostArn": instance.get("OutpostArn") or "",
        "passwordData": "",
        "placementGroup": placement.get("GroupName") or "",
        "privateDns": instance.get("PrivateDnsName") or "",
        "privateIp": instance.get("PrivateIpAddress"),
        "publicDns": instance.get("PublicDnsName") or "",
        "publicIp": instance.get("PublicIpAddress") or "",
        "tenancy": placement.get("Tenancy") or "default",
    }


def _interface(instance: dict[str, Any]) -> Properties:
    interfaces = listed(instance, "NetworkInterfaces")
    nothing: dict[str, Any] = {}
    primary = next((each for each in interfaces if each["Attachment"]["DeviceIndex"] == 0), nothing)
    addresses = listed(primary, "PrivateIpAddresses")
    groups = listed(primary, "Groups") or listed(instance, "SecurityGroups")
    return {
        "primaryNetworkInterface": {
            "networkInterfaceId": primary.get("NetworkInterfaceId") or "",
            "deleteOnTermination": bool(part(primary, "Attachment").get("DeleteOnTermination")),
        },
        "primaryNetworkInterfaceId": primary.get("NetworkInterfaceId") or "",
        "subnetId": primary.get("SubnetId") or instance.get("SubnetId"),
        "associatePublicIpAddress": primary.get("Association") is not None or bool(instance.get("PublicIpAddress")),
        "secondaryPrivateIps": [each["PrivateIpAddress"] for each in addresses if not each.get("Primary")],
        "sourceDestCheck": bool(instance.get("SourceDestCheck", primary.get("SourceDestCheck", True))),
        "vpcSecurityGroupIds": sorted(group["GroupId"] for group in groups),
    }


def _volumes(aws: Connection, instance: dict[str, Any], known: Properties) -> Properties:
    mappings = listed(instance, "BlockDeviceMappings")
    by_volume = {each["Ebs"]["VolumeId"]: each for each in mappings if each.get("Ebs")}
    if not by_volume:
        return {}
    root: Properties | None = None
    others: list[Properties] = []
    for volume in aws.api.call("ec2", "DescribeVolumes", VolumeIds=sorted(by_volume))["Volumes"]:
        mapping = by_volume[volume["VolumeId"]]
        entry = {
            "deviceName": mapping["DeviceName"],
            "deleteOnTermination": bool(mapping["Ebs"].get("DeleteOnTermination")),
            "encrypted": bool(volume.get("Encrypted")),
            "iops": volume.get("Iops"),
            "kmsKeyId": volume.get("KmsKeyId") or "",
            "throughput": volume.get("Throughput"),
            "volumeId": volume["VolumeId"],
            "volumeSize": volume.get("Size"),
            "volumeType": volume.get("VolumeType"),
        }
        if not known.get("volumeTags"):
            entry["tags"] = tags.outputs(volume.get("Tags"))["tags"] or {}
        if mapping["DeviceName"] == instance.get("RootDeviceName"):
            root = entry
        else:
            others.append(entry | {"snapshotId": volume.get("SnapshotId") or ""})
    wanted = [entry.get("deviceName") for entry in listed(known, "ebsBlockDevices")]
    others.sort(
        key=lambda entry: (
            wanted.index(entry["deviceName"]) if entry["deviceName"] in wanted else 99,
            entry["deviceName"],
        )
    )
    return {"rootBlockDevice": root, "ebsBlockDevices": others}


def _attributes(aws: Connection, id_: str, known: Properties) -> Properties:
    def ask(attribute: str, key: str) -> Any:  # noqa: ANN401
        answer = aws.api.call("ec2", "DescribeInstanceAttribute", InstanceId=id_, Attribute=attribute)
        return part(answer, key).get("Value")

    result: Properties = {
        "disableApiTermination": bool(ask("disableApiTermination", "DisableApiTermination")),
        "disableApiStop": bool(ask("disableApiStop", "DisableApiStop")),
        "instanceInitiatedShutdownBehavior": ask(
            "instanceInitiatedShutdownBehavior", "InstanceInitiatedShutdownBehavior"
        ),
    }
    encoded = ask("userData", "UserData")
    if encoded and known.get("userDataBase64") is not None:
        result["userDataBase64"] = encoded
    elif encoded:
        # Kept in clear text, as terraform-provider-aws does since 6.0.
        result["userData"] = base64.b64decode(encoded).decode("utf-8", "replace")
    else:
        result |= {key: None for key in ("userData", "userDataBase64") if known.get(key)}
    return result


def _nested(instance: dict[str, Any], known: Properties) -> Properties:
    cpu, metadata = part(instance, "CpuOptions"), part(instance, "MetadataOptions")
    result: Properties = {
        "cpuOptions": {
            "amdSevSnp": cpu.get("AmdSevSnp") or "",
            "coreCount": cpu.get("CoreCount"),
            "nestedVirtualization": cpu.get("NestedVirtualization") or "",
            "threadsPerCore": cpu.get("ThreadsPerCore"),
        },
        "metadataOptions": {
            "httpEndpoint": metadata.get("HttpEndpoint", "enabled"),
            "httpProtocolIpv6": metadata.get("HttpProtocolIpv6", "disabled"),
            "httpPutResponseHopLimit": metadata.get("HttpPutResponseHopLimit", 1),
            "httpTokens": metadata.get("HttpTokens", "optional"),
            "instanceMetadataTags": metadata.get("InstanceMetadataTags", "disabled"),
        },
        "enclaveOptions": {"enabled": bool(part(instance, "EnclaveOptions").get("Enabled"))},
        "maintenanceOptions": {"autoRecovery": part(instance, "MaintenanceOptions").get("AutoRecovery", "default")},
    }
    # What AWS does not report in these is as it was asked for.
    kept = ("creditSpecification", "instanceMarketOptions", "launchTemplate", "privateDnsNameOptions", "volumeTags")
    return result | {key: known[key] for key in kept if key in known}

"""Changes of a living instance: what can be done while it runs, and what needs a stop."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.aws import tags, translate, waiting
from confkube_sandbox.providers.aws.answers import first, listed, part, texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties

# terraform-provider-aws internal/service/ec2/ec2_instance.go: changed one at a time, each with a stop and a start.
STOPPING = frozenset({"instanceType", "userData", "userDataBase64"})
_ROOT_VOLUME = {"volumeSize": "Size", "volumeType": "VolumeType", "iops": "Iops", "throughput": "Throughput"}
# What changes an input while the machine runs, for those where not every cloud has it.
NEEDS = {
    "creditSpecification": "ModifyInstanceCreditSpecification",
    "maintenanceOptions": "ModifyInstanceMaintenanceOptions",
    "monitoring": "MonitorInstances",
    "privateDnsNameOptions": "ModifyPrivateDnsNameOptions",
    "secondaryPrivateIps": "AssignPrivateIpAddresses",
    "vpcSecurityGroupIds": "ModifyNetworkInterfaceAttribute",
    **{f"rootBlockDevice.{key}": "ModifyVolume" for key in _ROOT_VOLUME},
}


def volume_id(instance: dict[str, Any], device: object) -> str | None:
    """Return the volume behind a device name."""
    mappings = listed(instance, "BlockDeviceMappings")
    return next((str(each["Ebs"]["VolumeId"]) for each in mappings if each["DeviceName"] == device), None)


def stop(aws: Connection, id_: str, state: Callable[[], str | None]) -> None:
    """Stop and wait."""
    aws.api.call("ec2", "StopInstances", InstanceIds=[id_])
    pending = {"pending", "running", "stopping"}
    waiting.state(aws, "instance", state, wanted="stopped", pending=pending)


def modify_stopped(aws: Connection, id_: str, key: str, new: Properties) -> None:
    """Change an attribute of a stopped instance."""
    if key == "instanceType":
        aws.api.call("ec2", "ModifyInstanceAttribute", InstanceId=id_, InstanceType={"Value": new["instanceType"]})
        return
    encoded = new.get("userDataBase64")
    data = base64.b64decode(encoded) if encoded else str(new.get("userData") or "").encode()
    aws.api.call("ec2", "ModifyInstanceAttribute", InstanceId=id_, UserData={"Value": data})


def apply(aws: Connection, instance: dict[str, Any], to: Change) -> None:
    """Do everything that needs no stop."""
    id_ = str(instance["InstanceId"])
    tags.update_ec2(aws, id_, to.live, to.new)
    if "volumeTags" in to.keys:
        before, after = {"tags": to.old.get("volumeTags")}, {"tags": to.new.get("volumeTags")}
        for mapping in listed(instance, "BlockDeviceMappings"):
            tags.update_ec2(aws, mapping["Ebs"]["VolumeId"], before, after)
    if "iamInstanceProfile" in to.keys:
        _profile(aws, id_, to.new.get("iamInstanceProfile"))
    if "vpcSecurityGroupIds" in to.keys and to.new.get("vpcSecurityGroupIds"):
        interface = to.live["primaryNetworkInterfaceId"]
        groups = to.new["vpcSecurityGroupIds"]
        aws.api.call("ec2", "ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, Groups=groups)
    if "secondaryPrivateIps" in to.keys:
        _addresses(aws, to.live, to.new)
    _simple(aws, id_, to.new, to.keys)
    _nested(aws, id_, to.new, to.keys)
    if "rootBlockDevice" in to.keys:
        _root(aws, instance, to.live, to.new)


def _simple(aws: Connection, id_: str, new: Properties, changed: set[str]) -> None:
    for key in sorted(changed & {"sourceDestCheck", "disableApiTermination", "disableApiStop"}):
        value = bool(new.get(key, key == "sourceDestCheck"))
        aws.api.call("ec2", "ModifyInstanceAttribute", InstanceId=id_, **{key[0].upper() + key[1:]: {"Value": value}})
    if "instanceInitiatedShutdownBehavior" in changed and new.get("instanceInitiatedShutdownBehavior"):
        behavior = {"Value": new["instanceInitiatedShutdownBehavior"]}
        aws.api.call("ec2", "ModifyInstanceAttribute", InstanceId=id_, InstanceInitiatedShutdownBehavior=behavior)
    if "monitoring" in changed and new.get("monitoring") is not None:
        aws.api.call("ec2", "MonitorInstances" if new["monitoring"] else "UnmonitorInstances", InstanceIds=[id_])


def _nested(aws: Connection, id_: str, new: Properties, changed: set[str]) -> None:
    operations = {
        "metadataOptions": "ModifyInstanceMetadataOptions",
        "maintenanceOptions": "ModifyInstanceMaintenanceOptions",
        "privateDnsNameOptions": "ModifyPrivateDnsNameOptions",
    }
    for key in sorted(changed & operations.keys()):
        if new.get(key):
            shape = aws.api.input_shape("ec2", operations[key])
            aws.api.call("ec2", operations[key], InstanceId=id_, **translate.request(shape, new[key]))
    if "creditSpecification" in changed and new.get("creditSpecification"):
        credits_ = [{"InstanceId": id_, "CpuCredits": new["creditSpecification"].get("cpuCredits", "standard")}]
        aws.api.call("ec2", "ModifyInstanceCreditSpecification", InstanceCreditSpecifications=credits_)


def _profile(aws: Connection, id_: str, name: str | None) -> None:
    filters = [{"Name": "instance-id", "Values": [id_]}]
    answer = aws.api.call("ec2", "DescribeIamInstanceProfileAssociations", Filters=filters)
    current = first(answer, "IamInstanceProfileAssociations")
    if name and current:
        association = current["AssociationId"]
        aws.api.call(
            "ec2", "ReplaceIamInstanceProfileAssociation", AssociationId=association, IamInstanceProfile={"Name": name}
        )
    elif name:
        aws.api.call("ec2", "AssociateIamInstanceProfile", InstanceId=id_, IamInstanceProfile={"Name": name})
    elif current:
        aws.api.call("ec2", "DisassociateIamInstanceProfile", AssociationId=current["AssociationId"])


def _addresses(aws: Connection, live_: Properties, new: Properties) -> None:
    interface = live_["primaryNetworkInterfaceId"]
    before, after = set(texts(live_, "secondaryPrivateIps")), set(texts(new, "secondaryPrivateIps"))
    if before - after:
        gone = sorted(before - after)
        aws.api.call("ec2", "UnassignPrivateIpAddresses", NetworkInterfaceId=interface, PrivateIpAddresses=gone)
    if after - before:
        more = sorted(after - before)
        aws.api.call("ec2", "AssignPrivateIpAddresses", NetworkInterfaceId=interface, PrivateIpAddresses=more)


def _root(aws: Connection, instance: dict[str, Any], live_: Properties, new: Properties) -> None:
    wanted, found = part(new, "rootBlockDevice"), part(live_, "rootBlockDevice")
    request = {
        name: wanted[key]
        for key, name in _ROOT_VOLUME.items()
        if wanted.get(key) is not None and wanted[key] != found.get(key)
    }
    volume = str(found["volumeId"])
    if request:
        aws.api.call("ec2", "ModifyVolume", VolumeId=volume, **request)
        waiting.until(aws, "volume modification", lambda: _modified(aws, volume))
    if wanted.get("deleteOnTermination") is not None and wanted["deleteOnTermination"] != found.get(
        "deleteOnTermination"
    ):
        ebs = {"DeleteOnTermination": wanted["deleteOnTermination"]}
        mapping = [{"DeviceName": instance["RootDeviceName"], "Ebs": ebs}]
        aws.api.call("ec2", "ModifyInstanceAttribute", InstanceId=instance["InstanceId"], BlockDeviceMappings=mapping)
    if wanted.get("tags") is not None:
        tags.update_ec2(aws, volume, found, wanted)


def _modified(aws: Connection, volume: str) -> bool | None:
    answer = aws.api.call("ec2", "DescribeVolumesModifications", VolumeIds=[volume])
    found = first(answer, "VolumesModifications")
    # "optimizing" goes on for hours and does not hold anybody up.
    return True if found is None or found.get("ModificationState") in ("optimizing", "completed") else None

"""What cloud-api-adaptor asks of EC2, with the parameters that it gives, and what its identity must not do.

Its calls: src/cloud-providers/aws/provider.go of https://github.com/confidential-containers/cloud-api-adaptor at
v0.22.0 (read on 2026-11-27). Two of the list in its docs/aws-irsa.md, DescribeSubnets and DescribeSecurityGroups, are
not in its code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adaptor_world import ELSEWHERE, OTHERS, OWN, TYPES, tags
from aws_client import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER_POD_VM = "podvm-web-55555555"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One request; ``refused`` is the action and the beginning of the resource that it fails on, None when allowed."""

    name: str
    operation: str
    parameters: dict[str, Any]
    refused: tuple[str, str] | None = None
    region: str = REGION


def run(ids: dict[str, str], *, without: tuple[str, ...] = (), **changed: Any) -> dict[str, Any]:
    """The launch of a pod VM, with some of its parameters left out or changed."""
    usual: dict[str, Any] = {
        "MinCount": 1,
        "MaxCount": 1,
        "ImageId": ids["image"],
        "InstanceType": TYPES[0],
        "SecurityGroupIds": [ids["group"]],
        "SubnetId": ids["subnet"],
        "UserData": "I2Nsb3VkLWNvbmZpZwo=",
        "TagSpecifications": tags("instance", OTHER_POD_VM, OWN),
        "CpuOptions": {"AmdSevSnp": "enabled"},
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 30}}],
    }
    return {name: value for name, value in {**usual, **changed}.items() if name not in without}


def allowed(ids: dict[str, str]) -> Iterator[Case]:
    """Every call that the two programs make, and those that are only listed."""
    pod_vm, filters = ids["pod_vm"], [{"Name": "instance-id", "Values": [ids["pod_vm"]]}]
    for name, operation, parameters in (
        ("the image", "DescribeImages", {"ImageIds": [ids["image"]]}),
        ("a type", "DescribeInstanceTypes", {"InstanceTypes": [TYPES[0]]}),
        ("an instance", "DescribeInstances", {"InstanceIds": [pod_vm]}),
        ("an instance's addresses", "DescribeAddresses", {"Filters": filters}),
        ("a volume", "DescribeVolumes", {"VolumeIds": [ids["volume"]]}),
        ("subnets", "DescribeSubnets", {}),
        ("security groups", "DescribeSecurityGroups", {}),
    ):
        yield Case(name=f"look at {name}", operation=operation, parameters=parameters)
    yield Case(name="start a pod VM", operation="RunInstances", parameters=run(ids))
    yield Case(
        name="start one of another size and image",
        operation="RunInstances",
        parameters=run(ids, InstanceType=TYPES[1], ImageId=ids["second_image"]),
    )
    yield Case(
        name="add an interface",
        operation="CreateNetworkInterface",
        parameters={
            "SubnetId": ids["subnet"],
            "Groups": [ids["group"]],
            "TagSpecifications": tags("network-interface", f"nic-{pod_vm}", {}),
        },
    )
    yield Case(
        name="attach an interface",
        operation="AttachNetworkInterface",
        parameters={"InstanceId": ids["old_pod_vm"], "NetworkInterfaceId": ids["spare_eni"], "DeviceIndex": 1},
    )
    yield Case(
        name="let an interface go with its instance",
        operation="ModifyNetworkInterfaceAttribute",
        parameters=_attachment(ids, "second_eni"),
    )
    yield Case(
        name="delete an interface",
        operation="DeleteNetworkInterface",
        parameters={"NetworkInterfaceId": ids["left_eni"]},
    )
    yield Case(
        name="allocate an address",
        operation="AllocateAddress",
        parameters={"Domain": "vpc", "TagSpecifications": tags("elastic-ip", f"eip-{pod_vm}", {})},
    )
    yield Case(
        name="bind an address",
        operation="AssociateAddress",
        parameters={
            "AllocationId": ids["address"],
            "AllowReassociation": True,
            "NetworkInterfaceId": ids["second_eni"],
        },
    )
    yield Case(
        name="unbind an address",
        operation="DisassociateAddress",
        parameters={"AssociationId": ids["used_address_association"]},
    )
    yield Case(name="release an address", operation="ReleaseAddress", parameters={"AllocationId": ids["used_address"]})
    yield Case(name="attach a volume", operation="AttachVolume", parameters=_volume(ids, "pod_vm", "volume"))
    yield Case(name="end a pod VM", operation="TerminateInstances", parameters={"InstanceIds": [ids["old_pod_vm"]]})


def _attachment(ids: dict[str, str], eni: str) -> dict[str, Any]:
    change = {"AttachmentId": ids[f"{eni}_attachment"], "DeleteOnTermination": True}
    return {"NetworkInterfaceId": ids[eni], "Attachment": change}


def _volume(ids: dict[str, str], instance: str, volume: str) -> dict[str, Any]:
    return {"Device": "/dev/xvdb", "InstanceId": ids[instance], "VolumeId": ids[volume]}


def denied(ids: dict[str, str]) -> Iterator[Case]:
    """What the identity must not do."""
    yield from _launches(ids)
    yield from _tagging(ids)
    yield from _instances(ids)
    yield from _interfaces(ids)
    yield from _addresses(ids)
    yield from _volumes(ids)
    yield from _elsewhere(ids)


def _launches(ids: dict[str, str]) -> Iterator[Case]:
    other_cluster = {**OWN, "confkube-cluster": OTHERS["confkube-cluster"]}
    other_stamp = {**OWN, "confkube-proof": OTHERS["confkube-proof"]}
    foreign_interface = [{"DeviceIndex": 0, "NetworkInterfaceId": ids["foreign_eni"]}]
    public = [
        {
            "AssociatePublicIpAddress": True,
            "DeviceIndex": 0,
            "SubnetId": ids["subnet"],
            "Groups": [ids["group"]],
            "DeleteOnTermination": True,
        }
    ]
    placed = ("SubnetId", "SecurityGroupIds")
    device = [{"DeviceName": "/dev/xvdb", "Ebs": {"SnapshotId": ids["snapshot"]}}]
    instance, image = ("ec2:RunInstances", "instance/"), ("ec2:RunInstances", "image/")
    for name, parameters, refused in (
        ("without labels", run(ids, without=("TagSpecifications",)), instance),
        ("without the cluster", _labelled(ids, {"confkube-proof": OWN["confkube-proof"]}), instance),
        ("without the stamp", _labelled(ids, {"confkube-cluster": OWN["confkube-cluster"]}), instance),
        ("of another cluster", _labelled(ids, other_cluster), instance),
        ("with another stamp", _labelled(ids, other_stamp), instance),
        ("of another family", run(ids, InstanceType="c6a.large"), instance),
        ("of a larger size", run(ids, InstanceType="m6a.48xlarge"), instance),
        ("of the usual type", run(ids, without=("InstanceType",)), instance),
        ("with a profile", run(ids, IamInstanceProfile={"Name": ids["profile"]}), instance),
        ("with a profile that has no role", run(ids, IamInstanceProfile={"Name": ids["hollow_profile"]}), instance),
        ("from a foreign image", run(ids, ImageId=ids["foreign_image"]), image),
        ("from a public image", run(ids, ImageId=ids["stock_image"]), image),
        ("in a foreign subnet", run(ids, SubnetId=ids["foreign_subnet"]), ("ec2:RunInstances", "subnet/")),
        (
            "on a foreign interface",
            run(ids, without=placed, NetworkInterfaces=foreign_interface),
            ("ec2:RunInstances", "network-interface/"),
        ),
        (
            "in a foreign group",
            run(ids, SecurityGroupIds=[ids["foreign_group"]]),
            ("ec2:RunInstances", "security-group/"),
        ),
        (
            "in a foreign group beside the own",
            run(ids, SecurityGroupIds=[ids["group"], ids["foreign_group"]]),
            ("ec2:RunInstances", "security-group/"),
        ),
        (
            "in the network's own group",
            run(ids, without=("SecurityGroupIds",)),
            ("ec2:RunInstances", "security-group/"),
        ),
        (
            "with a public address",
            run(ids, without=placed, NetworkInterfaces=public),
            ("ec2:RunInstances", "network-interface/"),
        ),
        ("with a foreign disk", run(ids, BlockDeviceMappings=device), ("ec2:RunInstances", "snapshot/")),
        ("with a key pair", run(ids, KeyName="somebody"), ("ec2:RunInstances", "key-pair/")),
        (
            "from a launch template",
            run(ids, LaunchTemplate={"LaunchTemplateName": "kata"}),
            ("ec2:RunInstances", "launch-template/"),
        ),
        (
            "on the spot market",
            run(ids, InstanceMarketOptions={"MarketType": "spot"}),
            ("ec2:RunInstances", "spot-instances-request/"),
        ),
    ):
        yield Case(name=f"start one {name}", operation="RunInstances", parameters=parameters, refused=refused)


def _labelled(ids: dict[str, str], labels: dict[str, str]) -> dict[str, Any]:
    return run(ids, TagSpecifications=tags("instance", OTHER_POD_VM, labels))


def _tagging(ids: dict[str, str]) -> Iterator[Case]:
    both = [*tags("instance", OTHER_POD_VM, OWN), *tags("volume", OTHER_POD_VM, OWN)]
    yield Case(
        name="tag the volume of a launch",
        operation="RunInstances",
        parameters=run(ids, TagSpecifications=both),
        refused=("ec2:CreateTags", "volume/"),
    )
    for key in OWN:
        yield Case(
            name=f"add an interface with another's {key}",
            operation="CreateNetworkInterface",
            parameters={
                "SubnetId": ids["subnet"],
                "Groups": [ids["group"]],
                "TagSpecifications": tags("network-interface", "nic", {key: OTHERS[key]}),
            },
            refused=("ec2:CreateTags", "network-interface/"),
        )
    for name, resource, kind in (
        ("a pod VM", "pod_vm", "instance/"),
        ("a foreign pod VM", "foreign_pod_vm", "instance/"),
        ("a machine without labels", "unlabelled", "instance/"),
        ("an interface", "spare_eni", "network-interface/"),
        ("an address", "foreign_address", "elastic-ip/"),
        ("a volume", "unlabelled_volume", "volume/"),
        ("the subnet", "subnet", "subnet/"),
    ):
        for operation, done in (("CreateTags", "label"), ("DeleteTags", "take the labels of")):
            yield Case(
                name=f"{done} {name} afterwards",
                operation=operation,
                parameters={
                    "Resources": [ids[resource]],
                    "Tags": [{"Key": key, "Value": value} for key, value in OWN.items()],
                },
                refused=(f"ec2:{operation}", kind),
            )
    yield Case(
        name="rename a pod VM",
        operation="CreateTags",
        parameters={"Resources": [ids["pod_vm"]], "Tags": [{"Key": "Name", "Value": "podvm-other"}]},
        refused=("ec2:CreateTags", "instance/"),
    )


def _instances(ids: dict[str, str]) -> Iterator[Case]:
    for name, key in (
        ("another cluster's pod VM", "foreign_pod_vm"),
        ("one with another stamp", "foreign_stamp"),
        ("one with another cluster", "foreign_cluster"),
        ("one without labels", "unlabelled"),
        ("the control plane", "control_plane"),
    ):
        yield Case(
            name=f"end {name}",
            operation="TerminateInstances",
            parameters={"InstanceIds": [ids[key]]},
            refused=("ec2:TerminateInstances", "instance/"),
        )
        yield Case(
            name=f"attach an interface to {name}",
            operation="AttachNetworkInterface",
            parameters={"InstanceId": ids[key], "NetworkInterfaceId": ids["spare_eni"], "DeviceIndex": 1},
            refused=("ec2:AttachNetworkInterface", "instance/"),
        )
        yield Case(
            name=f"attach a volume to {name}",
            operation="AttachVolume",
            parameters=_volume(ids, key, "volume"),
            refused=("ec2:AttachVolume", "instance/"),
        )
    yield Case(
        name="end an own pod VM and a foreign one",
        operation="TerminateInstances",
        parameters={"InstanceIds": [ids["pod_vm"], ids["foreign_pod_vm"]]},
        refused=("ec2:TerminateInstances", "instance/"),
    )


def _interfaces(ids: dict[str, str]) -> Iterator[Case]:
    interface = "network-interface/"
    yield Case(
        name="add an interface in a foreign subnet",
        operation="CreateNetworkInterface",
        parameters={"SubnetId": ids["foreign_subnet"], "Groups": [ids["group"]]},
        refused=("ec2:CreateNetworkInterface", "subnet/"),
    )
    yield Case(
        name="add an interface with a foreign group",
        operation="CreateNetworkInterface",
        parameters={"SubnetId": ids["subnet"], "Groups": [ids["foreign_group"]]},
        refused=("ec2:CreateNetworkInterface", "security-group/"),
    )
    yield Case(
        name="attach a foreign interface",
        operation="AttachNetworkInterface",
        parameters={"InstanceId": ids["pod_vm"], "NetworkInterfaceId": ids["foreign_eni"], "DeviceIndex": 2},
        refused=("ec2:AttachNetworkInterface", interface),
    )
    yield Case(
        name="delete a foreign interface",
        operation="DeleteNetworkInterface",
        parameters={"NetworkInterfaceId": ids["foreign_eni"]},
        refused=("ec2:DeleteNetworkInterface", interface),
    )
    yield Case(
        name="change a foreign interface",
        operation="ModifyNetworkInterfaceAttribute",
        parameters={"NetworkInterfaceId": ids["foreign_eni"], "SourceDestCheck": {"Value": False}},
        refused=("ec2:ModifyNetworkInterfaceAttribute", interface),
    )
    for name, key in (
        ("another cluster's pod VM", "foreign_second_eni"),
        ("the control plane", "control_plane_second_eni"),
    ):
        yield Case(
            name=f"change the interface of {name}",
            operation="ModifyNetworkInterfaceAttribute",
            parameters=_attachment(ids, key),
            refused=("ec2:ModifyNetworkInterfaceAttribute", "instance/"),
        )
    for name in ("foreign_group", "group"):
        yield Case(
            name=f"give an interface the {name.replace('_', ' ')}",
            operation="ModifyNetworkInterfaceAttribute",
            parameters={"NetworkInterfaceId": ids["spare_eni"], "Groups": [ids[name]]},
            refused=("ec2:ModifyNetworkInterfaceAttribute", "security-group/"),
        )


def _addresses(ids: dict[str, str]) -> Iterator[Case]:
    address = "elastic-ip/"
    for name, parameters, refused in (
        (
            "bind a foreign address",
            {"AllocationId": ids["foreign_address"], "NetworkInterfaceId": ids["second_eni"]},
            address,
        ),
        (
            "bind an address elsewhere",
            {"AllocationId": ids["address"], "NetworkInterfaceId": ids["foreign_eni"]},
            "network-interface/",
        ),
        (
            "bind an address to a foreign instance",
            {"AllocationId": ids["address"], "InstanceId": ids["foreign_pod_vm"]},
            "instance/",
        ),
        (
            "bind an address to an instance that is named like one",
            {"AllocationId": ids["address"], "InstanceId": ids["named_like_address"]},
            "instance/",
        ),
    ):
        yield Case(
            name=name, operation="AssociateAddress", parameters=parameters, refused=("ec2:AssociateAddress", refused)
        )
    for name, key, refused in (
        ("unbind the control plane's address", "foreign_used_address", "network-interface/"),
        ("unbind a foreign address in the pods' subnet", "foreign_here_address", address),
    ):
        yield Case(
            name=name,
            operation="DisassociateAddress",
            parameters={"AssociationId": ids[f"{key}_association"]},
            refused=("ec2:DisassociateAddress", refused),
        )
    yield Case(
        name="release a foreign address",
        operation="ReleaseAddress",
        parameters={"AllocationId": ids["foreign_address"]},
        refused=("ec2:ReleaseAddress", address),
    )
    yield Case(
        name="allocate an address out of a pool",
        operation="AllocateAddress",
        parameters={"Domain": "vpc", "PublicIpv4Pool": "ipv4pool-ec2-012345"},
        refused=("ec2:AllocateAddress", "ipv4pool-ec2/"),
    )


def _volumes(ids: dict[str, str]) -> Iterator[Case]:
    for key in ("foreign_volume", "foreign_stamp_volume", "foreign_cluster_volume", "unlabelled_volume"):
        yield Case(
            name=f"attach the {key.replace('_', ' ')}",
            operation="AttachVolume",
            parameters=_volume(ids, "pod_vm", key),
            refused=("ec2:AttachVolume", "volume/"),
        )


def _elsewhere(ids: dict[str, str]) -> Iterator[Case]:
    """The same in another region, where everything bears the same names and labels."""
    end = {"InstanceIds": [ids["elsewhere_pod_vm"]]}
    volume = _volume(ids, "elsewhere_pod_vm", "elsewhere_volume")
    interface = {"SubnetId": ids["elsewhere_subnet"]}
    launch = {"ImageId": ids["elsewhere_image"], "SubnetId": ids["elsewhere_subnet"]}
    for name, operation, parameters, refused in (
        ("look", "DescribeInstances", {}, "*"),
        ("end a pod VM", "TerminateInstances", end, "instance/"),
        ("attach a volume", "AttachVolume", volume, "instance/"),
        ("start a pod VM", "RunInstances", run(ids, without=("SecurityGroupIds",), **launch), "image/"),
        ("add an interface", "CreateNetworkInterface", interface, "network-interface/"),
        ("allocate an address", "AllocateAddress", {"Domain": "vpc"}, "elastic-ip/"),
    ):
        yield Case(
            name=f"{name} in another region",
            operation=operation,
            parameters=parameters,
            refused=(f"ec2:{operation}", refused),
            region=ELSEWHERE,
        )

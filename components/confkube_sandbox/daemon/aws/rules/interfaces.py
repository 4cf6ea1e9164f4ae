"""Rules of network interfaces that an instance gets after its start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.placement import require_groups
from confkube_sandbox.daemon.aws.rules.sources import EC2_ERRORS, SEEN_LATER, WRITTEN_LATER
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

_ATTACH, _MODIFY = "AttachNetworkInterface", "ModifyNetworkInterfaceAttribute"
_READY = frozenset({"running", "stopped"})


@rule("ec2", _ATTACH, name="ec2.attach-instance-state", source=EC2_ERRORS, date=WRITTEN_LATER, evidence=RECALLED)
def instance_state(call: Call) -> None:
    """An instance gets another interface once it is running or stopped."""
    instance = call.ec2.get_instance_by_id(call.params["InstanceId"])
    if instance is not None and instance.state not in _READY:
        raise ApiError("IncorrectState", f"Instance '{instance.id}' is not 'running' or 'stopped'.")


@rule("ec2", _ATTACH, name="ec2.attach-interface-free", source=EC2_ERRORS, date=WRITTEN_LATER, evidence=RECALLED)
def interface_free(call: Call) -> None:
    """Only an interface that is attached to nothing can be attached."""
    interface = call.ec2.enis.get(call.params["NetworkInterfaceId"])
    if interface is not None and (interface.instance is not None or interface.status == "in-use"):
        raise ApiError("InvalidNetworkInterface.InUse", f"Interface: [{interface.id}] in use.")


@rule("ec2", _ATTACH, name="ec2.attach-zone", source=EC2_ERRORS, date=WRITTEN_LATER, evidence=RECALLED)
def same_zone(call: Call) -> None:
    """An instance and its interfaces are in one zone."""
    instance = call.ec2.get_instance_by_id(call.params["InstanceId"])
    interface = call.ec2.enis.get(call.params["NetworkInterfaceId"])
    if instance is not None and interface is not None:
        there, here = instance.placement.zone, interface.subnet.availability_zone
        if there != here:
            text = "You may not attach a network interface to an instance if they are not in the same availability zone"
            raise ApiError("InvalidParameterCombination", text)


@rule(
    "ec2",
    _ATTACH,
    name="ec2.attach-device-index",
    source="https://github.com/lstoll/k8s-vpcnet/issues/71",
    date=SEEN_LATER,
    evidence=READ,
)
def device_index(call: Call) -> None:
    """Each interface of an instance has an index of its own."""
    instance = call.ec2.get_instance_by_id(call.params["InstanceId"])
    index = call.params["DeviceIndex"]
    if instance is not None and index in instance.nics:
        text = f"Instance '{instance.id}' already has an interface attached at device index '{index}'."
        raise ApiError("InvalidParameterValue", text)


@rule("ec2", _MODIFY, name="ec2.modify-attachment", source=EC2_ERRORS, date=WRITTEN_LATER, evidence=RECALLED)
def attachment(call: Call) -> None:
    """An attachment that is changed is the interface's own."""
    interface = call.ec2.enis.get(call.params["NetworkInterfaceId"])
    wanted = call.params.get("Attachment", {}).get("AttachmentId")
    if interface is not None and wanted and interface.attachment_id != wanted:
        raise ApiError("InvalidAttachmentID.NotFound", f"The attachment '{wanted}' does not exist.")


@rule(
    "ec2",
    _MODIFY,
    name="ec2.modify-interface-groups",
    source="https://github.com/QT-DevOps/DevOpsIssues/issues/256",
    date=SEEN_LATER,
    evidence=RECALLED,
)
def groups(call: Call) -> None:
    """The groups that an interface gets are of its own VPC."""
    interface = call.ec2.enis.get(call.params["NetworkInterfaceId"])
    if interface is not None:
        require_groups(call, interface.subnet, call.params.get("Groups", []))

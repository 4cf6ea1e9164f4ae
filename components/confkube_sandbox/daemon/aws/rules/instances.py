"""Rules of instances that already exist, and of launch templates."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from moto.ec2.models.instance_types import INSTANCE_TYPES

from confkube_sandbox.daemon.aws import templates
from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.sources import EC2_ERRORS, SEEN, SNP, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

_ONLY_STOPPED = ("InstanceType", "UserData", "Kernel", "Ramdisk", "EbsOptimized")


@rule("ec2", "StartInstances", name="ec2.start-state", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def start_state(call: Call) -> None:
    """Only a stopped instance starts; a running one stays as it is."""
    for name in call.params["InstanceIds"]:
        instance = call.ec2.get_instance_by_id(name)
        if instance is not None and instance.state not in {"stopped", "pending", "running"}:
            text = f"The instance '{name}' is not in a state from which it can be started."
            raise ApiError("IncorrectInstanceState", text)


@rule(
    "ec2",
    "StopInstances",
    name="ec2.stop-state",
    source="https://github.com/cloud-custodian/cloud-custodian/pull/6014",
    date=SEEN,
    evidence=READ,
)
def stop_state(call: Call) -> None:
    """Only a running instance stops; a stopped one stays as it is."""
    for name in call.params["InstanceIds"]:
        instance = call.ec2.get_instance_by_id(name)
        if instance is not None and instance.state == "pending":
            text = f"Instance '{name}' cannot be stopped as it has never reached the 'running' state."
            raise ApiError("IncorrectInstanceState", text)
        if instance is not None and instance.state not in {"running", "stopping", "stopped"}:
            text = f"The instance '{name}' is not in a state from which it can be stopped."
            raise ApiError("IncorrectInstanceState", text)


@rule("ec2", "ModifyInstanceAttribute", name="ec2.modify-state", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def modify_state(call: Call) -> None:
    """Type, user data and the like change only while the instance is stopped."""
    instance = call.ec2.get_instance_by_id(call.params["InstanceId"])
    named = call.params.get("Attribute", "")
    changed = any(name in call.params or named == name[0].lower() + name[1:] for name in _ONLY_STOPPED)
    if instance is not None and changed and instance.state != "stopped":
        raise ApiError("IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'stopped' state.")


@rule("ec2", "ModifyInstanceAttribute", name="ec2.resize-snp", source=SNP, date=WRITTEN, evidence=RECALLED)
def resize_snp(call: Call) -> None:
    """An instance with SEV-SNP changes only to another type that has it."""
    instance = call.ec2.get_instance_by_id(call.params["InstanceId"])
    wanted = call.params.get("InstanceType", {}).get("Value")
    if instance is None or not wanted or instance.cpu_options.get("AmdSevSnp") != "enabled":
        return
    features = INSTANCE_TYPES.get(wanted, {}).get("ProcessorInfo", {}).get("SupportedFeatures", [])
    if "amd-sev-snp" not in features:
        raise ApiError("UnsupportedOperation", f"The instance type '{wanted}' does not support AMD SEV-SNP.")


@rule(
    "ec2",
    "CreateLaunchTemplate CreateLaunchTemplateVersion",
    name="ec2.template-user-data",
    source="https://github.com/awslabs/ec2-spot-workshops/issues/15",
    date=SEEN,
    evidence=READ,
)
def template_user_data(call: Call) -> None:
    """User data in a launch template is base64.

    EC2 forgives some faults here, such as missing padding (https://github.com/getmoto/moto/pull/9543); this does not.
    """
    try:
        base64.b64decode(call.params["LaunchTemplateData"].get("UserData", ""), validate=True)
    except (binascii.Error, ValueError):
        raise ApiError("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.") from None


@rule(
    "ec2",
    "CreateLaunchTemplateVersion ModifyLaunchTemplate DeleteLaunchTemplate",
    name="ec2.template-exists",
    source="https://github.com/getmoto/moto/pull/5477",
    date=SEEN,
    evidence=READ,
)
def template_exists(call: Call) -> None:
    """The launch template exists."""
    templates.template(call, call.params)

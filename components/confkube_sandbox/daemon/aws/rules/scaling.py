"""Rules of Auto Scaling groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws import groups, templates
from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.sources import (
    AUTOSCALING_CREATE,
    AUTOSCALING_DELETE,
    AUTOSCALING_ERRORS,
    SEEN,
    TAGS,
    WRITTEN,
)
from confkube_sandbox.daemon.aws.signature import Caller
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

_CHANGING = "UpdateAutoScalingGroup SetDesiredCapacity SuspendProcesses ResumeProcesses SetInstanceProtection"


def _invalid(text: str) -> ApiError:
    return ApiError("ValidationError", text)


def _group(call: Call) -> Any | None:  # noqa: ANN401
    return call.autoscaling.autoscaling_groups.get(call.params["AutoScalingGroupName"])


@rule(
    "autoscaling",
    "CreateAutoScalingGroup",
    name="autoscaling.name-taken",
    source="https://github.com/boto/botocore/blob/develop/botocore/data/autoscaling/2011-01-01/service-2.json",
    date=SEEN,
    evidence=READ,
)
def name_taken(call: Call) -> None:
    """Group names are unique, also against a group that is being deleted."""
    name = call.params["AutoScalingGroupName"]
    if _group(call) is not None:
        text = f"AutoScalingGroup by this name already exists - A group with the name {name} already exists"
        raise ApiError("AlreadyExists", text)


@rule(
    "autoscaling",
    "CreateAutoScalingGroup",
    name="autoscaling.quota",
    source="https://github.com/boto/botocore/blob/develop/botocore/data/autoscaling/2011-01-01/service-2.json",
    date=SEEN,
    evidence=READ,
)
def quota(call: Call) -> None:
    """An account has a number of groups in each region."""
    limit = call.settings.quotas["auto-scaling-groups"]
    if len(call.autoscaling.autoscaling_groups) >= limit:
        raise ApiError("LimitExceeded", f"You have already reached the maximum of {limit} Auto Scaling groups.")


@rule(
    "autoscaling",
    f"{_CHANGING} DeleteAutoScalingGroup",
    name="autoscaling.exists",
    source=AUTOSCALING_ERRORS,
    date=WRITTEN,
    evidence=RECALLED,
)
def exists(call: Call) -> None:
    """The group exists."""
    name = call.params["AutoScalingGroupName"]
    if _group(call) is None:
        raise _invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")


@rule(
    "autoscaling",
    "UpdateAutoScalingGroup SetDesiredCapacity",
    name="autoscaling.deleting",
    source=AUTOSCALING_DELETE,
    date=WRITTEN,
    evidence=RECALLED,
)
def deleting(call: Call) -> None:
    """A group that is being deleted does not change any more."""
    group = _group(call)
    if group is not None and group.status == groups.DELETING:
        raise _invalid(f"You cannot update an AutoScalingGroup named {group.name} because it is pending deletion.")


@rule(
    "autoscaling",
    "CreateAutoScalingGroup UpdateAutoScalingGroup",
    name="autoscaling.capacity-bounds",
    source=AUTOSCALING_CREATE,
    date=WRITTEN,
    evidence=RECALLED,
)
def bounds(call: Call) -> None:
    """The desired capacity lies between the minimum and the maximum."""
    group = _group(call)
    least = call.params.get("MinSize", group.min_size if group else 0)
    most = call.params.get("MaxSize", group.max_size if group else 0)
    wanted = call.params.get("DesiredCapacity")
    if least < 0 or most < least:
        raise _invalid(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if wanted is not None and not least <= wanted <= most:
        raise _invalid(f"Desired capacity:{wanted} must be between the specified min size:{least} and max size:{most}")


@rule(
    "autoscaling",
    "SetDesiredCapacity",
    name="autoscaling.desired-bounds",
    source=AUTOSCALING_ERRORS,
    date=WRITTEN,
    evidence=RECALLED,
)
def desired(call: Call) -> None:
    """A new desired capacity lies between the group's minimum and maximum."""
    group, wanted = _group(call), call.params["DesiredCapacity"]
    if group is None:
        return
    if wanted > group.max_size:
        raise _invalid(
            f"New SetDesiredCapacity value {wanted} is above max value {group.max_size} for the AutoScalingGroup."
        )
    if wanted < group.min_size:
        raise _invalid(
            f"New SetDesiredCapacity value {wanted} is below min value {group.min_size} for the AutoScalingGroup."
        )


@rule(
    "autoscaling",
    "DeleteAutoScalingGroup",
    name="autoscaling.in-use",
    source="https://github.com/cloud-custodian/cloud-custodian/issues/1686",
    date=SEEN,
    evidence=READ,
)
def in_use(call: Call) -> None:
    """A group with instances goes only by force."""
    group = _group(call)
    if group is not None and group.instance_states and not call.params.get("ForceDelete"):
        rest = "while there are instances or pending Spot instance request(s) still in the group."
        raise ApiError("ResourceInUse", f"You cannot delete an AutoScalingGroup {rest}")


@rule(
    "autoscaling",
    "CreateAutoScalingGroup UpdateAutoScalingGroup",
    name="autoscaling.subnet",
    source=AUTOSCALING_CREATE,
    date=WRITTEN,
    evidence=RECALLED,
)
def subnet(call: Call) -> None:
    """The subnets exist."""
    for name in _subnets(call):
        if call.subnet(name) is None:
            raise _invalid(f"The subnet ID '{name}' does not exist")


@rule(
    "autoscaling",
    "CreateAutoScalingGroup UpdateAutoScalingGroup",
    name="autoscaling.launch-template",
    source="https://github.com/ryanmurakami/hbfl/issues/58",
    date=SEEN,
    evidence=READ,
)
def template(call: Call) -> None:
    """The launch template can be launched in each subnet; quota and capacity count only at the launch itself."""
    spec, names = _launched(call), _subnets(call)
    if not spec or not names:
        return
    try:
        data = templates.template_data(call, spec)
        for name in names:
            place = (
                {"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": name}]}
                if data.get("NetworkInterfaces")
                else {"SubnetId": name}
            )
            params = templates.merged(data, {**place, "LaunchTemplate": spec, "MinCount": 1, "MaxCount": 1})
            caller = Caller(call.caller.account, call.caller.region, "ec2")
            call.check_launch(replace(call, caller=caller, operation="RunInstances", params=params), False)
    except ApiError as refusal:
        raise _invalid(f"You must use a valid fully-formed launch template. {refusal.message}") from refusal


def _launched(call: Call) -> dict[str, Any]:
    given: dict[str, Any] = call.params.get("LaunchTemplate", {})
    group = _group(call)
    return given or (groups.launch_spec(group) if group is not None else {})


def _subnets(call: Call) -> list[str]:
    text, group = call.params.get("VPCZoneIdentifier"), _group(call)
    if text is None and group is not None:
        return groups.subnets(group)
    return [each.strip() for each in (text or "").split(",") if each.strip()]


@rule(
    "autoscaling",
    "CreateAutoScalingGroup UpdateAutoScalingGroup",
    name="autoscaling.served",
    source=AUTOSCALING_CREATE,
    date=WRITTEN,
    evidence=RECALLED,
)
def served(call: Call) -> None:
    """Only groups of a launch template in subnets are simulated; the rest is refused, not half done."""
    for name in (
        "LaunchConfigurationName",
        "InstanceId",
        "MixedInstancesPolicy",
        "LoadBalancerNames",
        "TargetGroupARNs",
    ):
        if call.params.get(name):
            raise _invalid(f"Parameter {name} is not supported.")
    if call.operation.startswith("Create") and not call.params.get("LaunchTemplate"):
        names = "LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy"
        raise _invalid(f"Valid requests must contain either {names} parameter.")
    if call.operation.startswith("Create") and not _subnets(call):
        raise _invalid("At least one Availability Zone or VPC Subnet is required.")


@rule(
    "autoscaling",
    "CreateAutoScalingGroup CreateOrUpdateTags",
    name="autoscaling.tag-text",
    source=TAGS,
    date=WRITTEN,
    evidence=RECALLED,
)
def tag_text(call: Call) -> None:
    """Keys that start with ``aws:`` belong to AWS."""
    for each in call.params.get("Tags", []):
        if each["Key"].lower().startswith("aws:"):
            raise _invalid(f"Tag key {each['Key']} is not valid: the prefix aws: is reserved for AWS use")

"""The life of an Auto Scaling group: it launches, replaces and ends instances by itself, as the real service does."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from moto.autoscaling.models import InstanceState

from confkube_sandbox.daemon.aws import context, launch, states, templates
from confkube_sandbox.daemon.aws.errors import ApiError

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

_GROUP_TAG = "aws:autoscaling:groupName"
_KEPT_ACTIVITIES = 100
DELETING = "Delete in progress"


def launch_spec(group: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the launch template (version) of a group as a parameter of RunInstances."""
    return {
        "LaunchTemplateId": group.ec2_launch_template.id,
        "Version": str(group.launch_template_version or "$Default"),
    }


def subnets(group: Any) -> list[str]:  # noqa: ANN401
    """Return the ids of a group's subnets."""
    return [each.strip() for each in (group.vpc_zone_identifier or "").split(",") if each.strip()]


def reconcile(call: Call, group: Any) -> bool:  # noqa: ANN401
    """Bring a group one step nearer to its desired capacity; True when anything changed."""
    changed = _settle(group)
    if getattr(group, "status", None) == DELETING:
        if not group.instance_states:
            call.autoscaling.autoscaling_groups.pop(group.name, None)
            return True
        return _end(call, [each for each in group.instance_states if each.lifecycle_state != "Terminating"]) or changed
    living = [each for each in group.instance_states if each.lifecycle_state != "Terminating"]
    suspended = {each["ProcessName"] for each in group.suspended_processes}
    missing = (group.desired_capacity or 0) - len(living)
    if missing > 0 and "Launch" not in suspended:
        return _launch(call, group, missing) or changed
    if missing < 0 and "Terminate" not in suspended:
        open_to = [each for each in living if not each.protected_from_scale_in]
        # The default policy takes instances of the fullest zone first, and the oldest of them.
        open_to.sort(key=lambda each: (-_in_zone(living, each.availability_zone), each.instance.launch_time))
        return _end(call, open_to[:-missing]) or changed
    return changed


def _settle(group: Any) -> bool:  # noqa: ANN401
    before = [(each.instance_id, each.lifecycle_state) for each in group.instance_states]
    group.instance_states = [each for each in group.instance_states if each.instance.state != "terminated"]
    for each in group.instance_states:
        if each.instance.state in {"shutting-down", "stopping", "stopped"}:
            each.lifecycle_state = "Terminating"
        elif each.lifecycle_state == "Pending" and each.instance.state == "running":
            each.lifecycle_state = "InService"
    return before != [(each.instance_id, each.lifecycle_state) for each in group.instance_states]


def _in_zone(members: list[Any], zone: str) -> int:
    return sum(each.availability_zone == zone for each in members)


def _launch(call: Call, group: Any, missing: int) -> bool:  # noqa: ANN401
    waiting = getattr(group, "retry_at", None)
    if waiting and call.now < waiting:
        return False
    for _ in range(missing):
        subnet = min(
            subnets(group), key=lambda name: sum(each.instance.subnet_id == name for each in group.instance_states)
        )
        try:
            asked = templates.resolved(replace(call, operation="RunInstances", params=launch_params(group, subnet)))
            context.serving(asked)
            asked.check_launch(asked, True)
            instance = launch.start(asked).instances[0]
            instance.add_tags({_GROUP_TAG: group.name})
        except ApiError as refusal:
            group.retry_at = call.now + timedelta(seconds=states.SECONDS["group-retry"] / call.settings.speed)
            _note(
                call,
                group,
                "Launching a new EC2 instance",
                "Failed",
                f"{refusal.message} Launching EC2 instance failed.",
            )
            return True
        finally:
            context.serving(call)
        state = InstanceState(
            instance,
            lifecycle_state="Pending",
            autoscaling_group=group,
            protected_from_scale_in=group.new_instances_protected_from_scale_in,
        )
        instance.autoscaling_group = group
        group.instance_states.append(state)
        _note(call, group, f"Launching a new EC2 instance: {instance.id}", "Successful", None)
    group.retry_at = None
    return True


def launch_params(group: Any, subnet: str) -> dict[str, Any]:  # noqa: ANN401
    """Return the RunInstances request that a group makes for one instance in one of its subnets."""
    tags = [
        {"Key": each["Key"], "Value": each.get("Value", "")} for each in group.tags if each.get("PropagateAtLaunch")
    ]
    params: dict[str, Any] = {
        "LaunchTemplate": launch_spec(group),
        "MinCount": 1,
        "MaxCount": 1,
    }
    if tags:
        params["TagSpecifications"] = [{"ResourceType": "instance", "Tags": tags}]
    interfaces: list[dict[str, Any]] = _template_interfaces(group)
    if interfaces:
        params["NetworkInterfaces"] = [{"DeviceIndex": 0, "SubnetId": subnet}]
    else:
        params["SubnetId"] = subnet
    return params


def _template_interfaces(group: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    version = group.ec2_launch_template.get_version(group.launch_template_version or "$Default")
    return version.data.get("NetworkInterfaces", [])


def _end(call: Call, members: list[Any]) -> bool:
    for each in members:
        each.lifecycle_state = "Terminating"
        each.instance.disable_api_termination = False
        call.ec2.terminate_instances([each.instance.id])
        _note(call, each.auto_scaling_group, f"Terminating EC2 instance: {each.instance.id}", "Successful", None)
    return bool(members)


def _note(call: Call, group: Any, what: str, status: str, detail: str | None) -> None:  # noqa: ANN401
    moment = call.now.replace(microsecond=0, tzinfo=None)
    record: dict[str, Any] = {
        "ActivityId": str(uuid.uuid4()),
        "AutoScalingGroupName": group.name,
        "Description": what,
        "Cause": f"At {moment.isoformat()}Z the group's desired capacity was {group.desired_capacity}.",
        "StartTime": moment,
        "EndTime": moment,
        "StatusCode": status,
        "Progress": 100,
    }
    if detail:
        record["StatusMessage"] = detail
    noted = call.memory.activities.setdefault(call.key(group.name), [])
    noted.insert(0, record)
    del noted[_KEPT_ACTIVITIES:]

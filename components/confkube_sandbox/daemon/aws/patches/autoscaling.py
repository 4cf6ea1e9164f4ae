"""Auto Scaling groups that work by themselves (``groups``) in the place of moto's immediate and incomplete ones."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, InstanceState
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from confkube_sandbox.daemon.aws import context, groups


def install() -> None:
    """Let ``groups`` decide when a group launches and ends instances."""
    group: Any = FakeAutoScalingGroup
    group.set_desired_capacity = _set_desired_capacity
    group.status = None
    AutoScalingBackend.notify_terminate_instances = lambda self, instance_ids: None  # noqa: ARG005
    AutoScalingResponse.delete_auto_scaling_group = _delete
    AutoScalingResponse.describe_scaling_activities = _activities
    member: Any = InstanceState
    member.launch_template = property(_launched_from)


def _set_desired_capacity(self: Any, new_capacity: int | None) -> None:  # noqa: ANN401
    self.desired_capacity = self.min_size if new_capacity is None else new_capacity
    self.retry_at = None


def _delete(self: Any) -> EmptyResult:  # noqa: ANN401, ARG001
    call = context.current()
    group = call.autoscaling.autoscaling_groups[call.params["AutoScalingGroupName"]]
    if group.instance_states:
        group.status = groups.DELETING
        group.desired_capacity = group.min_size = group.max_size = 0
    else:
        del call.autoscaling.autoscaling_groups[group.name]
    return EmptyResult()


def _activities(self: Any) -> ActionResult:  # noqa: ANN401, ARG001
    call = context.current()
    wanted = call.params.get("AutoScalingGroupName")
    noted = [
        each
        for key, records in call.memory.activities.items()
        if key[:2] == (call.caller.account, call.caller.region) and wanted in (None, key[2])
        for each in records
    ]
    return ActionResult({"Activities": noted[: call.params.get("MaxRecords", 100)]})


def _launched_from(self: Any) -> dict[str, Any]:  # noqa: ANN401
    template = self.auto_scaling_group.ec2_launch_template
    return {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "Version": str(self.instance.launch_template_version),
    }

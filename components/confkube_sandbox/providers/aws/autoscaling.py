"""Scale groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import capacity, group_tags, machine_rules, missing, translate, waiting
from confkube_sandbox.providers.aws.answers import first, listed, part, texts
from confkube_sandbox.providers.aws.resource import Resource
from confkube_sandbox.providers.aws.rules.names import SUFFIX, arn
from confkube_sandbox.providers.aws.rules.values import count_text, length
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.terraform import naming, unsimulated
from confkube_sandbox.providers.terraform.validation import between, one_of, some
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties

_SERVICE = "autoscaling"
# Input, and the argument of both CreateAutoScalingGroup and UpdateAutoScalingGroup.
_PLAIN = {
    "availabilityZones": "AvailabilityZones",
    "capacityRebalance": "CapacityRebalance",
    "defaultCooldown": "DefaultCooldown",
    "defaultInstanceWarmup": "DefaultInstanceWarmup",
    "desiredCapacity": "DesiredCapacity",
    "healthCheckGracePeriod": "HealthCheckGracePeriod",
    "healthCheckType": "HealthCheckType",
    "maxInstanceLifetime": "MaxInstanceLifetime",
    "maxSize": "MaxSize",
    "minSize": "MinSize",
    "placementGroup": "PlacementGroup",
    "protectFromScaleIn": "NewInstancesProtectedFromScaleIn",
    "serviceLinkedRoleArn": "ServiceLinkedRoleARN",
    "terminationPolicies": "TerminationPolicies",
}
# Inputs that only steer the provider; no API call carries them.
_STEERING = frozenset(
    {"forceDelete", "forceDeleteWarmPool", "ignoreFailedScalingActivities", "instanceRefresh", "waitForCapacityTimeout"}
)
_TEMPLATE = {"id": "LaunchTemplateId", "name": "LaunchTemplateName", "version": "Version"}


class Group(Resource, token="aws:autoscaling/group:Group"):
    """``aws.autoscaling.Group`` with a launch template."""

    noun: ClassVar = "Auto Scaling Group"
    supported: ClassVar = (
        _STEERING
        | _PLAIN.keys()
        | {
            "instanceMaintenancePolicy",
            "launchTemplate",
            "metricsGranularity",
            "name",
            "namePrefix",
            "region",
            "tags",
            "vpcZoneIdentifiers",
        }
    )
    defaults: ClassVar = {
        "forceDelete": False,
        "forceDeleteWarmPool": False,
        "healthCheckGracePeriod": 300,
        "ignoreFailedScalingActivities": False,
        "metricsGranularity": "1Minute",
        "protectFromScaleIn": False,
        "waitForCapacityTimeout": "10m",
    }
    longest_name: ClassVar = 255
    # terraform-provider-aws internal/service/autoscaling/group.go at 00a919d1548e, which leaves sizes and the kind of
    # health check to AWS; the names' and the role's rules are recalled.
    rules: ClassVar = {
        **machine_rules.TEMPLATE_REFERENCE,
        "instanceMaintenancePolicy.maxHealthyPercentage": some(between(100, 200), between(-1, -1)),
        "instanceMaintenancePolicy.minHealthyPercentage": between(-1, 100),
        "instanceRefresh.preferences.checkpointDelay": count_text(0),
        "instanceRefresh.preferences.instanceWarmup": count_text(0),
        "instanceRefresh.preferences.maxHealthyPercentage": between(100, 200),
        "instanceRefresh.preferences.minHealthyPercentage": between(0, 100),
        "instanceRefresh.preferences.scaleInProtectedInstances": one_of("Refresh", "Ignore", "Wait"),
        "instanceRefresh.preferences.standbyInstances": one_of("Terminate", "Ignore", "Wait"),
        "instanceRefresh.strategy": one_of("Rolling"),
        "name": length(0, 255),
        "namePrefix": length(0, 255 - SUFFIX),
        "serviceLinkedRoleArn": arn,
    }
    conflicts: ClassVar = (("availabilityZones", "vpcZoneIdentifiers"), ("name", "namePrefix"))
    constants: ClassVar = {
        "enabledMetrics": [],
        "launchConfiguration": "",
        "loadBalancers": [],
        "suspendedProcesses": [],
        "targetGroupArns": [],
        "trafficSources": [],
    }
    computed = frozenset(
        {
            "arn",
            "availabilityZones",
            "defaultCooldown",
            "desiredCapacity",
            "healthCheckType",
            "name",
            "predictedCapacity",
            "region",
            "serviceLinkedRoleArn",
            "vpcZoneIdentifiers",
            "warmPoolSize",
        }
    )
    seconds: ClassVar = (600, 600, 600)

    def refuse_(self, inputs: Properties) -> list[CheckFailure]:
        """A template and a readable duration."""
        failures: list[CheckFailure] = []
        if inputs.get("launchTemplate") is None:
            names = "launch_configuration,launch_template,mixed_instances_policy"
            failures.append(CheckFailure(property="launchTemplate", reason=f"one of `{names}` must be specified"))
        if inputs.get("instanceRefresh") is not None and "StartInstanceRefresh" in missing.OPERATIONS:
            reason = unsimulated.wording("StartInstanceRefresh", "replaces machines when the template changes")
            failures.append(CheckFailure(property="instanceRefresh", reason=reason))
        wait = inputs.get("waitForCapacityTimeout")
        if wait not in (None, UNKNOWN) and capacity.seconds(wait) is None:
            reason = f'"wait_for_capacity_timeout" cannot be parsed as a duration: time: invalid duration "{wait}"'
            failures.append(CheckFailure(property="waitForCapacityTimeout", reason=reason))
        return failures

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateAutoScalingGroup."""
        name = str(inputs.get("name") or f"{inputs['namePrefix']}{naming.unique()}")
        parameters = self._parameters(aws, inputs) | {"Tags": group_tags.wanted(name, inputs.get("tags")) or None}

        def once() -> dict[str, Any]:
            return aws.api.call(_SERVICE, "CreateAutoScalingGroup", AutoScalingGroupName=name, **parameters)

        waiting.retry(aws, (), once)
        return name

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:
        """Wait for machines, unless told not to."""
        capacity.wait(aws, lambda: self._group(aws, id_), id_, inputs, known=frozenset())

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:
        """Describe the group."""
        group = self._group(aws, id_)
        if group is None:
            return None
        known = inputs or outputs
        template = part(group, "LaunchTemplate")
        return {
            "arn": group["AutoScalingGroupARN"],
            "name": group["AutoScalingGroupName"],
            **{key: group.get(name) for key, name in _PLAIN.items()},
            "availabilityZones": sorted(texts(group, "AvailabilityZones")),
            "vpcZoneIdentifiers": sorted(filter(None, str(group.get("VPCZoneIdentifier") or "").split(","))),
            "launchTemplate": {key: template.get(name) for key, name in _TEMPLATE.items() if template.get(name)},
            "tags": group_tags.ordered(listed(group, "Tags"), known.get("tags")),
            "instanceMaintenancePolicy": _maintenance(group),
            "predictedCapacity": group.get("PredictedCapacity") or 0,
            "warmPoolSize": group.get("WarmPoolSize") or 0,
            **{key: known[key] for key in (*_STEERING, "metricsGranularity") if key in known},
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Change the group; running machines keep their template unless a refresh is asked for."""
        known = capacity.activities(aws, to.id)
        if to.keys - _STEERING - {"tags", "metricsGranularity"}:
            # Only what changed is sent, so that a capacity that an autoscaler moved stays where it is.
            wanted = {key: value for key, value in to.new.items() if key in to.keys}
            if to.keys & {"minSize", "maxSize", "desiredCapacity"}:
                wanted |= {key: to.new[key] for key in ("minSize", "maxSize", "desiredCapacity") if key in to.new}
            aws.api.call(
                _SERVICE, "UpdateAutoScalingGroup", AutoScalingGroupName=to.id, **self._parameters(aws, wanted)
            )
        if "tags" in to.keys:
            group_tags.update(aws, to.id, to.live, to.new)
        if "launchTemplate" in to.keys and to.new.get("instanceRefresh"):
            self._refresh(aws, to.id, to.new["instanceRefresh"])
        if to.keys & {"minSize", "maxSize", "desiredCapacity"}:
            capacity.wait(aws, lambda: self._group(aws, to.id), to.id, to.new, known=known)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:
        """Delete by force, or empty the group first; then wait until it is gone."""
        if self._group(aws, id_) is None:
            return
        forced = bool(outputs.get("forceDelete"))
        if not forced:
            sizes = {"MinSize": 0, "MaxSize": 0, "DesiredCapacity": 0}
            aws.api.call(_SERVICE, "UpdateAutoScalingGroup", AutoScalingGroupName=id_, **sizes)
            waiting.until(aws, "Auto Scaling Group to be drained", lambda: self._drained(aws, id_))
        in_use = ("ResourceInUse", "ScalingActivityInProgress")
        waiting.retry(
            aws,
            in_use,
            lambda: aws.api.call(_SERVICE, "DeleteAutoScalingGroup", AutoScalingGroupName=id_, ForceDelete=forced),
        )
        waiting.until(aws, "Auto Scaling Group to be deleted", lambda: True if self._group(aws, id_) is None else None)

    def _parameters(self, aws: Connection, inputs: Properties) -> dict[str, Any]:
        parameters = {name: inputs[key] for key, name in _PLAIN.items() if inputs.get(key) is not None}
        if inputs.get("vpcZoneIdentifiers"):
            parameters["VPCZoneIdentifier"] = ",".join(inputs["vpcZoneIdentifiers"])
        if inputs.get("launchTemplate"):
            parameters["LaunchTemplate"] = {_TEMPLATE[key]: value for key, value in inputs["launchTemplate"].items()}
        if inputs.get("instanceMaintenancePolicy"):
            shape = aws.api.input_shape(_SERVICE, "CreateAutoScalingGroup").members["InstanceMaintenancePolicy"]
            parameters["InstanceMaintenancePolicy"] = translate.request(shape, inputs["instanceMaintenancePolicy"])
        return parameters

    def _group(self, aws: Connection, id_: str) -> dict[str, Any] | None:
        return first(
            aws.api.call(_SERVICE, "DescribeAutoScalingGroups", AutoScalingGroupNames=[id_]), "AutoScalingGroups"
        )

    def _drained(self, aws: Connection, id_: str) -> bool | None:
        group = self._group(aws, id_)
        return True if group is None or not group.get("Instances") else None

    def _refresh(self, aws: Connection, id_: str, wanted: dict[str, Any]) -> None:
        preferences = part(wanted, "preferences")
        numbers = {key: int(value) if re.fullmatch(r"\d+", str(value)) else value for key, value in preferences.items()}
        shape = aws.api.input_shape(_SERVICE, "StartInstanceRefresh").members["Preferences"]
        try:
            aws.api.call(
                _SERVICE,
                "StartInstanceRefresh",
                AutoScalingGroupName=id_,
                Strategy=wanted.get("strategy", "Rolling"),
                Preferences=translate.request(shape, numbers) or None,
            )
        except CloudError as error:
            raise CloudError(f"starting Auto Scaling Group ({id_}) instance refresh: {error}", error.code) from None


def _maintenance(group: dict[str, Any]) -> dict[str, Any] | None:
    found = group.get("InstanceMaintenancePolicy")
    if not found:
        return None
    return {
        "minHealthyPercentage": found.get("MinHealthyPercentage"),
        "maxHealthyPercentage": found.get("MaxHealthyPercentage"),
    }

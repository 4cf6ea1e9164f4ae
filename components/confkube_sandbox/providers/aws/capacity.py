"""Waiting until a scale group has the machines it should have.

After terraform-provider-aws internal/service/autoscaling/group.go (waitGroupCapacitySatisfied).
"""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.aws import waiting
from confkube_sandbox.providers.aws.answers import listed
from confkube_sandbox.providers.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
# This computer's own work is not accelerated with the cloud.
_LEAST_SECONDS = 20.0


def seconds(text: str) -> float | None:
    """Read a duration of Go such as ``10m`` or ``1h30m``; None if it is none."""
    if text == "0":
        return 0.0
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|h|m|s)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def activities(aws: Connection, name: str) -> frozenset[str]:
    """Return the ids of the scaling activities so far, whose failures no longer matter."""
    return frozenset(entry["ActivityId"] for entry in _activities(aws, name))


def wait(
    aws: Connection, look: Callable[[], dict[str, Any] | None], name: str, inputs: Properties, *, known: frozenset[str]
) -> None:
    """Wait until enough machines are in service.

    Args:
        aws: The connection; its end of waiting is replaced by ``waitForCapacityTimeout``.
        look: Describes the group.
        name: The group.
        inputs: Its inputs.
        known: Scaling activities from before.

    Raises:
        CloudError: A scaling activity failed, or the time is over.
    """
    limit = seconds(str(inputs.get("waitForCapacityTimeout", "10m"))) or 0.0
    if limit == 0:
        return
    own = replace(aws, ends=time.monotonic() + max(limit / aws.speed, min(limit, _LEAST_SECONDS)))
    last = ""

    def probe() -> bool | None:
        nonlocal last
        last = _missing(look(), inputs)
        if last and not inputs.get("ignoreFailedScalingActivities"):
            _raise_failed(own, name, known)
        return None if last else True

    try:
        waiting.until(own, "capacity satisfied", probe)
    except CloudError as error:
        if error.code != "Timeout":
            raise
        raise CloudError(
            f"capacity satisfied: timeout while waiting for state to become 'ok' (last error: {last})", "Timeout"
        ) from None


def _missing(group: dict[str, Any] | None, inputs: Properties) -> str:
    if group is None:
        return "Auto Scaling Group not found"
    machines = listed(group, "Instances")
    have = sum(
        1 for each in machines if each.get("HealthStatus") == "Healthy" and each.get("LifecycleState") == "InService"
    )
    exactly = inputs.get("desiredCapacity")
    want = exactly if exactly is not None else inputs["minSize"]
    if have == want or (exactly is None and have >= want):
        return ""
    how = "at least" if exactly is None else "exactly"
    return f"want {how} {want} healthy instance(s) in Auto Scaling Group, have {have}"


def _raise_failed(aws: Connection, name: str, known: frozenset[str]) -> None:
    failed = [
        f"scaling activity ({entry['ActivityId']}): {entry['StatusCode']}: {entry.get('StatusMessage', '')}"
        for entry in _activities(aws, name)
        if entry["StatusCode"] == "Failed" and entry["ActivityId"] not in known
    ]
    if failed:
        raise CloudError(f"capacity satisfied: {'; '.join(failed)}", "ScalingActivityFailed")


def _activities(aws: Connection, name: str) -> list[dict[str, Any]]:
    return aws.api.pages("autoscaling", "DescribeScalingActivities", "Activities", AutoScalingGroupName=name)

"""Instances: launched by ``launch``, and with states that take their time."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models.instances import Instance, InstanceState
from moto.ec2.responses.instances import InstanceResponse

from confkube_sandbox.daemon.aws import context, launch, states


def install() -> None:
    """Replace moto's launch and its immediate changes of state."""
    instance: Any = Instance
    if hasattr(instance, "end_of_life"):
        return
    instance.end_of_life = instance.terminate
    instance.terminate, instance.stop, instance.start = _terminate, _stop, _start
    InstanceResponse.run_instances = _run_instances


def _run_instances(self: Any) -> ActionResult:  # noqa: ANN401, ARG001
    return ActionResult(launch.start(context.current()))


def _changing(instance: Any, during: str, after: str, what: str) -> InstanceState:  # noqa: ANN401
    before = InstanceState(instance.state, instance.state_code)
    states.set_state(instance, during)
    states.schedule(context.current(), instance.id, after, what)
    return before


def _terminate(self: Any) -> InstanceState:  # noqa: ANN401
    if self.state in {"shutting-down", "terminated"}:
        return InstanceState(self.state, self.state_code)
    moment = context.current().now.strftime("%Y-%m-%d %H:%M:%S GMT")
    self._reason = f"User initiated ({moment})"
    return _changing(self, "shutting-down", "terminated", "instance-termination")


def _stop(self: Any) -> InstanceState:  # noqa: ANN401
    if self.state in {"stopping", "stopped"}:
        return InstanceState(self.state, self.state_code)
    return _changing(self, "stopping", "stopped", "instance-stop")


def _start(self: Any) -> InstanceState:  # noqa: ANN401
    if self.state in {"pending", "running"}:
        return InstanceState(self.state, self.state_code)
    return _changing(self, "pending", "running", "instance-start")

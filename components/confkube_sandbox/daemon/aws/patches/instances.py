"""Instances: launched by ``launch``, and with states that take their time."""

from __future__ import annotations

import base64
import inspect
from typing import Any

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.ec2.models.instances import Instance, InstanceState
from moto.ec2.responses import instances as instance_responses
from moto.ec2.responses.instances import InstanceResponse

from confkube_sandbox.daemon.aws import context, launch, states
from confkube_sandbox.daemon.aws.errors import ApiError

_PAGE = 1000


def install() -> None:
    """Replace moto's launch and its immediate changes of state."""
    instance: Any = Instance
    if hasattr(instance, "end_of_life"):
        return
    instance.end_of_life = instance.terminate
    instance.terminate, instance.stop, instance.start = _terminate, _stop, _start_again
    InstanceResponse.run_instances = _run_instances
    InstanceResponse.describe_instances = _describe_instances
    responses: Any = instance_responses
    responses.parse_user_data = _encoded
    for name in _OF_THE_PRIMARY_INTERFACE:
        original: Any = inspect.getattr_static(Instance, name)
        setattr(instance, name, _while_attached(original))


# An interface that is not deleted with its instance leaves it at its end; EC2 then shows the instance without
# addresses.
_OF_THE_PRIMARY_INTERFACE = (
    "private_ip",
    "private_ip_address",
    "private_dns_name",
    "public_ip",
    "public_ip_address",
    "public_dns_name",
)


def _while_attached(original: property) -> property:
    def read(self: Any) -> str | None:  # noqa: ANN401
        return original.__get__(self) if 0 in self.nics else None

    return property(read)


def _encoded(value: bytes | str) -> Base64EncodedString:
    """Keep user data as it was sent; moto takes decoded bytes for encoded ones, and refuses or spoils them."""
    data = value if isinstance(value, bytes) else base64.b64decode(value)
    return Base64EncodedString(base64.b64encode(data).decode())


def _describe_instances(self: Any) -> ActionResult:  # noqa: ANN401
    """Answer in pages: 1000 reservations where the caller names no number.

    A page follows the last one also when the reservation that ended that one is gone.
    Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html (recalled, 2026-11-24).
    """
    params = context.current().params
    wanted: list[str] = params.get("InstanceIds", [])
    if wanted and "MaxResults" in params:
        text = "The parameter instancesSet cannot be used with the parameter maxResults"
        raise ApiError("InvalidParameterCombination", text)
    filters = self._filters_from_querystring()
    state: Any = self.ec2_backend
    found: list[Any] = list(
        state.get_reservations_by_instance_ids(wanted, filters=filters)
        if wanted
        else state.describe_instances(filters=filters)
    )
    start = _start(params["NextToken"], found) if params.get("NextToken") else 0
    end = start + params.get("MaxResults", _PAGE)
    after = f"{found[end - 1].id}.{end}" if end < len(found) else None
    return ActionResult({"Reservations": found[start:end], "NextToken": after})


def _start(token: str, found: list[Any]) -> int:
    last, _, position = token.rpartition(".")
    if not position.isascii() or not position.isdecimal():
        raise ApiError("InvalidPaginationToken", "The specified pagination token is invalid")
    return next((index for index, each in enumerate(found, 1) if each.id == last), int(position))


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


def _start_again(self: Any) -> InstanceState:  # noqa: ANN401
    if self.state in {"pending", "running"}:
        return InstanceState(self.state, self.state_code)
    return _changing(self, "pending", "running", "instance-start")

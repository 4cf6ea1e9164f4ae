"""Planned failures, in the words of this cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.aws.errors import ApiError, render
from confkube_sandbox.daemon.aws.shapes import PROTOCOLS

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.signature import Caller
    from confkube_sandbox.daemon.http import Reply
    from confkube_sandbox.daemon.settings import Fault

_THROTTLED = {
    "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "secretsmanager": ("ThrottlingException", "Rate exceeded", 400),
}


def before(fault: Fault | None, caller: Caller) -> None:
    """Refuse the call if the fault strikes before anything happens."""
    if fault is None:
        return
    if fault.kind == "throttle":
        raise ApiError(*_THROTTLED.get(caller.service, ("Throttling", "Rate exceeded", 400)))
    if fault.kind == "error":
        raise ApiError(fault.code, fault.message, fault.status)


def refused(fault: Fault) -> Reply:
    """Render the error of a call that did its work all the same."""
    error = ApiError(fault.code, fault.message, fault.status)
    return render(error, PROTOCOLS[fault.service], "00000000-0000-0000-0000-000000000000")

"""Planned failures of single calls, as the user has set them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.aws.errors import ApiError, render
from confkube_sandbox.daemon.aws.shapes import PROTOCOLS

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Memory
    from confkube_sandbox.daemon.aws.signature import Caller
    from confkube_sandbox.daemon.http import Reply
    from confkube_sandbox.daemon.settings import Fault, Settings

_THROTTLED = {
    "ec2": ("RequestLimitExceeded", "Request limit exceeded.", 503),
    "secretsmanager": ("ThrottlingException", "Rate exceeded", 400),
}


def planned(settings: Settings, memory: Memory, service: str, operation: str) -> Fault | None:
    """Count this call and return the fault that is planned for it."""
    relevant = [each for each in settings.faults if each.service == service and each.operation == operation]
    if not relevant:
        return None
    count = memory.calls[service, operation] = memory.calls.get((service, operation), 0) + 1
    return next((each for each in relevant if each.nth <= count < each.nth + each.times), None)


def before(fault: Fault | None, caller: Caller) -> None:
    """Refuse the call if the fault strikes before anything happens."""
    if fault is None:
        return
    if fault.kind == "throttle":
        raise ApiError(*_THROTTLED.get(caller.service, ("Throttling", "Rate exceeded", 400)))
    if fault.kind == "error":
        raise ApiError(fault.code, fault.message, fault.status)


def after(fault: Fault | None, reply: Reply) -> Reply | None:
    """Return what reaches the client of an answer that was given; None cuts the connection."""
    if fault is None:
        return reply
    if fault.kind == "lost-response":
        return None
    if fault.kind == "created-but-error":
        return render(
            ApiError(fault.code, fault.message, fault.status),
            PROTOCOLS[fault.service],
            "00000000-0000-0000-0000-000000000000",
        )
    if fault.kind == "slow":
        time.sleep(fault.seconds)
    return reply

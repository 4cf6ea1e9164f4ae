"""Planned failures of single calls, as the user has set them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.errors import ApiError, render

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.model import Memory
    from confkube_sandbox.daemon.http import Reply
    from confkube_sandbox.daemon.settings import Fault, Settings

SERVICE = "gcp"


def planned(settings: Settings, memory: Memory, operation: str) -> Fault | None:
    """Count this call and return the fault that is planned for it."""
    relevant = [each for each in settings.faults if each.service == SERVICE and each.operation == operation]
    if not relevant:
        return None
    count = memory.calls[SERVICE, operation] = memory.calls.get((SERVICE, operation), 0) + 1
    return next((each for each in relevant if each.nth <= count < each.nth + each.times), None)


def before(fault: Fault | None, service: str) -> None:
    """Refuse the call if the fault strikes before anything happens.

    Raises:
        ApiError: The planned one.
    """
    if fault is None:
        return
    if fault.kind == "throttle":
        if service == "compute":
            raise ApiError("rateLimitExceeded", "Rate Limit Exceeded", 403)
        text = f"Quota exceeded for quota metric 'Write requests' of service '{service}.googleapis.com'."
        raise ApiError("rateLimitExceeded", text, 429)
    if fault.kind == "error":
        raise _error(fault)


def after(fault: Fault | None, reply: Reply, service: str) -> Reply | None:
    """Return what reaches the client of an answer that was given; None cuts the connection."""
    if fault is None:
        return reply
    if fault.kind == "lost-response":
        return None
    if fault.kind == "created-but-error":
        return render(_error(fault), service)
    if fault.kind == "slow":
        time.sleep(fault.seconds)
    return reply


def _error(fault: Fault) -> ApiError:
    return ApiError(fault.code, fault.message, fault.status)

"""Planned failures of single calls, as the user has set them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure.errors import ArmError, render

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Memory
    from confkube_sandbox.daemon.http import Reply
    from confkube_sandbox.daemon.settings import Fault, Settings

SERVICE = "azure"


def planned(settings: Settings, memory: Memory, operation: str) -> Fault | None:
    """Count this call and return the fault that is planned for it."""
    relevant = [each for each in settings.faults if each.service == SERVICE and each.operation == operation]
    if not relevant:
        return None
    count = memory.calls[operation] = memory.calls.get(operation, 0) + 1
    return next((each for each in relevant if each.nth <= count < each.nth + each.times), None)


def before(fault: Fault | None, account: str) -> None:
    """Refuse the call if the fault strikes before anything happens."""
    if fault is None:
        return
    if fault.kind == "throttle":
        text = (
            f"Number of requests for subscription '{account}' exceeded the limit of '200' for time interval "
            "'00:00:01'. Please try again after '1' seconds."
        )
        raise ArmError("SubscriptionRequestsThrottled", text, 429, retry_after=1)
    if fault.kind == "error":
        raise ArmError(fault.code, fault.message, fault.status)


def after(fault: Fault | None, reply: Reply) -> Reply | None:
    """Return what reaches the client of an answer that was given; None cuts the connection."""
    if fault is None:
        return reply
    if fault.kind == "lost-response":
        return None
    if fault.kind == "created-but-error":
        return render(ArmError(fault.code, fault.message, fault.status), "00000000-0000-0000-0000-000000000000")
    if fault.kind == "slow":
        time.sleep(fault.seconds)
    return reply

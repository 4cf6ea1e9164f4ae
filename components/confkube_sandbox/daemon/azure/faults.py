"""Planned failures, in the words of this cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure.errors import ArmError, render

if TYPE_CHECKING:
    from confkube_sandbox.daemon.http import Reply
    from confkube_sandbox.daemon.settings import Fault

SERVICE = "azure"


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


def refused(fault: Fault) -> Reply:
    """Render the error of a call that did its work all the same."""
    return render(ArmError(fault.code, fault.message, fault.status), "00000000-0000-0000-0000-000000000000")

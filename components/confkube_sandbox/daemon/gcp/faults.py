"""Planned failures, in the words of this cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.errors import ApiError, render

if TYPE_CHECKING:
    from confkube_sandbox.daemon.http import Reply
    from confkube_sandbox.daemon.settings import Fault

SERVICE = "gcp"


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


def refused(fault: Fault, service: str) -> Reply:
    """Render the error of a call that did its work all the same."""
    return render(_error(fault), service)


def _error(fault: Fault) -> ApiError:
    return ApiError(fault.code, fault.message, fault.status)

"""Waiting for operations of Compute Engine.

https://github.com/hashicorp/terraform-provider-google-beta services/compute/compute_operation.go and
tpgresource/common_operation.go at 93c65b2d60fe.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeVar, cast

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp.answers import part, parts
from confkube_sandbox.providers.gcp.failures import ApiError, OperationError
from confkube_sandbox.providers.terraform import waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.providers.gcp.connection import Connection

T = TypeVar("T")
# The provider asks every 10 seconds (transport/config.go: PollInterval).
_POLL_SECONDS = 10.0
_SHORTEST_PAUSE = 0.02


def wait(gcp: Connection, operation: dict[str, Any], activity: str) -> None:
    """Wait until an operation is done.

    Args:
        gcp: The connection.
        operation: As the call that started it answered.
        activity: Completes "Error waiting for …".

    Raises:
        OperationError: It ended with errors.
        CloudError: The time is over, or the operation cannot be asked for.
    """
    if operation.get("status") == "DONE":
        _raise_errors(operation, "")
        return
    found: dict[str, Any] = {}

    def look() -> bool | None:
        nonlocal found
        try:
            found = _look(gcp, operation)
        except ApiError as error:
            if error.status == 404:
                return None
            text = f"Error waiting for {activity}: error while retrieving operation: {error}"
            raise CloudError(text, error.reason) from None
        if found.get("error") and not _ready_later(found):
            return True
        return found.get("status") == "DONE" or None

    until(gcp, look, lambda: _late(activity, found))
    _raise_errors(found, f"Error waiting for {activity}: ")


def until(gcp: Connection, probe: Callable[[], T | None], late: Callable[[], str]) -> T:
    """Ask until the answer is not None.

    Raises:
        CloudError: The time is over; ``late`` says so.
    """
    pause = max(_POLL_SECONDS / gcp.speed, _SHORTEST_PAUSE)
    return waiting.until(gcp.ends, itertools.repeat(pause), probe, late)


def _look(gcp: Connection, operation: dict[str, Any]) -> dict[str, Any]:
    name = operation["name"]
    for place, method in (("zone", "zoneOperations.get"), ("region", "regionOperations.get")):
        if operation.get(place):
            where = {place: str(operation[place]).rpartition("/")[2]}
            return gcp.compute(method, operation=name, **where)
    return gcp.compute("globalOperations.get", operation=name)


def _late(activity: str, found: dict[str, Any]) -> str:
    state = found.get("status", "")
    return f"Error waiting for {activity}: timeout while waiting for state to become 'DONE' (last state: '{state}')"


def _listed(operation: dict[str, Any]) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", part(operation, "error").get("errors") or [])


def _ready_later(operation: dict[str, Any]) -> bool:
    return any(each.get("code") == "RESOURCE_NOT_READY" for each in _listed(operation))


def _raise_errors(operation: dict[str, Any], before: str) -> None:
    listed = _listed(operation)
    if listed:
        text = "".join(_worded(each) for each in listed)
        raise OperationError(before + text, tuple(str(each.get("code", "")) for each in listed))


def _worded(error: dict[str, Any]) -> str:
    text = f"{error.get('message', '')}\n"
    details = parts(error, "errorDetails")
    quota = next((each["quotaInfo"] for each in details if each.get("quotaInfo")), None)
    if error.get("code") == "QUOTA_EXCEEDED" and quota:
        return text + _quota(quota)
    told = next((each["localizedMessage"].get("message") for each in details if each.get("localizedMessage")), "")
    links = next((parts(part(each, "help"), "links") for each in details if each.get("help")), parts({}, ""))
    if told:
        text += f"\n\n{told}\n"
    if links:
        described = str(links[0].get("description") or "")
        text += "\n\n" + (f"{described}\n" if described else "") + f"{links[0].get('url', '')}\n"
    return text


def _quota(quota: dict[str, Any]) -> str:
    lines = [
        f"\t{shown} = {quota[key]}\n"
        for key, shown in (("metricName", "metric name"), ("limitName", "limit name"), ("limit", "limit"))
        if quota.get(key)
    ]
    if quota.get("dimensions"):
        inside = " ".join(f"{key}:{value}" for key, value in sorted(quota["dimensions"].items()))
        lines.append(f"\tdimensions = map[{inside}]\n")
    return "".join(lines)

"""Operations that take time, as Azure shows them: a header with an address that tells how far they are."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure.context import SUCCEEDED, Memory, Operation
from confkube_sandbox.daemon.azure.errors import ArmError, answer

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.ids import Target
    from confkube_sandbox.daemon.http import Reply
    from confkube_sandbox.daemon.settings import Settings

MEMORY = timedelta(hours=24)
"""How long the end of an operation can be asked for."""
_POLL = 10.0
"""Simulated seconds after which Azure asks to look again."""


def begin(  # noqa: PLR0913  the parts of one record
    memory: Memory,
    settings: Settings,
    now: datetime,
    *,
    account: str,
    namespace: str,
    location: str,
    action: str,
    target: str,
    seconds: float,
    error: tuple[str, str] | None = None,
    note: str = "",
) -> Operation:
    """Start an operation. What still runs on the same resource is preempted by it."""
    for each in memory.running(target):
        each.status, each.ended = "Canceled", now
        each.error = ("OperationPreempted", "The operation has been preempted by a more recent operation.")
    lasting = seconds / settings.speed
    made = Operation(
        id=str(uuid.uuid4()),
        account=account,
        namespace=namespace,
        location=location or "global",
        action=action,
        target=target,
        started=now,
        due=now + timedelta(seconds=lasting),
        seconds=lasting,
        error=error,
        note=note,
    )
    memory.operations[made.id] = made
    return made


def headers(made: Operation, settings: Settings, base: str, version: str) -> dict[str, str]:
    """Return the headers that lead to an operation."""
    where = f"{base}/subscriptions/{made.account}"
    if made.action == "group":
        return {"Location": f"{where}/operationresults/{made.id}?api-version={version}", **pause(settings)}
    place = f"{where}/providers/{made.namespace}/locations/{made.location}/operations/{made.id}"
    return {"Azure-AsyncOperation": f"{place}?api-version={version}", **pause(settings)}


def pause(settings: Settings) -> dict[str, str]:
    """Say when to look again: in whole seconds as Azure does, in milliseconds where time runs faster."""
    seconds = _POLL / settings.speed
    if seconds >= 1:
        return {"Retry-After": str(round(seconds))}
    return {"x-ms-retry-after-ms": str(max(1, round(seconds * 1000)))}


def show(memory: Memory, settings: Settings, target: Target) -> Reply:
    """Answer a look at an operation."""
    found = _find(memory, target.name, target.subscription)
    body: dict[str, Any] = {"startTime": found.started.isoformat(), "status": found.status, "name": found.id}
    if found.ended is not None:
        body["endTime"] = found.ended.isoformat()
    if found.error and found.status != "InProgress":
        body["error"] = {"code": found.error[0], "message": found.error[1]}
    return answer(200, body, pause(settings) if found.status == "InProgress" else None)


def show_result(memory: Memory, settings: Settings, target: Target, base: str) -> Reply:
    """Answer a look at the deletion of a resource group: 202 until it has ended."""
    found = _find(memory, target.tail[-1], target.subscription)
    if found.status == "InProgress":
        return answer(202, None, headers(found, settings, base, target.query.get("api-version", "")))
    if found.status == SUCCEEDED or found.error is None:
        return answer(200, None)
    raise ArmError(*found.error, status=409)


def _find(memory: Memory, name: str, account: str) -> Operation:
    found = memory.operations.get(name)
    if found is None or found.account != account.lower():
        raise ArmError("OperationNotFound", f"The operation '{name}' was not found.", 404)
    return found

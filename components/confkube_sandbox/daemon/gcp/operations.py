"""Operations: a change is accepted, takes its time, and ends well or with an error."""

from __future__ import annotations

import hashlib
from datetime import timedelta, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses
from confkube_sandbox.daemon.gcp.model import GLOBAL, Body, Effect, Key
from confkube_sandbox.daemon.gcp.projects import CALLER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.errors import OperationError
    from confkube_sandbox.daemon.gcp.model import Project

OPERATIONS = "operations"
# Simulated seconds; ordinary experience, since Google documents none of them.
SECONDS: Mapping[str, float] = MappingProxyType(
    {
        "networks.insert": 15,
        "networks.delete": 25,
        "subnetworks.insert": 12,
        "subnetworks.delete": 15,
        "firewalls.insert": 8,
        "firewalls.delete": 8,
        "routers.insert": 6,
        "routers.patch": 8,
        "instances.insert": 12,
        "instances.delete": 45,
        "instances.stop": 30,
        "instances.start": 12,
        "instances.addAccessConfig": 6,
        "instances.deleteAccessConfig": 6,
        "disks.insert": 5,
        "images.insert": 60,
        "images.delete": 8,
        "instanceGroupManagers.insert": 8,
        "instanceGroupManagers.delete": 60,
    }
)
_OTHERS = 3.0
_PACIFIC = timezone(timedelta(hours=-8))
_PENDING = timedelta(seconds=0.5)


def seconds(call: Call) -> float:
    """How long an operation takes, in simulated seconds."""
    return SECONDS.get(call.operation, _OTHERS)


def after(call: Call, simulated: float) -> datetime:
    """Return the moment that lies the given simulated seconds ahead."""
    return call.now + timedelta(seconds=simulated / call.settings.speed)


def start(call: Call, key: Key, *, error: OperationError | None = None, target_id: str = "") -> Body:
    """Begin an operation on a resource and return it."""
    place = key.place
    number = call.new_id()
    seed = hashlib.sha256(f"{call.project.id} {number}".encode()).hexdigest()
    name = f"operation-{int(call.now.timestamp() * 1000)}-{seed[:13]}-{seed[13:21]}-{seed[21:29]}"
    held = call.project.held.get(key, {})
    made: Body = {
        "kind": "compute#operation",
        "id": number,
        "name": name,
        "operationType": "compute.instanceGroupManagers.resize" if call.operation.endswith("resize") else _type(call),
        "targetLink": call.link(key),
        "targetId": target_id or held.get("id", number),
        "status": "RUNNING",
        "user": CALLER,
        "progress": 0,
        "insertTime": stamp(call.now),
        "startTime": stamp(call.now),
        "selfLink": call.link(Key(OPERATIONS, place, name)),
    }
    if place != GLOBAL:
        kind = "zone" if addresses.is_zone(place) else "region"
        made[kind] = f"{addresses.ROOT}projects/{call.project.id}/{addresses.place_path(place)}"
    if "requestId" in call.query:
        made["clientOperationId"] = call.query["requestId"]
    own = Key(OPERATIONS, place, name)
    call.project.operations[own] = made
    call.project.finish[own] = after(call, seconds(call))
    if error is not None:
        call.project.errors[own] = _error(error)
    return made


def create(call: Call, key: Key, body: Body) -> Body:
    """Put a new resource in and return the operation that makes it."""
    number = call.new_id()
    resource: Body = {
        "kind": f"compute#{_kind(key.collection)}",
        "id": number,
        "creationTimestamp": stamp(call.now),
        **body,
        "selfLink": call.link(key),
    }
    call.project.held[key] = resource
    made = start(call, key, target_id=number)
    call.project.busy[key] = "insert"
    plan(call, key, "ready", seconds(call))
    return made


def remove(call: Call, key: Key) -> Body:
    """Begin the deletion of a resource and return its operation."""
    made = start(call, key)
    call.project.busy[key] = "delete"
    plan(call, key, "gone", seconds(call))
    return made


def plan(call: Call, key: Key, change: str, simulated: float) -> None:
    """Let something happen to a resource later."""
    call.project.due.setdefault(key, []).append(Effect(after(call, simulated), change))


def finish(project: Project, now: datetime) -> bool:
    """End the operations whose time has come; True if there was one."""
    ended = [key for key, when in project.finish.items() if when <= now]
    for key in ended:
        operation = project.operations[key]
        operation.update(status="DONE", progress=100, endTime=stamp(project.finish.pop(key)))
        operation.update(project.errors.pop(key, {}))
    return bool(ended)


def shown(project: Project, key: Key, now: datetime) -> Body:
    """Return an operation as a reader sees it: pending at first."""
    held = dict(project.operations[key])
    if key in project.finish and project.finish[key] - now > _PENDING and held["insertTime"] == stamp(now):
        held["status"] = "PENDING"
    return held


def stamp(when: datetime) -> str:
    """Write a moment as Compute Engine does."""
    local = when.astimezone(_PACIFIC)
    return local.strftime("%Y-%m-%dT%H:%M:%S.") + f"{local.microsecond // 1000:03d}-08:00"


def _type(call: Call) -> str:
    return call.operation.rpartition(".")[2]


def _kind(collection: str) -> str:
    return {"addresses": "address"}.get(collection, collection.removesuffix("s"))


def _error(error: OperationError) -> Body:
    told: Body = {"code": error.code, "message": error.message}
    if error.details:
        told["errorDetails"] = [error.details]
    name = {400: "BAD REQUEST", 403: "FORBIDDEN", 404: "NOT FOUND", 409: "CONFLICT", 503: "SERVICE UNAVAILABLE"}
    return {
        "error": {"errors": [told]},
        "httpErrorStatusCode": error.status,
        "httpErrorMessage": name[error.status],
    }

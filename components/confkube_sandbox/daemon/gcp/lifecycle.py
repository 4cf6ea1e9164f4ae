"""What happens when the time has come. Nothing sleeps: every request first lets the changes happen that are due."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import operations, roles, tag_bindings
from confkube_sandbox.daemon.gcp.compute import fleet
from confkube_sandbox.daemon.gcp.model import Key

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Memory, Project

# Completed operations "have a limited retention period", says the API's own description of them; request ids are
# remembered for at least an hour: https://cloud.google.com/compute/docs/reference/rest/v1/instances/insert
_OPERATION_MEMORY = timedelta(days=14)
_REQUEST_MEMORY = timedelta(hours=1)
# https://cloud.google.com/iam/docs/service-accounts-delete-undelete (2026-11): 30 days.
UNDELETE = timedelta(days=30)


def advance(memory: Memory, now: datetime, call_for: Callable[[Project], Call]) -> bool:
    """Let everything happen that is due, in all projects; True when anything changed."""
    changed = False
    for project in memory.projects.values():
        changed |= _effects(project, now)
        changed |= operations.finish(project, now)
        call = call_for(project)
        for group in list(project.groups.values()):
            changed |= fleet.reconcile(call, group)
        changed |= tag_bindings.forget(project, now, memory.settings.speed)
        _forget(project, now)
    return changed


def _effects(project: Project, now: datetime) -> bool:
    ready = sorted(
        (
            (effect.when, key, effect.change)
            for key, effects in project.due.items()
            for effect in effects
            if effect.when <= now
        ),
        key=lambda each: each[0],
    )
    for key in {key for _, key, _ in ready}:
        rest = [each for each in project.due[key] if each.when > now]
        project.due.pop(key)
        if rest:
            project.due[key] = rest
    for _, key, change in ready:
        _arrive(project, key, change)
    return bool(ready)


def _arrive(project: Project, key: Key, change: str) -> None:
    if change == "ready":
        if project.busy.get(key) == "insert":
            del project.busy[key]
    elif change == "gone":
        _vanish(project, key)
    elif key in project.held:
        project.held[key]["status"] = change


def _vanish(project: Project, key: Key) -> None:
    held = project.held.pop(key, None)
    project.busy.pop(key, None)
    project.due.pop(key, None)
    if held is None:
        return
    project.policies.pop(key, None)
    if key.collection == "instances":
        for each in held["disks"]:
            name = str(each.get("source", "")).rpartition("/")[2]
            if each.get("autoDelete"):
                project.held.pop(Key("disks", key.place, name), None)
    if key.collection == "instanceGroupManagers":
        project.groups.pop(key, None)
        project.held.pop(Key("instanceGroups", key.place, key.name), None)


def _forget(project: Project, now: datetime) -> None:
    for request in [request for request, (when, _, _) in project.requests.items() if now - when > _REQUEST_MEMORY]:
        del project.requests[request]
    old = operations.stamp(now - _OPERATION_MEMORY)
    for key in [key for key, held in project.operations.items() if held["insertTime"] < old]:
        if key not in project.finish:
            del project.operations[key]
    for unique in [
        unique
        for unique, each in project.accounts.items()
        if each.deleted is not None and now - each.deleted > UNDELETE
    ]:
        del project.accounts[unique]
    for name in [
        name for name, each in project.roles.items() if each.deleted is not None and now - each.deleted > roles.FORGET
    ]:
        del project.roles[name]

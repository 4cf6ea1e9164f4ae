"""The simulated Google Cloud as a whole: from an HTTP request to an HTTP answer."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from typing import TYPE_CHECKING

from confkube_sandbox import clock
from confkube_sandbox.daemon.faults import after, planned
from confkube_sandbox.daemon.gcp import (
    account_keys,
    accounts,
    faults,
    inventory,
    lifecycle,
    operations,
    projects,
    resource_manager,
    roles,
    routing,
    secrets,
    tag_bindings,
    tags,
)
from confkube_sandbox.daemon.gcp.authenticate import TOKEN, require_token
from confkube_sandbox.daemon.gcp.compute.operations import WAITING, ends
from confkube_sandbox.daemon.gcp.context import Call
from confkube_sandbox.daemon.gcp.errors import ApiError, OperationError, json_reply, render
from confkube_sandbox.daemon.gcp.model import Key, Memory, Project
from confkube_sandbox.daemon.gcp.registry import HANDLERS
from confkube_sandbox.daemon.gcp.rules import rules_for
from confkube_sandbox.daemon.gcp.rules.targets import target_key
from confkube_sandbox.daemon.kept import KeptCloud, log_fault
from confkube_sandbox.daemon.store import StorageError

if TYPE_CHECKING:
    from datetime import datetime

    from confkube_sandbox.daemon.cloud import Found
    from confkube_sandbox.daemon.gcp.model import Body
    from confkube_sandbox.daemon.gcp.routing import Routed
    from confkube_sandbox.daemon.http import Incoming, Reply
    from confkube_sandbox.home import SandboxHome

__all__ = ["REQUEST_ID", "Gcp", "account_keys", "accounts", "load", "roles", "secrets", "tag_bindings"]

_log = logging.getLogger(__name__)
REQUEST_ID = "compute.request-id"
_READING = ("get", "list", "aggregatedList", "getFromFamily", "wait", "getIamPolicy", "access", "listErrors",
            "listManagedInstances", "listInstances", "getSerialPortOutput")  # fmt: skip
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# A wait "for no more than 2 minutes", says the API's own description; here also for no more than this in real time.
_WAIT = 120.0
_LONGEST_WAIT = 2.0


class Gcp(KeptCloud[Memory]):
    """All projects of the simulated Google Cloud."""

    def __init__(self, home: SandboxHome, token: str, disabled: frozenset[str] = frozenset()) -> None:
        """Make an empty world.

        Args:
            home: Where time and state come from.
            token: The access token of the caller.
            disabled: Names of rules that are not applied; for tests of the tests.
        """
        super().__init__(home, "gcp", Memory)
        self._token = token
        self._disabled = disabled

    def inventory(self, account: str | None = None) -> list[Found]:
        """List what is alive in one project, or in all."""
        with self._lock:
            lifecycle.advance(self.memory, self._now(), self._call_for)
            return inventory.resources(self.memory, account)

    def handle(self, request: Incoming) -> Reply | None:
        """Answer one HTTP request; None means that the connection is cut without an answer."""
        service = routing.service_of(request.path)
        try:
            if TOKEN not in self._disabled:
                require_token(request, self._token)
            routed = routing.route(request, self._disabled)
            if routed.operation in WAITING:
                self._wait(routed)
            return self._execute(routed)
        except ApiError as refusal:
            return render(refusal, service)
        except StorageError:
            log_fault(_log, "the state could not be written; the change was taken back")
        except Exception:  # noqa: BLE001  a fault of the simulation reaches the client as the service's own 500
            log_fault(_log, "internal fault")
        return render(
            ApiError("backendError", "Internal error. Please try again or contact Google Support.", 500), service
        )

    def _execute(self, routed: Routed) -> Reply | None:
        """Carry out one request: checks, rules, the change itself, and its way to the disk."""
        with self._lock:
            fault = planned(self.settings, self.memory.calls, faults.SERVICE, routed.method)
            faults.before(fault, routed.service)
            now = self._now()
            moved = lifecycle.advance(self.memory, now, self._call_for)
            changes = routed.operation.rpartition(".")[2] not in _READING
            change = self.store.mark() if moved else 0
            try:
                reply = json_reply(self._serve(self._call(routed, now)))
            finally:
                if changes:
                    change = self.store.mark()
        if change:
            self.store.commit(change)
        return after(fault, reply, lambda found: faults.refused(found, routed.service))

    def _serve(self, call: Call) -> Body:
        request = call.query.get("requestId", "") if REQUEST_ID not in self._disabled else ""
        digest = _digest(call)
        if request and (again := _replayed(call, request, digest)):
            return again
        try:
            self._apply_rules(call)
            answer = HANDLERS[f"{call.service}.{call.operation}"](call)
        except OperationError as error:
            if call.service != "compute":
                return tags.failed(call, error)
            answer = operations.start(call, target_key(call), error=error)
        if request:
            call.project.requests[request] = (call.now, digest, Key("operations", call.place, answer["name"]))
        if answer.get("kind") == "compute#operation":
            return operations.shown(call.project, Key("operations", call.place, answer["name"]), call.now)
        return answer

    def _apply_rules(self, call: Call) -> None:
        for each in rules_for(call.service, call.operation):
            if each.name not in self._disabled:
                each.check(call)

    def _call(self, routed: Routed, now: datetime) -> Call:
        project = self._project(routed.project) if routed.project else self._owner(routed)
        return Call(
            service=routed.service,
            version=routed.version,
            operation=routed.operation,
            path=routed.path,
            query=routed.query,
            body=routed.body,
            now=now,
            settings=self.settings,
            memory=self.memory,
            project=project,
            check=self._apply_rules,
            disabled=self._disabled,
            location=routed.location,
        )

    def _owner(self, routed: Routed) -> Project:
        found = tags.owner(self.memory, routed.path, routed.query, routed.body)
        if found is None:
            raise ApiError("forbidden", "The caller does not have permission", 403)
        return found

    def _call_for(self, project: Project) -> Call:
        return Call(
            service="compute",
            version="v1",
            operation="",
            path={},
            query={},
            body={},
            now=self._now(),
            settings=self.settings,
            memory=self.memory,
            project=project,
            check=self._apply_rules,
            passing=True,
            disabled=self._disabled,
        )

    def _project(self, name: str) -> Project:
        if projects.resolve(name) is None:
            return Project(id=name, number="")
        if name not in self.memory.projects:
            made = Project(id=name, number=projects.number_of(name))
            made.policy = json.loads(json.dumps(resource_manager.OWNERS))
            self.memory.projects[name] = made
        return self.memory.projects[name]

    def _wait(self, routed: Routed) -> None:
        """Hold the answer back until the operation ends, as long as the API does; others are served meanwhile."""
        with self._lock:
            now = self._now()
            end = ends(self._call(routed, now))
        if end is not None:
            time.sleep(max(0.0, min((end - now).total_seconds(), _WAIT / self.settings.speed, _LONGEST_WAIT)))

    def _now(self) -> datetime:
        return clock.now(self._home)


def load(home: SandboxHome, token: str) -> Gcp:
    """Make the simulated Google Cloud with what it kept.

    Raises:
        Refusal: The kept state cannot be read.
    """
    made = Gcp(home, token)
    made.store.load()
    return made


def _replayed(call: Call, request: str, digest: str) -> Body | None:
    """Answer a repeated request with the operation of the first; source: description of ``requestId`` in the API."""
    if not _UUID.fullmatch(request) or not request.strip("0-"):
        raise ApiError("invalid", f"Invalid value for field 'requestId': '{request}'. Must be a valid UUID.")
    held = call.project.requests.get(request)
    if held is None or held[2] not in call.project.operations:
        return None
    if held[1] != digest:
        text = f"Invalid value for field 'requestId': '{request}'. Request id was already used by another request."
        raise ApiError("invalid", text)
    return operations.shown(call.project, held[2], call.now)


def _digest(call: Call) -> str:
    told = [call.operation, call.path, {k: v for k, v in call.query.items() if k != "requestId"}, call.body]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

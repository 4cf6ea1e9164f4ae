"""The simulated AWS as a whole: from an HTTP request to an HTTP answer."""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from confkube_sandbox import clock
from confkube_sandbox.daemon.aws import (
    authority,
    context,
    decode,
    faults,
    images,
    inventory,
    lifecycle,
    moto,
    patches,
    served,
    shapes,
    templates,
)
from confkube_sandbox.daemon.aws.context import Call, Memory
from confkube_sandbox.daemon.aws.errors import JSON, ApiError, render
from confkube_sandbox.daemon.aws.rules import rules_for, visibility
from confkube_sandbox.daemon.aws.signature import Authenticator, Caller
from confkube_sandbox.daemon.aws.validate import Validator
from confkube_sandbox.daemon.faults import after, planned
from confkube_sandbox.daemon.http import Reply
from confkube_sandbox.daemon.kept import KeptCloud, log_fault
from confkube_sandbox.daemon.store import StorageError

if TYPE_CHECKING:
    from confkube_sandbox.daemon.cloud import Found
    from confkube_sandbox.daemon.http import Incoming
    from confkube_sandbox.home import SandboxHome

_log = logging.getLogger(__name__)
_TOKEN_LIFE = timedelta(hours=24)
DRY_RUN = "ec2.dry-run"
CLIENT_TOKEN = "ec2.client-token"  # noqa: S105  the name of a rule
QUOTA_RULES = frozenset({"ec2.vcpu-quota", "ec2.capacity"})


class Aws(KeptCloud[Memory]):
    """All accounts and regions of the simulated AWS."""

    def __init__(self, home: SandboxHome, secret: str, disabled: frozenset[str] = frozenset()) -> None:
        """Make an empty world.

        Args:
            home: Where time and state come from.
            secret: The secret access key of every account.
            disabled: Names of rules that are not applied; for tests of the tests.
        """
        super().__init__(home, "aws", Memory)
        self._disabled = disabled
        self._authenticator = Authenticator(secret, disabled)
        patches.install(lambda: clock.now(home))
        moto.clear()

    def reset(self) -> None:
        """Delete everything in all accounts; settings return to their defaults."""
        with self._lock:
            moto.clear()
            super().reset()

    def inventory(self, account: str | None = None) -> list[Found]:
        """List what is alive in one account, or in all."""
        with self._lock:
            return inventory.resources(account)

    def handle(self, request: Incoming) -> Reply | None:
        """Answer one HTTP request; None means that the connection is cut without an answer."""
        protocol = JSON if "x-amz-target" in {name.lower() for name in request.headers} else "ec2"
        request_id = str(uuid.uuid4())
        try:
            caller = self._authenticator.authenticate(request)
            protocol = shapes.PROTOCOLS[caller.service]
            operation = _operation(caller, request)
            served.require_served(caller.service, operation, self._disabled)
            params = decode.Decoder(caller.service, operation, self._disabled).decode(request.body)
            return self.execute(caller, operation, params)
        except ApiError as refusal:
            return render(refusal, protocol, request_id)
        except StorageError:
            log_fault(_log, "the state could not be written; the change was taken back")
            return render(ApiError("InternalError", "An internal error has occurred", 500), protocol, request_id)
        except Exception:  # noqa: BLE001  a fault inside moto reaches the client as the service's own 500
            log_fault(_log, "internal fault")
            return render(ApiError("InternalFailure", "An internal error has occurred", 500), protocol, request_id)

    def execute(self, caller: Caller, operation: str, params: dict[str, Any]) -> Reply | None:
        """Carry out one decoded request: checks, rules, the change itself, and its way to the disk."""
        with self._lock:
            fault = planned(self.settings, self.memory.calls, caller.service, operation)
            faults.before(fault, caller)
            call = Call(
                caller, operation, params, clock.now(self._home), self.settings, self.memory, self._check_launch
            )
            context.serving(call)
            moved = lifecycle.advance(self.memory, self.settings, call)
            change = self.store.mark() if moved else 0
            try:
                reply = self._serve(call)
            finally:
                if served.changes_state(operation):
                    change = self.store.mark()
        if change:
            self.store.commit(change)
            moto.forget_instances()
        return after(fault, reply, faults.refused)

    def _serve(self, call: Call) -> Reply:
        if call.caller.service == "sts":
            authority.require(call)
            return patches.caller_identity(call)
        Validator(call.caller.service, call.operation, self._disabled).check(call.params)
        authority.require(call)
        token, digest = self._token(call), _digest(call.params)
        again = self._replayed(call, token, digest) if token else None
        if again:
            return again
        images.ensure(call)
        call = templates.resolved(call)
        context.serving(call)
        self._apply_rules(call)
        if call.params.get("DryRun") and DRY_RUN not in self._disabled:
            raise ApiError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
        reply = moto.call(call.caller, call.operation, call.params)
        if token and reply.status < 300:
            self.memory.tokens[_token_key(call, token)] = (call.now, digest, reply.status, reply.headers, reply.body)
        visibility.note_births(call, reply)
        return reply

    def _apply_rules(self, call: Call, skip: frozenset[str] = frozenset()) -> None:
        for each in rules_for(call.caller.service, call.operation):
            if each.name not in self._disabled and each.name not in skip:
                each.check(call)

    def _check_launch(self, call: Call, limits: bool) -> None:
        self._apply_rules(call, frozenset() if limits else QUOTA_RULES)

    def _token(self, call: Call) -> str | None:
        return call.params.get("ClientToken") if CLIENT_TOKEN not in self._disabled else None

    def _replayed(self, call: Call, token: str, digest: str) -> Reply | None:
        """Answer a repeated request as the first time; source: EC2 API, "Ensuring idempotency"."""
        for key in [key for key, held in self.memory.tokens.items() if call.now - held[0] > _TOKEN_LIFE]:
            del self.memory.tokens[key]
        held = self.memory.tokens.get(_token_key(call, token))
        if held is None:
            return None
        if held[1] != digest:
            text = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
            raise ApiError("IdempotentParameterMismatch", f"{text} Token {token}")
        return Reply(held[2], dict(held[3]), held[4])

    def _capture(self) -> object:
        return (self.memory, moto.world())

    def _restore(self, held: Any) -> None:  # noqa: ANN401
        self.memory, world = held
        moto.replace_world(world)


def load(home: SandboxHome, token: str) -> Aws:
    """Make the simulated AWS with what it kept.

    Raises:
        Refusal: The kept state cannot be read.
    """
    made = Aws(home, token)
    made.store.load()
    return made


def _operation(caller: Caller, request: Incoming) -> str:
    if shapes.PROTOCOLS[caller.service] == JSON:
        target = {name.lower(): value for name, value in request.headers.items()}.get("x-amz-target", "")
        return target.rpartition(".")[2]
    operation = decode.form(request.body).get("Action", "")
    if not operation:
        raise ApiError("MissingAction", "The request is missing an action or a required parameter.")
    return operation


def _token_key(call: Call, token: str) -> tuple[str, str, str, str, str]:
    return (call.caller.account, call.caller.region, call.caller.service, call.operation, token)


def _digest(params: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(params, sort_keys=True, default=str).encode()).hexdigest()

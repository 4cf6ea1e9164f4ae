"""The simulated Azure as a whole: from an HTTP request to an HTTP answer."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING

from confkube_sandbox import clock
from confkube_sandbox.daemon.azure import blobs, faults, frontdoor, ids, inventory, lifecycle
from confkube_sandbox.daemon.azure.context import Memory
from confkube_sandbox.daemon.azure.errors import ArmError, render
from confkube_sandbox.daemon.azure.routing import Router, operation_of
from confkube_sandbox.daemon.faults import after, planned
from confkube_sandbox.daemon.kept import KeptCloud, log_fault
from confkube_sandbox.daemon.store import StorageError

if TYPE_CHECKING:
    from confkube_sandbox.daemon.cloud import Found
    from confkube_sandbox.daemon.http import Incoming, Reply
    from confkube_sandbox.home import SandboxHome

_log = logging.getLogger(__name__)
_READS = frozenset({"GET", "HEAD"})


class Azure(KeptCloud[Memory]):
    """All subscriptions of the simulated Azure."""

    def __init__(self, home: SandboxHome, token: str, disabled: frozenset[str] = frozenset()) -> None:
        """Make an empty world.

        Args:
            home: Where time and state come from.
            token: The bearer token of every request.
            disabled: Names of rules that are not applied; for tests of the tests.
        """
        super().__init__(home, "azure", Memory)
        self._token = token
        self._disabled = disabled

    def inventory(self, account: str | None = None) -> list[Found]:
        """List what is alive in one subscription, or in all."""
        with self._lock:
            lifecycle.advance(self.memory, clock.now(self._home))
            return inventory.resources(self.memory, account)

    def handle(self, request: Incoming) -> Reply | None:
        """Answer one HTTP request; None means that the connection is cut without an answer."""
        request_id = str(uuid.uuid4())
        try:
            if request.path.startswith(blobs.PREFIX):
                return self._serve_blob(request)
            return self._serve(request, request_id)
        except blobs.BlobError as refusal:
            return refusal.reply(request_id)
        except ArmError as refusal:
            return render(refusal, request_id)
        except StorageError:
            log_fault(_log, "the state could not be written; the change was taken back")
        except Exception:  # noqa: BLE001  a fault of ours reaches the client as the service's own 500
            log_fault(_log, "internal fault")
        return render(ArmError("InternalServerError", "Encountered internal server error.", 500), request_id)

    def _serve_blob(self, request: Incoming) -> Reply:
        with self._lock:
            lifecycle.advance(self.memory, clock.now(self._home))
            reply = blobs.serve(request, self.memory, self._disabled)
            change = self.store.mark() if request.method not in _READS else 0
        if change:
            self.store.commit(change)
        return reply

    def _serve(self, request: Incoming, request_id: str) -> Reply | None:
        frontdoor.authenticate(request, self._token, self._disabled)
        target = ids.parse(request.path)
        frontdoor.require_subscription(target, self._disabled)
        change = 0
        with self._lock:
            now = clock.now(self._home)
            if lifecycle.advance(self.memory, now):
                change = self.store.mark()
            operation = operation_of(request.method, target)
            fault = planned(self.settings, self.memory.calls, faults.SERVICE, operation)
            try:
                faults.before(fault, target.subscription)
                router = Router(request, target, self.memory, settings=self.settings, now=now, disabled=self._disabled)
                reply = router.answer()
            finally:
                # A refusal can leave something behind as well, such as a reserved network interface.
                if request.method not in _READS or fault is not None:
                    change = self.store.mark()
        if change:
            self.store.commit(change)
        reply.headers.setdefault("x-ms-request-id", request_id)
        return after(fault, reply, faults.refused)


def load(home: SandboxHome, token: str) -> Azure:
    """Make the simulated Azure with what it kept.

    Raises:
        Refusal: The kept state cannot be read.
    """
    made = Azure(home, token)
    made.store.load()
    return made

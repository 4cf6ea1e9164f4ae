"""Planned failures of single calls, as the user has set them: when one strikes, and what becomes of the answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.daemon.http import Reply
    from confkube_sandbox.daemon.settings import Fault, Settings

Calls = dict[tuple[str, str], int]
"""How often each operation of each service was called."""


def planned(settings: Settings, calls: Calls, service: str, operation: str) -> Fault | None:
    """Count this call and return the fault that is planned for it."""
    relevant = [each for each in settings.faults if each.service == service and each.operation == operation]
    if not relevant:
        return None
    count = calls[service, operation] = calls.get((service, operation), 0) + 1
    return next((each for each in relevant if each.nth <= count < each.nth + each.times), None)


def after(fault: Fault | None, reply: Reply, refused: Callable[[Fault], Reply]) -> Reply | None:
    """Return what reaches the client of an answer that was given; None cuts the connection.

    ``refused`` renders the fault's error in the cloud's form.
    """
    if fault is None:
        return reply
    if fault.kind == "lost-response":
        return None
    if fault.kind == "created-but-error":
        return refused(fault)
    if fault.kind == "slow":
        time.sleep(fault.seconds)
    return reply

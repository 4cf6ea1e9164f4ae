"""Waiting for the cloud: states, eventual consistency, and objects that are still in use."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from confkube_sandbox.providers.aws.api import ApiError
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.terraform import waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from confkube_sandbox.providers.aws.connection import Connection

T = TypeVar("T")
_FIRST_PAUSE = 0.05
# The real provider looks every 10 seconds at most (terraform-plugin-sdk retry.StateChangeConf).
_LONGEST_PAUSE = 10.0
_SHORTEST_CEILING = 0.25


def until(aws: Connection, what: str, probe: Callable[[], T | None]) -> T:
    """Ask until the answer is not None.

    Raises:
        CloudError: The time is over; ``what`` completes "timeout while waiting for …".
    """
    return waiting.until(aws.ends, _pauses(aws), probe, lambda: f"timeout while waiting for {what}")


def state(aws: Connection, what: str, look: Callable[[], str | None], *, wanted: str, pending: Collection[str]) -> None:
    """Wait until ``look`` says ``wanted``; None (not found) counts as pending, as after a creation.

    Raises:
        CloudError: Another state appeared, or the time is over.
    """
    last = ""

    def probe() -> bool | None:
        nonlocal last
        found = look()
        last = found or last
        if found == wanted:
            return True
        if found is not None and found not in pending:
            raise CloudError(
                f"unexpected state '{found}', wanted target '{wanted}'. last error: {what}", "UnexpectedState"
            )
        return None

    until(aws, f"state to become '{wanted}' (last state: '{last or 'not found'}')", probe)


def found(codes: Collection[str], look: Callable[[], T | None]) -> T | None:
    """Look once; a refusal with one of ``codes`` means "not yet"."""
    try:
        return look()
    except ApiError as error:
        if error.code in codes:
            return None
        raise


def retry(aws: Connection, codes: Collection[str], act: Callable[[], T]) -> T:
    """Repeat a call while AWS refuses it with one of ``codes`` (a full code or its beginning).

    Raises:
        ApiError: Another refusal, or one of ``codes`` when the time is over.
    """
    pauses = _pauses(aws)
    while True:
        try:
            return act()
        except ApiError as error:
            left = aws.ends - time.monotonic()
            if left <= 0 or not any(error.code == code for code in codes):
                raise
        time.sleep(min(next(pauses), left))


def _pauses(aws: Connection) -> Iterator[float]:
    pause, ceiling = _FIRST_PAUSE, max(_LONGEST_PAUSE / aws.speed, _SHORTEST_CEILING)
    while True:
        yield pause
        pause = min(pause * 1.5, ceiling)

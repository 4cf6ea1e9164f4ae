"""Waiting as terraform-plugin-sdk does (helper/retry): asking again and again, until the resource's timeout."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from confkube_sandbox.providers.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from confkube_sandbox.providers.handler import Context

T = TypeVar("T")
# Real seconds that even a strongly accelerated cloud is given, since this computer's own work is not accelerated.
_LEAST_SECONDS = 20.0


def deadline(ctx: Context, seconds: float, speed: float) -> float:
    """Return when to stop waiting (``time.monotonic``).

    Args:
        ctx: The call; its ``custom_timeouts`` come before ``seconds``.
        seconds: How long the real provider waits by default.
        speed: How many times faster than real the simulated cloud runs.
    """
    limit = ctx.timeout or seconds
    return time.monotonic() + max(limit / speed, min(limit, _LEAST_SECONDS))


def until(ends: float, pauses: Iterator[float], probe: Callable[[], T | None], late: Callable[[], str]) -> T:
    """Ask until the answer is not None.

    Args:
        ends: When to stop.
        pauses: Seconds between two questions, without an end.
        probe: Asks.
        late: Says that the time is over.

    Raises:
        CloudError: The time is over.
    """
    while True:
        answer = probe()
        if answer is not None:
            return answer
        left = ends - time.monotonic()
        if left <= 0:
            raise CloudError(late(), "Timeout")
        time.sleep(min(next(pauses), left))

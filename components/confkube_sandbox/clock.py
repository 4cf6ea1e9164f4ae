"""The sandbox's clock: real time plus an offset that only the user moves, so that certificates and leases can age."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import cast

from confkube.errors import Refusal
from confkube_sandbox.home import SandboxHome, write_private

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"(\d{1,6})([smhdw])")
_FURTHEST = timedelta(days=100 * 365)


def offset(home: SandboxHome) -> timedelta:
    """How far the sandbox is ahead of real time; zero where nobody moved the clock."""
    try:
        text = home.clock.read_text(encoding="utf-8")
    except FileNotFoundError:
        return timedelta()
    try:
        held = cast("object", json.loads(text))
        seconds = cast("dict[str, object]", held)["offset_seconds"] if isinstance(held, dict) else None
    except (ValueError, KeyError):
        seconds = None
    if not isinstance(seconds, int | float) or not 0 <= seconds <= _FURTHEST.total_seconds():
        raise Refusal(f"{home.clock}: {text.strip()[:80]!r} is not a clock; run `confkube sandbox clock --reset`")
    return timedelta(seconds=seconds)


def now(home: SandboxHome) -> datetime:
    """The time inside the sandbox, in UTC."""
    return datetime.now(UTC) + offset(home)


def advance(home: SandboxHome, by: timedelta) -> datetime:
    """Move the clock forward and return the new time. There is no way back but ``reset``: clouds have none either."""
    ahead = offset(home) + by
    if ahead > _FURTHEST:
        raise Refusal(f"--advance: the clock would be {ahead.days} days ahead; {_FURTHEST.days} days is the limit")
    home.prepare()
    write_private(home.clock, json.dumps({"offset_seconds": ahead.total_seconds()}) + "\n")
    return now(home)


def reset(home: SandboxHome) -> None:
    """Return to real time."""
    home.clock.unlink(missing_ok=True)


def parse_duration(text: str) -> timedelta:
    """Read a duration such as ``365d``, ``12h`` or ``1d12h``.

    Raises:
        Refusal: The text is not a positive duration.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise Refusal(f"{text!r} is not a duration; write for example 90s, 30m, 12h, 365d, 52w or 1d12h")
    total = timedelta(**_sum_by_unit(parts))
    if not total:
        raise Refusal(f"{text!r} moves the clock nowhere; write for example 90s, 30m, 12h, 365d, 52w or 1d12h")
    return total


def _sum_by_unit(parts: list[tuple[str, str]]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for number, unit in parts:
        totals[_UNITS[unit]] = totals.get(_UNITS[unit], 0) + int(number)
    return totals

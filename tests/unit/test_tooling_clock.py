"""The sandbox's clock runs with real time, ahead of it, and never back except to real time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from confkube.errors import Refusal
from confkube_sandbox import clock
from confkube_sandbox.home import SandboxHome


@pytest.fixture
def home(tmp_path: Path) -> SandboxHome:
    return SandboxHome(tmp_path / "sandbox")


def test_untouched_clock_is_real_time(home: SandboxHome) -> None:
    assert abs(clock.now(home) - datetime.now(UTC)) < timedelta(seconds=5)


def test_advances_add_up_and_reset_undoes_them(home: SandboxHome) -> None:
    clock.advance(home, timedelta(days=300))
    clock.advance(home, timedelta(days=65))
    assert clock.offset(home) == timedelta(days=365)
    assert abs(clock.now(home) - datetime.now(UTC) - timedelta(days=365)) < timedelta(seconds=5)
    clock.reset(home)
    assert clock.offset(home) == timedelta()
    clock.reset(home)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("365d", timedelta(days=365)),
        ("1d12h", timedelta(hours=36)),
        ("52w", timedelta(weeks=52)),
    ],
)
def test_durations(text: str, duration: timedelta) -> None:
    assert clock.parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "365", "d", "-1d", "1y", "1d 2h", "1.5h", "0s", "1dd"])
def test_wrong_durations_are_refused_with_the_value(text: str) -> None:
    with pytest.raises(Refusal, match="365d") as refusal:
        clock.parse_duration(text)
    assert repr(text) in str(refusal.value)


def test_a_century_is_the_limit(home: SandboxHome) -> None:
    with pytest.raises(Refusal, match="limit"):
        clock.advance(home, timedelta(days=40000))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"offset_seconds": "1"}', '{"offset_seconds": -1}'])
def test_a_damaged_clock_is_refused_with_the_way_out(home: SandboxHome, text: str) -> None:
    home.prepare()
    home.clock.write_text(text)
    with pytest.raises(Refusal, match="clock --reset"):
        clock.now(home)

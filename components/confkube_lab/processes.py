"""Processes by number and start time: a number alone may be somebody else's by now."""

import os
import signal
import time
from dataclasses import asdict, dataclass
from glob import glob
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process of this computer."""

    pid: int
    started: int
    """Clock ticks after boot: /proc/<pid>/stat, field 22 (proc(5))."""

    @classmethod
    def of(cls, pid: int) -> "Process | None":
        """The process that has this number now."""
        started = _started(pid)
        return None if started is None else cls(pid=pid, started=started)

    @classmethod
    def read(cls, record: dict[str, Any]) -> "Process | None":
        """The process of a record, if it still runs."""
        try:
            found = cls(pid=int(record["pid"]), started=int(record["started"]))
        except (KeyError, OverflowError, TypeError, ValueError):
            return None
        return found if record.get("boot") == _boot() and found.alive else None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return _started(self.pid) == self.started

    def record(self) -> dict[str, int | str]:
        """What ``read`` takes: after a restart of this computer the same numbers may be somebody else's."""
        return {**asdict(self), "boot": _boot()}

    def end(self, number: int = signal.SIGKILL, patience: float = 10) -> bool:
        """Send a signal and wait until the process is gone; returns whether it is."""
        deadline = time.monotonic() + patience
        if self.alive:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return True
        while self.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        return not self.alive


def children(pid: int) -> list[int]:
    """The children of a process, oldest first."""
    try:
        return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def name(pid: int) -> str:
    """The name of a process; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def parent(pid: int) -> int:
    """The parent of a process; 0 when there is none."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def with_arguments(*wanted: str) -> list[int]:
    """The processes whose arguments contain ``wanted`` in this order, one after another."""
    found: list[int] = []
    # glob(), unlike Path.glob(), takes it well when a process ends meanwhile.
    for path in map(Path, glob("/proc/[0-9]*/cmdline")):
        try:
            arguments = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if any(tuple(arguments[at : at + len(wanted)]) == wanted for at in range(len(arguments))):
            found.append(int(path.parent.name))
    return found


def _started(pid: int) -> int | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *rest = text.rpartition(")")[2].split()
    return None if state in "ZX" else int(rest[18])

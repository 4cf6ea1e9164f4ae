"""The control groups of the lab's machines: they show which processes are a machine's, whatever records say."""

import os
import signal
import time
from collections.abc import Iterator
from glob import glob
from pathlib import Path

_BASE = Path("/sys/fs/cgroup")


def name_of(tag: str, machine: str) -> str:
    """Name of a machine's group, the same in every hierarchy."""
    return f"confkube-lab-{tag}-{machine}"


def folders(tag: str, machine: str = "*") -> list[Path]:
    """The groups of a machine, or of all machines of a lab, one in each hierarchy."""
    named = name_of(tag, machine)
    # glob(), unlike Path.glob(), takes it well when a folder goes away meanwhile.
    return [Path(path) for depth in ("*", "*/*", "*/*/*") for path in glob(f"{_BASE}/{depth}/{named}")]


def processes(tag: str, machine: str = "*") -> set[int]:
    """The processes in them."""
    return {process for folder in folders(tag, machine) for process in _inside(folder)}


def end(tag: str, machine: str = "*", patience: float = 10) -> None:
    """Kill all processes of a machine, or of all, and remove the groups, which stay until they are empty."""
    deadline = time.monotonic() + patience
    while left := processes(tag, machine):
        for process in left:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if time.monotonic() > deadline:
            return
        time.sleep(0.02)
    while time.monotonic() < deadline:
        removed = [_removed(folder) for folder in folders(tag, machine)]
        if all(removed):
            return
        time.sleep(0.02)


def _inside(folder: Path) -> Iterator[int]:
    for path, _, _ in os.walk(folder):
        try:
            yield from map(int, (Path(path) / "cgroup.procs").read_text().split())
        except OSError:
            continue


def _removed(folder: Path) -> bool:
    for path, _, _ in os.walk(folder, topdown=False):
        try:
            os.rmdir(path)  # noqa: PTH106  the files in it belong to the kernel
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True

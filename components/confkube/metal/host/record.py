"""What this host was before, kept on its own disk until it is that again."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .said import Failure

if TYPE_CHECKING:
    from collections.abc import Generator

BASE = Path("/var/lib/confkube-metal")
RUN = Path("/run/confkube-metal")
PREPARING, DONE, REMOVING = "preparing", "done", "removing"


@contextlib.contextmanager
def alone() -> Generator[None]:
    """Keep every other run off this host; a killed one frees it.

    Raises:
        Failure: Another run is at work here.
    """
    deadline = time.monotonic() + 5
    while True:
        RUN.mkdir(mode=0o700, exist_ok=True)
        with (RUN / "lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Failure("another run of confkube is at work on this host; wait for its end") from None
                time.sleep(0.2)
                continue
            if not _is(handle.fileno(), RUN / "lock"):
                continue  # whoever held it has removed it
            try:
                yield
            finally:
                if not BASE.is_dir():
                    shutil.rmtree(RUN, ignore_errors=True)
            return


def _is(handle: int, path: Path) -> bool:
    try:
        return os.fstat(handle).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def make_private(folder: Path) -> None:
    """Make a folder of ours, and those around it, for root alone."""
    for each in (BASE, *(BASE / part for part in folder.relative_to(BASE).parents), folder):
        each.mkdir(mode=0o700, exist_ok=True)


@dataclass
class Record:
    """The record of a cluster on this host.

    Attributes:
        cluster: Identifier of the cluster.
        machine: The machine or pool that this host is, or is one of.
        digest: Of the boot text that it was told.
        phase: How far it is.
        before: What was here before, by the modules that look after it.
        packages: Packages that came with the boot text; None while they still come.
    """

    cluster: str
    machine: str
    digest: str
    phase: str = PREPARING
    before: dict[str, Any] = field(default_factory=dict)
    packages: list[str] | None = None

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return BASE / self.cluster

    @property
    def backups(self) -> Path:
        """Copies of files that were replaced."""
        return self.folder / "files"

    def save(self) -> None:
        """Write it in one step, onto the disk."""
        make_private(self.backups)
        part = self.folder / "record.json.part"
        with part.open("w", encoding="utf-8") as stream:
            json.dump(self.__dict__, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(self.folder / "record.json")
        handle = os.open(self.folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)

    def forget(self) -> None:
        """Remove it, the last thing of all."""
        (self.folder / "record.json").unlink(missing_ok=True)
        shutil.rmtree(self.folder)
        with contextlib.suppress(OSError):
            BASE.rmdir()


def found() -> Record | None:
    """The record on this host; what has none was never begun, and what was copied for it goes.

    Raises:
        Failure: Its record cannot be read.
    """
    for folder in sorted(BASE.glob("*")) if BASE.is_dir() else []:
        path = folder / "record.json"
        if not path.is_file():
            shutil.rmtree(folder, ignore_errors=True)
            continue
        try:
            return Record(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            raise Failure(f"{path} cannot be read; it says what this host was before, so nothing is done") from None
    with contextlib.suppress(OSError):
        BASE.rmdir()
    return None

"""Persistence: an acknowledged change survives a kill of the process at any moment.

The whole state is one pickle, written to a temporary file, flushed to disk and renamed. Requests that wait at the same
time share one write (group commit). A pickle can run code when it is loaded, so it is read only from a directory that
nobody else can reach.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import platform
import stat
import threading
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

from confkube.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCHEMA = 2
_REMEDY = "run `confkube sandbox reset` (everything simulated is deleted)"


class StorageError(Exception):
    """The state could not be written; everything since the last complete write was taken back."""


class Store:
    """Keeps one state in one file."""

    def __init__(
        self, path: Path, lock: threading.RLock, *, capture: Callable[[], object], restore: Callable[[object], None]
    ) -> None:
        """Bind the file to the state.

        Args:
            path: The file; its directory has to be private.
            lock: Held by whoever changes the state.
            capture: Returns the state to keep, called under the lock.
            restore: Puts a kept state back, called under the lock.
        """
        self._path = path
        self._lock = lock
        self._capture = capture
        self._restore = restore
        self._write = threading.Lock()
        self._changed = 0
        self._kept = 0
        self._lost: list[tuple[int, int]] = []
        self._last = b""

    def load(self) -> bool:
        """Read the kept state back; False when there is none.

        Raises:
            Refusal: The file was written by another version, is damaged, or others can write to its place.
        """
        with self._lock:
            if not self._path.exists():
                self._last = self._dump()
                return False
            _require_private(self._path)
            head, _, body = self._path.read_bytes().partition(b"\n")
            self._check(head, body)
            try:
                held: object = pickle.loads(body)  # noqa: S301  own file in an own directory, checked above
            except (AttributeError, ImportError, TypeError, pickle.UnpicklingError):
                raise Refusal(f"{self._path}: written by another version of confkube; {_REMEDY}") from None
            self._restore(held)
            self._last = body
            return True

    def mark(self) -> int:
        """Note a change (under the lock) and return the number to pass to ``commit``."""
        self._changed += 1
        return self._changed

    def commit(self, change: int) -> None:
        """Return when the numbered change is on disk.

        Raises:
            StorageError: It could not be written; the state is back at what the disk holds.
        """
        with self._write:
            if any(first <= change <= last for first, last in self._lost):
                raise StorageError
            if self._kept >= change:
                return
            with self._lock:
                upto = self._changed
                body = self._dump()
            try:
                self._replace(body)
            except OSError as fault:
                self._take_back()
                raise StorageError from fault
            self._kept = upto
            self._last = body

    def snapshot(self) -> bytes:
        """Return the present state as bytes."""
        with self._lock:
            return self._dump()

    def put_back(self, body: bytes) -> None:
        """Replace the present state by one that ``snapshot`` returned."""
        with self._lock:
            self._restore(pickle.loads(body))  # noqa: S301  bytes made by this process

    def _take_back(self) -> None:
        with self._lock:
            self._lost.append((self._kept + 1, self._changed))
            self._kept = self._changed
            self.put_back(self._last)

    def _dump(self) -> bytes:
        return pickle.dumps(self._capture(), protocol=pickle.HIGHEST_PROTOCOL)

    def _replace(self, body: bytes) -> None:
        temporary = self._path.with_name(self._path.name + ".new")
        head = {"schema": SCHEMA, "sha256": hashlib.sha256(body).hexdigest(), **_versions()}
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(json.dumps(head).encode() + b"\n" + body)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(self._path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _check(self, head: bytes, body: bytes) -> None:
        try:
            told = cast("dict[str, Any]", json.loads(head))
        except ValueError:
            raise Refusal(f"{self._path}: this is not a sandbox state; {_REMEDY}") from None
        wanted = {"schema": SCHEMA, **_versions()}
        for name, value in wanted.items():
            if told.get(name) != value:
                raise Refusal(f"{self._path}: written with {name} {told.get(name)}, this is {name} {value}; {_REMEDY}")
        if told.get("sha256") != hashlib.sha256(body).hexdigest():
            raise Refusal(f"{self._path}: the sandbox state is damaged; {_REMEDY}")


def _versions() -> dict[str, str]:
    return {"moto": version("moto"), "python": ".".join(platform.python_version_tuple()[:2])}


def _require_private(path: Path) -> None:
    for place in (path, path.parent):
        told = place.stat()
        if told.st_uid != os.getuid() or stat.S_IMODE(told.st_mode) & 0o077:
            mode = f"{stat.S_IMODE(told.st_mode):04o}"
            raise Refusal(f"{place}: others can reach it (mode {mode}); it must be yours alone, mode 0700 or 0600")

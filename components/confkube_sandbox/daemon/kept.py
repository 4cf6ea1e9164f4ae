"""What every simulated cloud does in the same way: its lock, its settings, and its way to the disk."""

from __future__ import annotations

import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from confkube_sandbox.daemon.store import Store

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from confkube_sandbox.daemon.settings import Settings
    from confkube_sandbox.home import SandboxHome


class Remembering(Protocol):
    """The part of a cloud's memory that belongs to the user and not to the cloud."""

    settings: Settings
    calls: Any
    """How often each operation was called, for planned faults; a mapping."""


Memory = TypeVar("Memory", bound=Remembering)


class KeptCloud(Generic[Memory]):
    """A cloud whose whole memory is one object, kept in one file."""

    def __init__(self, home: SandboxHome, name: str, empty: Callable[[], Memory]) -> None:
        """Make an empty world.

        Args:
            home: Where time and state come from.
            name: Names the file.
            empty: Makes a memory in which nothing is.
        """
        self._home = home
        self._empty = empty
        self._lock = threading.RLock()
        self.memory = empty()
        self.store = Store(home.cloud / f"{name}.state", self._lock, capture=self._capture, restore=self._restore)

    @property
    def settings(self) -> Settings:
        """What the user has set."""
        return self.memory.settings

    def change_settings(self, wanted: dict[str, Any]) -> Settings:
        """Apply and keep new settings; a fault plan starts counting anew."""
        with self._lock:
            self.memory.settings = self.settings.changed(wanted)
            if "faults" in wanted:
                self.memory.calls.clear()
            change = self.store.mark()
        self.store.commit(change)
        return self.settings

    def reset(self) -> None:
        """Delete everything in all accounts; settings return to their defaults."""
        with self._lock:
            self.memory = self._empty()
            change = self.store.mark()
        self.store.commit(change)

    def _capture(self) -> object:
        return self.memory

    def _restore(self, held: Any) -> None:  # noqa: ANN401
        self.memory = held


def log_fault(log: logging.Logger, what: str) -> None:
    """Log where a fault happened and of what kind it is, without its text: that can hold what a request carried."""
    kind, _, trace = sys.exc_info()
    places = "".join(traceback.format_tb(trace))
    log.error("%s: %s\n%s", what, kind.__name__ if kind else "unknown", places)

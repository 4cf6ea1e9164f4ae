"""Ending with the engine: a provider process that outlives its engine would keep changing the cloud on its own."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_CHECK_SECONDS = 0.5


def stop_event() -> threading.Event:
    """Return an event that is set by SIGINT and SIGTERM. Call it from the main thread."""
    done = threading.Event()

    def stop(*_: object) -> None:
        done.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return done


def die_with_parent() -> None:
    """End this process at once when the process that started it ends, even by SIGKILL.

    The kernel's notice (prctl, Linux) is immediate but comes when the *thread* that made the child ends, which for a Go
    program need not be the end of the process. So it only prompts a look at the parent, which is watched as well.
    """
    parent = os.getppid()

    def look(*_: object) -> None:
        if os.getppid() != parent:
            os._exit(1)

    if sys.platform == "linux":
        signal.signal(signal.SIGUSR1, look)
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGUSR1, 0, 0, 0)
    threading.Thread(target=_watch, args=(parent,), name="parent-watch", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_CHECK_SECONDS)
    os._exit(1)

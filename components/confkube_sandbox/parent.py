"""Ends a plugin process when the engine that started it is gone; a killed engine would leave it running."""

import os
import select
import threading
import time
from collections.abc import Callable

_POLL_SECONDS = 1.0


def exit_with_parent(cleanup: Callable[[], None]) -> None:
    """Watch the parent process from a thread; when it ends, run ``cleanup`` and leave at once with status 1.

    ``PR_SET_PDEATHSIG`` is no substitute: it fires when the *thread* that started this process ends, and the engine's
    runtime ends threads at will (man 2 prctl).
    """
    parent = os.getppid()

    def watch() -> None:
        _wait_for_end(parent)
        cleanup()
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _wait_for_end(parent: int) -> None:
    """Block until ``parent`` is no longer our parent process."""
    try:
        handle = os.pidfd_open(parent)
    except (AttributeError, OSError):  # not Linux, an old kernel, or the parent is already gone
        while os.getppid() == parent:
            time.sleep(_POLL_SECONDS)
        return
    try:
        if os.getppid() == parent:
            poller = select.poll()
            poller.register(handle, select.POLLIN)
            poller.poll()
    finally:
        os.close(handle)

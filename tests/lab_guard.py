"""Tests with machines of the lab take turns: all containers of a computer share its kernel's file watchers."""

import fcntl
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone():
    """Hold the place of the one test module that may have machines now."""
    with (Path(tempfile.gettempdir()) / "confkube-lab-tests.lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield

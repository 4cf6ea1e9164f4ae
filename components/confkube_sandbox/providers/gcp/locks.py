"""One caller at a time for what shares an object, as the real provider's MutexStore (transport/mutexkv.go)."""

from __future__ import annotations

import threading
from collections import defaultdict

_GUARD = threading.Lock()
_LOCKS: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)


def lock(name: str) -> threading.RLock:
    """Return the lock of a name, for a ``with`` statement."""
    with _GUARD:
        return _LOCKS[name]

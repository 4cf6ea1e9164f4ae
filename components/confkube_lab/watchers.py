"""The kernel's file watchers (inotify instances), which all containers of a computer share."""

from glob import glob
from pathlib import Path

MACHINE, CLUSTER = 14, 64
"""What a worker takes, and what the default cluster does: 28 a control plane, 8 a trust server (counted 2026-11-27)."""
REMEDY = "allow more: sysctl fs.inotify.max_user_instances=1024"

_LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")


def most() -> int:
    """How many there can be."""
    return int(_LIMIT.read_text())


def used() -> int:
    """How many there are."""
    # glob(), unlike Path.glob(), takes it well when a process ends meanwhile.
    return sum(1 for path in glob("/proc/[0-9]*/fd/*") if _leads_to(path) == "anon_inode:inotify")


def _leads_to(path: str) -> str:
    try:
        return str(Path(path).readlink())
    except OSError:
        return ""

"""Where a home's daemon can be found; loads nothing of the simulation, since every provider and command asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from confkube_sandbox.home import SandboxHome


def lock_file(home: SandboxHome) -> Path:
    """Return the file that is locked while a daemon serves the home."""
    return home.root / "daemon.lock"


def code_stamp() -> str:
    """Return what changes when the daemon's own code does: a daemon that runs on would keep answering as before."""
    return str(max(file.stat().st_mtime_ns for file in Path(__file__).parent.rglob("*.py")))


def described(home: SandboxHome) -> dict[str, Any] | None:
    """Return what daemon.json says, None when there is none or it cannot be read."""
    try:
        held = cast("object", json.loads(home.daemon_file.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(held, dict):
        return None
    about = cast("dict[str, Any]", held)
    kinds = {"url": str, "token": str, "pid": int}
    return about if all(isinstance(about.get(name), kind) for name, kind in kinds.items()) else None

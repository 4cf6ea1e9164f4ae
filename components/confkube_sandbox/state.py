"""Reads and removes the stacks' state in a sandbox's file backend (layout: pkg/backend/diy of pulumi/pulumi)."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from confkube.errors import Refusal
from confkube_sandbox.home import SandboxHome


@dataclass(frozen=True, kw_only=True)
class StackState:
    """What the backend holds of one stack."""

    project: str
    name: str
    resources: int


def stacks(home: SandboxHome) -> list[StackState]:
    """List the stacks that this sandbox has state of."""
    files = sorted((home.state / ".pulumi" / "stacks").glob("*/*.json"))
    return [StackState(project=file.parent.name, name=file.stem, resources=_resources(file)) for file in files]


def remove_all(home: SandboxHome) -> None:
    """Remove all state.

    Raises:
        Refusal: An operation is under way, or was killed and has left its lock.
    """
    held = sorted({lock.parent.name for lock in (home.state / ".pulumi" / "locks").glob("**/*.json")})
    if held:
        raise Refusal(
            f"state of {', '.join(held)} is locked by a running or killed operation; "
            "wait for it, or free the stack with `pulumi cancel`"
        )
    shutil.rmtree(home.state / ".pulumi", ignore_errors=True)


def _resources(file: Path) -> int:
    try:
        content = cast("dict[str, Any]", json.loads(file.read_text(encoding="utf-8")))
    except ValueError:
        return 0
    latest = cast("dict[str, Any]", cast("dict[str, Any]", content.get("checkpoint") or {}).get("latest") or {})
    return len(cast("list[object]", latest.get("resources") or []))

"""What ``confkube sandbox status`` says. It says each time that all of it is a simulation."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from rich.console import Console
from rich.table import Table

from confkube_sandbox import clock, state
from confkube_sandbox.daemon.client import DaemonUnreachableError, connect
from confkube_sandbox.engine import pulumi
from confkube_sandbox.home import SandboxHome

LABEL = "SIMULATION: no cloud is involved, nothing here is confidential, and nothing here costs money"


@dataclass(frozen=True, kw_only=True)
class Status:
    """One sandbox at one moment."""

    home: SandboxHome
    now: datetime
    ahead_seconds: float
    engine: str
    stacks: list[state.StackState]
    daemon: Mapping[str, Any] | None


def gather(home: SandboxHome) -> Status:
    """Look, without starting or making anything."""
    found, _ = pulumi.find(os.environ, home.bin)
    return Status(
        home=home,
        now=clock.now(home),
        ahead_seconds=clock.offset(home).total_seconds(),
        engine=f"{found.version} ({found.origin})" if found else "none yet; `confkube sandbox engine` gets one",
        stacks=state.stacks(home),
        daemon=_daemon(home),
    )


def _daemon(home: SandboxHome) -> Mapping[str, Any] | None:
    try:
        return connect(home).status()
    except DaemonUnreachableError:
        return None


def as_json(status: Status) -> str:
    """Render for programs. The daemon's token is never part of it."""
    return json.dumps(
        {
            "simulation": True,
            "home": str(status.home.root),
            "time": f"{status.now:%Y-%m-%dT%H:%M:%SZ}",
            "clock_ahead_seconds": status.ahead_seconds,
            "engine": status.engine,
            "stacks": [asdict(stack) for stack in status.stacks],
            "daemon": dict(status.daemon) if status.daemon is not None else None,
        },
        indent=2,
        default=str,
    )


def show(status: Status) -> None:
    """Print for people."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(LABEL, style="bold yellow", markup=False)
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("home", str(status.home.root))
    ahead = f", {status.ahead_seconds:.0f} s ahead of real time" if status.ahead_seconds else ""
    table.add_row("time", f"{status.now:%Y-%m-%dT%H:%M:%SZ}{ahead}")
    table.add_row("engine", status.engine)
    table.add_row("daemon", "not running" if status.daemon is None else "running")
    for stack in status.stacks:
        table.add_row("stack", f"{stack.project}/{stack.name}: {stack.resources} resources in its state")
    if status.daemon is not None:
        table.add_row("clouds", count(status.daemon))
    console.print(table)


def count(daemon_status: Mapping[str, Any]) -> str:
    """Say how much the clouds hold, from the daemon's counts by account and kind."""
    accounts = cast("Mapping[str, Mapping[str, int]]", daemon_status.get("resources") or {})
    parts = [f"{number} {kind}" for kinds in accounts.values() for kind, number in sorted(kinds.items()) if number]
    return ", ".join(parts) or "empty"

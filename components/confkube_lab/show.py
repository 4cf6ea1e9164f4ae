"""Tables of the lab's commands."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from confkube_lab.check import Requirement
from confkube_lab.home import LabHome
from confkube_lab.network import Lab

_WIDE = 200
"""Columns where the output is no terminal: nothing is shortened that a program may read."""

_WORDS = {True: "yes", False: "NO", None: "?"}


def requirements(rows: Iterable[Requirement]) -> None:
    """Show what a lab needs."""
    table = Table(box=None, pad_edge=False)
    for column in ("Needed", "Met", "Found", "To do"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(row.name, _WORDS[row.met], row.found, row.remedy if row.met is False else "")
    _console().print(table)


def times(rows: Sequence[tuple[str, float]]) -> None:
    """Show how long each part of a build took."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Built")
    table.add_column("Seconds", justify="right")
    for what, seconds in rows:
        table.add_row(what, f"{seconds:.1f}")
    if rows:
        table.add_row("all", f"{sum(seconds for _, seconds in rows):.1f}")
        _console().print(table)


def machines(lab: Lab | None, home: LabHome, rows: Sequence[Mapping[str, Any]]) -> None:
    """Show a lab."""
    console = _console()
    if lab is None:
        console.print(f"no lab is running in {home.root}" + ("; left behind:" if rows else ""))
    else:
        console.print(f"lab {lab.lab}, {lab.cidr}, open at {home.loopback}")
    if not rows:
        return
    table = Table(box=None, pad_edge=False)
    for column in ("Machine", "Address", "State", "Ready", "TEE (emulated)", "Since"):
        table.add_column(column, overflow="fold")
    for row in rows:
        tee = row["tee"] if row["tee"] != "none" else "-"
        ready = {True: "yes", False: "no", None: "-"}[row["ready"]]
        table.add_row(row["name"], row["address"], row["state"], ready, tee, row["created"])
    console.print(table)


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=_WIDE)

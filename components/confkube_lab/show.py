"""Tables of the lab's commands."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from confkube_lab.check import Requirement

_WORDS = {True: "yes", False: "NO", None: "?"}


def requirements(rows: Iterable[Requirement]) -> None:
    """Show what a lab needs."""
    table = Table(box=None, pad_edge=False)
    for column in ("Needed", "Met", "Found", "To do"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(row.name, _WORDS[row.met], row.found, row.remedy if row.met is False else "")
    Console().print(table)


def times(rows: Sequence[tuple[str, float]]) -> None:
    """Show how long each part of a build took."""
    table = Table(box=None, pad_edge=False)
    table.add_column("Built")
    table.add_column("Seconds", justify="right")
    for what, seconds in rows:
        table.add_row(what, f"{seconds:.1f}")
    if rows:
        table.add_row("all", f"{sum(seconds for _, seconds in rows):.1f}")
        Console().print(table)

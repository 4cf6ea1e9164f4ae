"""Tables of ``confkube metal check``."""

import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from confkube.metal.checks import Readiness

_WIDE = 240
"""Columns where the output is no terminal: nothing is shortened that a program may read."""
_WORDS = {True: "yes", False: "NO", None: "?"}


def readiness(found: Sequence[Readiness], lacking: Mapping[str, Sequence[str]]) -> None:
    """Show what was found on each host, and which are ready."""
    console = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_WIDE)
    for each in found:
        role = each.role.replace("-", " ")
        owner = f", belongs to {each.owner}" if each.owner else ""
        console.print(f"{each.host.name} at {each.host.address}: {role}, TEE {each.host.tee_name}{owner}")
        if each.unreached:
            console.print(f"  {each.unreached}")
            continue
        table = Table(box=None, padding=(0, 0, 0, 2))
        for column in ("Check", "Met", "Found", "To do", "Source"):
            table.add_column(column, overflow="fold")
        for row in each.findings:
            source = "" if row.ok else row.source
            table.add_row(row.check, _WORDS[row.ok], row.found, row.fix, source)
        console.print(table)
    ready = sum(not problems for problems in lacking.values())
    console.print(f"{ready} of {len(found)} hosts are ready; nothing was changed")

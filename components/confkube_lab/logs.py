"""What a machine has written down: its journal while it runs, its console and its disk while it does not."""

from collections.abc import Sequence

from confkube_lab import enter
from confkube_lab.inventory import Inventory, Machine

UNITS = ("confkube-*", "spire-*", "kubelet", "containerd", "cloud-final")
"""What boot text brings, and what it drives."""


def command(inventory: Inventory, machine: Machine, *, units: Sequence[str], follow: bool) -> list[str]:
    """The command that shows the journal of a running machine.

    Raises:
        Refusal: The machine is switched off.
    """
    chosen = [f"--unit={unit}" for unit in units or UNITS]
    flags = ["--follow"] if follow else []
    return enter.command(inventory, machine, ["journalctl", "--no-pager", "--output=short-iso", *chosen, *flags])


def console(inventory: Inventory, machine: Machine) -> str:
    """All that a machine wrote to its console; empty before its first start."""
    path = inventory.folder(machine) / "console.log"
    return path.read_text(errors="replace") if path.exists() else ""

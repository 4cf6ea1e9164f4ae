"""What a machine has written down: its journal while it runs, its console and its disk while it does not."""

from collections.abc import Sequence
from pathlib import Path

from confkube_lab import enter
from confkube_lab.inventory import Inventory, Machine

UNITS = ("confkube-*", "spire-*", "kubelet", "containerd", "cloud-final")
"""What boot text brings, and what it drives."""


def command(inventory: Inventory, machine: Machine, *, everything: bool, units: Sequence[str], follow: bool) -> list[str]:
    """The command that shows the journal of a running machine.

    Raises:
        Refusal: The machine is switched off.
    """
    chosen = [] if everything else [f"--unit={unit}" for unit in units or UNITS]
    flags = ["--follow"] if follow else []
    return enter.command(inventory, machine, ["journalctl", "--no-pager", "--output=short-iso", *chosen, *flags])


def console(inventory: Inventory, machine: Machine) -> Path:
    """The file with all that a machine wrote to its console."""
    return inventory.folder(machine) / "console.log"

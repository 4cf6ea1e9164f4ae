"""What can go wrong with a machine, on purpose: for tests and for learning."""

import subprocess
from pathlib import Path

from confkube.errors import Refusal
from confkube_lab import enter, labs, machines
from confkube_lab.inventory import Inventory, Machine
from confkube_lab.processes import Process

FILL_FILE = "/var/lib/confkube-lab.fill"
_KEPT_BLOCKS = 16
"""What filling leaves of the disk, in blocks of 4 KiB: less than any program needs."""


def kill(inventory: Inventory, machine: Machine) -> None:
    """Switch a machine off at once, as if its plug were pulled.

    Raises:
        Refusal: It is off already.
    """
    if not inventory.running(machine):
        raise Refusal(
            f"machine {machine.name} is switched off already; switch it on with: confkube lab start {machine.name}"
        )
    machines.kill(inventory, machine)


def start(inventory: Inventory, machine: Machine) -> None:
    """Switch a machine on again; its disk is as it was.

    Raises:
        Refusal: It is on already, or does not start.
    """
    machines.start(inventory, machine)


def cable(inventory: Inventory, machine: Machine, *, plugged: bool) -> None:
    """Pull a machine's network cable, or plug it in again.

    Raises:
        Refusal: The machine is off, or the kernel knows no such cable.
    """
    link = machines.cable_of(inventory.home, machine)
    word = "up" if plugged else "down"
    command = labs.in_network(inventory.home, "ip", "link", "set", link, word)
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  arguments are ours
    if done.returncode != 0:
        raise Refusal(f"the cable of {machine.name} could not be set {word}: {done.stderr.strip()}")


def fill(inventory: Inventory, machine: Machine) -> int:
    """Fill a machine's disk to the last kilobytes; returns the bytes that it took. ``drain`` gives them back.

    Raises:
        Refusal: The machine is off.
    """
    root = _root(inventory, machine)
    target = root / FILL_FILE.lstrip("/")
    # Blocks are promised, not written: a machine's disk is a sparse file, and this computer's own must not fill.
    script = 'free=$(stat -f -c %a "$1"); fallocate -l $(((free - $2) * 4096)) "$3"'
    done = subprocess.run(  # noqa: S603  a fixed script
        ["sh", "-ec", script, "fill", str(root / "var/lib"), str(_KEPT_BLOCKS), str(target)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    if not target.exists():
        raise Refusal(f"the disk of {machine.name} could not be filled: {done.stderr.strip()}")
    return target.stat().st_size


def drain(inventory: Inventory, machine: Machine) -> None:
    """Give back what ``fill`` took.

    Raises:
        Refusal: The machine is off.
    """
    (_root(inventory, machine) / FILL_FILE.lstrip("/")).unlink(missing_ok=True)


def _root(inventory: Inventory, machine: Machine) -> Path:
    return Path(f"/proc/{enter.leader(inventory, machine)}/root")


def reboot(inventory: Inventory, machine: Machine) -> None:
    """Boot a machine anew: orderly where it still listens, else by its plug.

    Raises:
        Refusal: It does not start.
    """
    leader = inventory.leader(machine)
    first = Process.of(leader) if leader else None
    # systemd takes this signal as "reboot"; systemd-nspawn then ends with 133 and is started again.
    if first is not None and first.end(REBOOT_SIGNAL, patience=30):
        machines.await_life(inventory, machine)
        return
    machines.kill(inventory, machine)
    start(inventory, machine)


REBOOT_SIGNAL = 34 + 5
"""SIGRTMIN+5 (systemd(1), Signals)."""

"""Which machines a lab has, as records on disk."""

import fcntl
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from confkube.errors import Refusal
from confkube.parse import parse
from confkube_lab import groups
from confkube_lab.home import LabHome, read_json, write_json
from confkube_lab.processes import name, parent

LOCK = "running"
"""In a machine's folder: the file that whoever runs it holds a lock on."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine of the lab.

    Attributes:
        name: Its name, also of the node.
        group: The machine itself, or the pool, that Pulumi knows.
        tier: Its subnet.
        address: Its address.
        fixed: Whether it is a single machine, whose address was given.
        isolation: ``plain``, ``cvm`` or ``nested``.
        tee: The TEE that is only named; ``none`` for plain machines.
        disk_gib: Size of its disk.
        created: When it was made, RFC 3339.
    """

    name: str
    group: str
    tier: str
    address: str
    fixed: bool
    isolation: str
    tee: str
    disk_gib: int
    created: str
    labels: dict[str, str]


@dataclass(frozen=True)
class Inventory:
    """The machines of one lab."""

    home: LabHome

    def __iter__(self) -> Iterator[Machine]:
        """All machines, by name."""
        if not self.home.machines.is_dir():
            return
        for folder in sorted(self.home.machines.iterdir()):
            machine = _read(folder)
            if machine is not None:
                yield machine

    def folder(self, machine: Machine) -> Path:
        """Where all of a machine is."""
        return self.home.machines / machine.name

    def add(self, machine: Machine) -> None:
        """Record a machine."""
        write_json(self.folder(machine) / "machine.json", asdict(machine))

    def of_group(self, group: str) -> list[Machine]:
        """The machines of a pool in the order of their numbers, or the single machine of that name."""
        return sorted((each for each in self if each.group == group), key=lambda each: (len(each.name), each.name))

    def at(self, address: str) -> Machine | None:
        """The machine that has an address."""
        return next((each for each in self if each.address == address), None)

    def single(self, tier: str) -> Machine | None:
        """The single machine of a tier."""
        return next((each for each in self if each.tier == tier and each.fixed), None)

    def find(self, word: str) -> Machine:
        """The machine of that name, or the only one whose name ends so.

        Raises:
            Refusal: None, or several.
        """
        names = {each.name: each for each in self}
        if word in names:
            return names[word]
        found = [each for each in names.values() if each.name.endswith(f"-{word}")]
        if len(found) == 1:
            return found[0]
        if found:
            raise Refusal(f"machine: {word!r} may be {', '.join(each.name for each in found)}; give more of the name")
        if not names:
            raise Refusal("no machine is in the lab; bring one up with: make up STACK=cvm-nodes-lab")
        raise Refusal(f"machine: {word!r} is not one of {', '.join(names)}")

    def running(self, machine: Machine) -> bool:
        """Whether somebody runs the machine: whoever does holds a lock, from before it starts until it has ended."""
        try:
            with (self.folder(machine) / LOCK).open("a") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except FileNotFoundError:
            return False
        return False

    def leader(self, machine: Machine) -> int | None:
        """The first process inside the machine; None while it is switched off or not that far."""
        for process in groups.processes(self.home.tag, machine.name):
            if name(process) == "systemd" and name(parent(process)) == "systemd-nspawn":
                return process
        return None

    def overview(self) -> list[dict[str, Any]]:
        """What there is to say of every machine."""
        return [
            {**asdict(machine), "state": "running" if self.leader(machine) else "off", "confidential": False}
            for machine in self
        ]


def _read(folder: Path) -> Machine | None:
    """The machine of a folder; None where the record is not there, not whole, or not of this folder."""
    try:
        machine = parse(Machine, read_json(folder / "machine.json"), folder.name)
    except Refusal:
        return None
    return machine if machine.name == folder.name else None

"""Reads the declarative file of the children, and says what follows from it for each of them."""

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address
from pathlib import Path
from string import Template
from typing import Any

STATE, RUN = Path("/var/lib/confkube/children"), Path("/run/confkube/children")
CARRIED = Path("/usr/share/confkube/children")
"""Where images made for a closed network carry files, by sha256."""
BRIDGE = "confkube-br"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the file says; docs/models/nested-nodes.md explains it."""

    hypervisor: str
    tee: str
    note: str
    measurement: str
    count: int
    vcpus: int
    memory_mib: int
    disk_gib: int
    files: dict[str, list[str]]
    command: list[str]
    needs: list[list[str]]
    user_data: str
    bound: str
    names: str
    gateway: str
    first_address: str

    def file(self, name: str) -> Path:
        """Where a file is."""
        sha256 = self.files[name][0]
        carried = CARRIED / sha256
        return carried if carried.exists() else STATE / "files" / sha256

    @property
    def children(self) -> "list[Child]":
        """The children that it asks for."""
        return [Child(plan=self, number=number) for number in range(1, self.count + 1)]


@dataclass(frozen=True, kw_only=True)
class Child:
    """One of the children."""

    plan: Plan
    number: int

    @property
    def name(self) -> str:
        """Its host name."""
        return f"{self.plan.names}{self.number}"

    @property
    def address(self) -> IPv4Address:
        """Its address."""
        return IPv4Address(self.plan.first_address) + self.number - 1

    @property
    def mac(self) -> str:
        """Its hardware address; ``nested_values.hardware_address`` computes the same."""
        return "02:cf:" + self.address.packed.hex(":")

    @property
    def cable(self) -> str:
        """Its interface on this machine."""
        return f"confkube-c{self.number}"

    @property
    def user(self) -> str:
        """Whom its hypervisor runs as: no child's can read what is another's."""
        return f"confkube-child{self.number}"

    @property
    def unit(self) -> str:
        """Its service."""
        return f"confkube-child@{self.number}.service"

    @property
    def folder(self) -> Path:
        """What it keeps."""
        return STATE / str(self.number)

    @property
    def run(self) -> Path:
        """What it has while it runs."""
        return RUN / str(self.number)

    @property
    def content(self) -> str:
        """Digest of what its disk is made from: another one is another child."""
        plan = self.plan
        return _digest([plan.files["image"][0], plan.disk_gib, plan.bound, self.name, str(self.address), plan.gateway])

    @property
    def machine(self) -> str:
        """Digest of what its machine is like: another one restarts it."""
        return _digest(asdict(self.plan) | {"count": 0})

    def words(self, **found: object) -> list[str]:
        """What starts it, with what was found on this machine."""
        plan = self.plan
        known = {name: plan.file(name) for name in plan.files} | vars(plan) | found
        known |= {"name": self.name, "uuid": uuid.uuid5(uuid.NAMESPACE_DNS, self.name), "mac": self.mac}
        known |= {"folder": self.folder, "run": self.run}
        return [Template(word).substitute(known) for word in plan.command]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def read(path: str = "/etc/confkube/children.json") -> Plan:
    """Read the file.

    Raises:
        ValueError: It is not as it should be.
    """
    try:
        given: dict[str, Any] = json.loads(Path(path).read_text(encoding="ascii"))
        plan = Plan(**given)
        for child in plan.children[:1]:
            child.words(cable=0, vhost="", accelerator="", cpu="")
    except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise ValueError(f"{path} is not as it should be: {error!r}") from None
    if not 0 <= plan.count <= 200 or min(plan.vcpus, plan.memory_mib, plan.disk_gib) < 1:
        raise ValueError(f"{path}: count must be 0 to 200, and vcpus, memory_mib and disk_gib at least 1")
    if hashlib.sha256(Path(plan.user_data).read_bytes()).hexdigest() != plan.bound:
        raise ValueError(f"{path}: bound is not the sha256 of {plan.user_data}")
    return plan

"""The state of the simulated Azure, and what a rule sees of the request that is being served."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure import ids, kinds
from confkube_sandbox.daemon.faults import Calls
from confkube_sandbox.daemon.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from confkube_sandbox.daemon.azure.ids import Target
    from confkube_sandbox.daemon.azure.kind import Kind

SUCCEEDED = "Succeeded"
FAILED = "Failed"
CREATING = "Creating"
DELETING = "Deleting"
TERMINAL = frozenset({SUCCEEDED, FAILED, "Canceled"})


@dataclass
class Resource:
    """Something that exists."""

    id: str
    type: str
    given: dict[str, Any]
    """What was asked for, checked; it can hold secrets and is never shown as a whole."""
    body: dict[str, Any]
    """What a read shows, without links back to it and without its state."""
    kept: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the service has decided or must remember; never shown as it is."""
    state: str = SUCCEEDED
    etag: str = ""
    born: datetime | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return self.id.rpartition("/")[2]

    @property
    def account(self) -> str:
        """The subscription that it is in."""
        return self.id.split("/")[2].lower()

    @property
    def group(self) -> str:
        """The resource group that it is in; empty for a resource group itself."""
        parts = self.id.split("/")
        return parts[4].lower() if len(parts) > 5 and parts[3].lower() == "resourcegroups" else ""

    @property
    def kind(self) -> Kind:
        """Its kind."""
        return kinds.kind(self.type)

    @property
    def location(self) -> str:
        """Where it is; empty for what has no location of its own."""
        return str(self.body.get("location", ""))

    def at(self, path: str) -> Any:  # noqa: ANN401
        """Return what its body holds at a dotted path."""
        return ids.at(self.body, path)

    def rows(self, path: str) -> list[Any]:
        """Return the list at a dotted path of its body."""
        return ids.rows(self.body, path)

    def part(self, path: str) -> dict[str, Any]:
        """Return the object at a dotted path of its body."""
        return ids.part(self.body, path)

    def touch(self) -> None:
        """Give it a new etag."""
        self.etag = f'W/"{uuid.uuid4()}"'


@dataclass
class Operation:
    """Something that takes time."""

    id: str
    account: str
    namespace: str
    location: str
    action: str
    """``write``, ``delete``, ``power`` or ``group``."""
    target: str
    """Id of the resource that it is about."""
    started: datetime
    due: datetime
    seconds: float
    """How long each step takes, in simulated seconds at the speed of that time."""
    status: str = "InProgress"
    error: tuple[str, str] | None = None
    """Code and text with which it is going to fail."""
    ended: datetime | None = None
    note: str = ""
    """What the action needs to know when it ends: a power state, a step."""


@dataclass
class Memory:
    """Everything that is kept."""

    resources: dict[str, Resource] = field(default_factory=dict[str, Resource])
    """By id, in the form of ``ids.key``."""
    operations: dict[str, Operation] = field(default_factory=dict[str, Operation])
    deleted_vaults: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """Soft-deleted key vaults by name in lower case: the resource, its secrets, when it was deleted and is purged."""
    reserved: dict[str, tuple[str, datetime]] = field(default_factory=dict[str, "tuple[str, datetime]"])
    """Network interfaces that a failed machine still holds: (id of the machine, until when)."""
    calls: Calls = field(default_factory=Calls)
    """How often each operation was called, for planned faults."""
    settings: Settings = field(default_factory=Settings)

    def get(self, resource_id: str) -> Resource | None:
        """Return the resource with an id."""
        return self.resources.get(ids.key(resource_id))

    def put(self, resource: Resource) -> None:
        """Add a resource or replace it."""
        self.resources[ids.key(resource.id)] = resource

    def drop(self, resource: Resource) -> None:
        """Forget a resource."""
        self.resources.pop(ids.key(resource.id), None)

    def of_type(self, name: str, account: str | None = None) -> Iterator[Resource]:
        """Every resource of a type, such as ``Microsoft.Network/networkInterfaces``."""
        for each in list(self.resources.values()):
            if each.type == name and account in {None, each.account}:
                yield each

    def children(self, resource: Resource, name: str = "") -> list[Resource]:
        """Resources nested in another one, of one type or of any."""
        start = ids.key(resource.id) + "/"
        return [each for key, each in list(self.resources.items()) if key.startswith(start) and name in {"", each.type}]

    def group_of(self, account: str, name: str) -> Resource | None:
        """Return a resource group."""
        return self.get(f"/subscriptions/{account}/resourceGroups/{name}")

    def running(self, resource_id: str) -> list[Operation]:
        """Operations on a resource that have not ended."""
        wanted = ids.key(resource_id)
        return [
            each for each in self.operations.values() if each.status == "InProgress" and ids.key(each.target) == wanted
        ]


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request: who, what, when, and the state it meets."""

    account: str
    operation: str
    method: str
    target: Target
    kind: Kind
    id: str
    """Id of the resource in Azure's own spelling."""
    body: dict[str, Any]
    """The checked body; empty where there is none."""
    now: datetime
    settings: Settings
    memory: Memory
    existing: Resource | None
    """The resource before the request."""
    headers: dict[str, str]

    @property
    def properties(self) -> dict[str, Any]:
        """The body's ``properties``."""
        found = self.body.get("properties")
        return found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]

    @property
    def location(self) -> str:
        """Where the resource is going to be, in the form of a name."""
        given = str(self.body.get("location") or "")
        return normal_location(given) if given else self.inherited_location

    @property
    def inherited_location(self) -> str:
        """Where the resource or the one that it is nested in is."""
        if self.existing is not None and self.existing.location:
            return self.existing.location
        parent = self.memory.get(self.target.parent) if self.target.parent else None
        return parent.location if parent is not None else ""

    def at(self, path: str) -> Any:  # noqa: ANN401
        """Return what the body holds at a dotted path."""
        return ids.at(self.body, path)

    def rows(self, path: str) -> list[Any]:
        """Return the list at a dotted path of its body."""
        return ids.rows(self.body, path)

    def part(self, path: str) -> dict[str, Any]:
        """Return the object at a dotted path of its body."""
        return ids.part(self.body, path)


def normal_location(given: str) -> str:
    """Return a location as a name: ``East US`` is ``eastus``."""
    return given.replace(" ", "").lower()

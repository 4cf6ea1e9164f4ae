"""What a rule or a handler sees of the request that is being served."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses
from confkube_sandbox.daemon.gcp.errors import ApiError, invalid
from confkube_sandbox.daemon.gcp.model import GLOBAL, Body, Key, Memory, Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from confkube_sandbox.daemon.settings import Settings


@dataclass(frozen=True)
class Call:
    """One request, and the project it is for."""

    service: str
    version: str
    operation: str
    """Id of the method without the service, for example ``instances.insert``."""
    path: dict[str, str]
    query: dict[str, str]
    body: Body
    now: datetime
    settings: Settings
    memory: Memory
    project: Project
    check: Callable[[Call], None]
    """Applies the rules to another call, for what a request does in passing."""
    prefix: str = "resource"
    """What error texts call the body."""
    passing: bool = field(default=False)
    """Whether this is done by a group and not by the caller."""
    disabled: frozenset[str] = frozenset()
    location: str = GLOBAL
    """Where the service is asked that has a place of its own for each region and zone (Resource Manager)."""

    @property
    def place(self) -> str:
        """Where the request acts."""
        return self.path.get("zone") or self.path.get("region") or GLOBAL

    def new_id(self) -> str:
        """Return a number that no resource had before, in the digits that Compute Engine gives."""
        self.memory.next_id += 7_919
        return str(self.memory.next_id)

    def held(self, collection: str, place: str | None = None) -> Iterator[tuple[Key, Body]]:
        """Every resource of a kind, in one place or everywhere."""
        for key, body in list(self.project.held.items()):
            if key.collection == collection and place in (None, key.place):
                yield key, body

    def get(self, key: Key) -> Body:
        """Return a resource.

        Raises:
            ApiError: There is none.
        """
        found = self.project.held.get(key)
        if found is None:
            raise ApiError("notFound", f"The resource '{addresses.short(self.project.id, key)}' was not found", 404)
        return found

    def target(self, collection: str, parameter: str) -> tuple[Key, Body]:
        """Return the resource that the path names, by its name or its number; the rules have seen that it is there."""
        key = self.named(Key(collection, self.place, self.path[parameter]))
        return key, self.project.held[key]

    def named(self, key: Key) -> Key:
        """Return the key of a resource that may be called by its number."""
        if key.name.isdigit():
            for other, body in self.held(key.collection, key.place):
                if body.get("id") == key.name:
                    return other
        return key

    def require_ready(self, key: Key) -> None:
        """Refuse a resource that is being made or deleted."""
        if key in self.project.busy:
            text = f"The resource '{addresses.short(self.project.id, key)}' is not ready"
            raise ApiError("resourceNotReady", text)

    def refer(self, text: str, collection: str, field_name: str, noun: str = "") -> Key:
        """Return the key that a field refers to; for rules, which refuse what does not exist.

        Raises:
            ApiError: The text is no address of such a resource, or there is none.
        """
        noun = noun or addresses.KINDS[collection]
        found = addresses.parse(text)
        if found is None:
            raise invalid(field_name, text, "The URL is malformed.")
        if found[1].collection != collection:
            raise invalid(field_name, text, f"Unexpected resource collection '{found[1].collection}'.")
        project, key = found[0], self.named(found[1])
        if (project and project not in {self.project.id, self.project.number}) or key not in self.project.held:
            raise invalid(field_name, text, f"The referenced {noun} resource cannot be found.")
        return key

    def require_there(self, text: str, collection: str, field_name: str) -> Key:
        """Return the key that a field refers to, where what is not there is said to be not found.

        Raises:
            ApiError: The text is no address of such a resource, or there is none.
        """
        found = addresses.parse(text)
        if found is None or found[1].collection != collection:
            return self.refer(text, collection, field_name)
        key = self.named(found[1])
        self.get(key)
        return key

    def key_of(self, text: str) -> Key:
        """Return the key that an address names; for handlers, after the rules have looked at it."""
        found = addresses.parse(text)
        if found is None:
            raise ValueError(text)
        return self.named(found[1])

    def normal(self, text: str) -> str:
        """Return the complete address for a full or partial one."""
        return self.link(self.key_of(text))

    def link(self, key: Key) -> str:
        """Return the complete address of a resource."""
        return addresses.full(self.project.id, key)

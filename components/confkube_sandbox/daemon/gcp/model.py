"""What the simulated Google Cloud holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003  the state is kept by pickle, and dataclass fields are read
from typing import Any, NamedTuple

from confkube_sandbox.daemon.faults import Calls
from confkube_sandbox.daemon.settings import Settings

Body = dict[str, Any]
"""A resource, request or answer as plain JSON."""

GLOBAL = "global"


class Key(NamedTuple):
    """Where a resource of Compute Engine is."""

    collection: str
    """As in its address, for example ``instances``."""
    place: str
    """``global``, a region or a zone."""
    name: str


@dataclass
class Effect:
    """What becomes of a resource when the time has come."""

    when: datetime
    change: str
    """``ready``, ``gone``, or a status."""


@dataclass
class ManagedInstance:
    """What a group keeps of one of its machines."""

    name: str
    action: str = "CREATING"
    template: str = ""
    retry_at: datetime | None = None
    errors: list[Body] = field(default_factory=list)


@dataclass
class Group:
    """A managed instance group: what its resource does not say."""

    key: Key
    machines: dict[str, ManagedInstance] = field(default_factory=dict)
    made: int = 0


@dataclass
class Secret:
    """A secret with its versions; payloads are base64 text."""

    body: Body
    versions: dict[int, Body] = field(default_factory=dict)
    payloads: dict[int, str] = field(default_factory=dict)
    policy: Body = field(default_factory=dict)


@dataclass
class ServiceAccount:
    """A service account; a deleted one can be brought back for 30 days."""

    body: Body
    born: datetime
    policy: Body = field(default_factory=dict)
    deleted: datetime | None = None
    keys: dict[str, Body] = field(default_factory=dict)
    """Its keys by id, without the private half."""


@dataclass
class Role:
    """A custom role; a deleted one can be brought back for 7 days, and keeps its id for 37."""

    body: Body
    deleted: datetime | None = None


@dataclass
class Tag:
    """A tag key or a tag value of Resource Manager."""

    body: Body
    policy: Body = field(default_factory=dict)


@dataclass
class TagBinding:
    """A tag value on a resource; the binding of a deleted resource lingers for a while."""

    parent: str
    """The resource, by its number."""
    value: str
    """Name of the tag value."""
    location: str
    instance: Key
    number: str
    ghost: datetime | None = None
    """Until when the binding of a resource that is gone still counts."""


@dataclass
class Project:
    """One project."""

    id: str
    number: str
    held: dict[Key, Body] = field(default_factory=dict)
    due: dict[Key, list[Effect]] = field(default_factory=dict)
    busy: dict[Key, str] = field(default_factory=dict)
    """Resources that are being made or deleted: key -> ``insert`` or ``delete``."""
    operations: dict[Key, Body] = field(default_factory=dict)
    finish: dict[Key, datetime] = field(default_factory=dict)
    """When a running operation ends."""
    errors: dict[Key, Body] = field(default_factory=dict)
    """With which error a running operation ends."""
    requests: dict[str, tuple[datetime, str, Key]] = field(default_factory=dict)
    """Request ids: id -> (when, digest of the request, the operation that answered it)."""
    groups: dict[Key, Group] = field(default_factory=dict)
    accounts: dict[str, ServiceAccount] = field(default_factory=dict)
    """Service accounts by unique id."""
    secrets: dict[str, Secret] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    """Custom roles by id."""
    tag_keys: dict[str, Tag] = field(default_factory=dict)
    """By name (``tagKeys/123``)."""
    tag_values: dict[str, Tag] = field(default_factory=dict)
    tag_bindings: dict[str, TagBinding] = field(default_factory=dict)
    changes: dict[str, tuple[datetime, Body]] = field(default_factory=dict)
    """Operations of Resource Manager: name -> (when it ends, how it ends)."""
    policies: dict[Key, Body] = field(default_factory=dict)
    """IAM policies of resources of Compute Engine that have one of their own."""
    policy: Body = field(default_factory=dict)


@dataclass
class Memory:
    """Everything that is kept."""

    projects: dict[str, Project] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    calls: Calls = field(default_factory=Calls)
    """How often each operation was called, for planned faults."""
    next_id: int = 4_000_000_000_000_000_001

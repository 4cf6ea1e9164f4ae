"""What a resource type does beyond being stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from confkube_sandbox.daemon.azure.context import Call, Memory, Resource


def _body(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    del kept
    return dict(call.body)


def _nothing(call: Call, resource: Resource) -> None:
    del call, resource


def _gone(memory: Memory, resource: Resource, now: datetime) -> None:
    del memory, resource, now


def _as_it_is(memory: Memory, resource: Resource) -> dict[str, Any]:
    del memory
    return resource.body


@dataclass(frozen=True, kw_only=True)
class Effects:
    """The behaviour of one resource type."""

    type: str
    prepare: Callable[[Call, dict[str, Any]], dict[str, Any]] = _body
    """Make the body that reads show from a checked request; decisions are kept in the second argument."""
    made: Callable[[Call, Resource], None] = _nothing
    """What happens with others when it is made or changed."""
    gone: Callable[[Memory, Resource, datetime], None] = _gone
    """What happens with others when it has been deleted."""
    show: Callable[[Memory, Resource], dict[str, Any]] = _as_it_is
    """Add to the body what follows from other resources."""
    failure: Callable[[Call], tuple[str, str] | None] = lambda _: None
    """Code and text with which the accepted operation is going to fail."""


def defaults(given: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    """Return a copy with missing properties filled in, at every level."""
    found = dict(given)
    for name, value in usual.items():
        if name not in found:
            found[name] = value
        elif isinstance(value, dict) and isinstance(found[name], dict):
            found[name] = defaults(cast("dict[str, Any]", found[name]), cast("dict[str, Any]", value))
    return found


def merged(held: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """Return a copy with another object laid over it; lists are replaced, and tags as a whole."""
    found = dict(held)
    for name, value in patch.items():
        before = found.get(name)
        if isinstance(value, dict) and isinstance(before, dict) and name != "tags":
            found[name] = merged(cast("dict[str, Any]", before), cast("dict[str, Any]", value))
        else:
            found[name] = value
    return found

"""Resource ids and request paths. Azure compares both without regard to case."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

_PROVIDERS = re.compile(r"/providers/", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a path points to."""

    path: str
    """The path as it was sent, without the query."""
    subscription: str = ""
    group: str = ""
    namespace: str = ""
    """Of the resource provider, as sent; empty for subscriptions and resource groups themselves."""
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    scope: str = ""
    """What stands before the last provider: the resource that an extension resource belongs to."""
    tail: tuple[str, ...] = ()
    """Segments after subscription and group where there is no provider."""
    query: dict[str, str]

    @property
    def type(self) -> str:
        """Full name of the resource type, as sent."""
        return "/".join((self.namespace, *self.types))

    @property
    def name(self) -> str:
        """Name of the last resource."""
        return self.names[-1] if self.names else ""

    @property
    def is_collection(self) -> bool:
        """Whether the path ends with a type (or an action) instead of a name."""
        return len(self.names) < len(self.types)

    @property
    def parent(self) -> str:
        """Id of the resource that the last one is nested in; empty if there is none."""
        whole = self.path.rstrip("/").split("/")
        return "/".join(whole[: -1 if self.is_collection else -2]) if len(self.types) > 1 else ""


def parse(target: str) -> Target:
    """Read a path with query."""
    parts = urlsplit(target)
    query = {name.lower(): values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    path = unquote(parts.path).rstrip("/")
    cuts = [found.start() for found in _PROVIDERS.finditer(path)]
    scope, rest = (path[: cuts[-1]], path[cuts[-1] + len("/providers/") :]) if cuts else (path, "")
    segments = scope.strip("/").split("/") if scope.strip("/") else []
    subscription, group, tail = _place(segments)
    namespace, *pairs = rest.split("/") if rest else [""]
    return Target(
        path=path,
        subscription=subscription,
        group=group,
        namespace=namespace,
        types=tuple(pairs[0::2]),
        names=tuple(pairs[1::2]),
        scope=scope,
        tail=tuple(tail),
        query=query,
    )


def _place(segments: list[str]) -> tuple[str, str, list[str]]:
    subscription = group = ""
    rest = list(segments)
    if len(rest) >= 2 and rest[0].lower() == "subscriptions":
        subscription, rest = rest[1], rest[2:]
        if len(rest) >= 2 and rest[0].lower() == "resourcegroups":
            group, rest = rest[1], rest[2:]
    return subscription, group, rest


def key(resource_id: str) -> str:
    """Return the form of an id in which equal ones are equal."""
    return resource_id.rstrip("/").lower()


def type_of(resource_id: str) -> str:
    """Return the full type of an id in lower case; empty for what is no resource's id."""
    target = parse(resource_id)
    return "" if not target.namespace or target.is_collection else target.type.lower()


def is_guid(text: object) -> bool:
    """Whether a text is a GUID."""
    return isinstance(text, str) and _GUID.fullmatch(text) is not None


def at(body: Any, path: str) -> Any:  # noqa: ANN401
    """Return what stands at a dotted path of a JSON value, None where any part of it is missing."""
    found = body
    for name in path.split("."):
        if not isinstance(found, dict):
            return None
        found = cast("dict[str, Any]", found).get(name)
    return found


def rows(body: Any, path: str) -> list[Any]:  # noqa: ANN401
    """Return the list that stands at a dotted path, an empty one where there is none."""
    found = at(body, path)
    return cast("list[Any]", found) if isinstance(found, list) else []


def part(body: Any, path: str) -> dict[str, Any]:  # noqa: ANN401
    """Return the object that stands at a dotted path, an empty one where there is none."""
    found = at(body, path)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}

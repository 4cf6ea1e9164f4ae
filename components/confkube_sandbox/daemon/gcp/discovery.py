"""The official API models: the discovery documents that google-api-python-client carries."""

from __future__ import annotations

import importlib.resources
import json
import re
from dataclasses import dataclass
from functools import cache, cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Schema = dict[str, Any]

BASES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "/compute/v1/": ("compute", "compute.v1"),
        "/gcp/iam/v1/": ("iam", "iam.v1"),
        "/gcp/secretmanager/v1/": ("secretmanager", "secretmanager.v1"),
        "/gcp/cloudresourcemanager/v1/": ("cloudresourcemanager", "cloudresourcemanager.v1"),
        "/gcp/cloudresourcemanager/v3/": ("cloudresourcemanager", "cloudresourcemanager.v3"),
    }
)
"""Where each API is found here: beginning of the path -> name of the API and its document."""
_LOCATED = re.compile(r"/gcp/([a-z0-9-]+)-cloudresourcemanager/v3/")
"""Where Resource Manager is found for what lies in a region or zone: there its host begins with the place."""
_PLACEHOLDER = re.compile(r"\{\+?(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Method:
    """One method of an API."""

    id: str
    http: str
    pattern: re.Pattern[str]
    parameters: Mapping[str, Schema]
    """Path and query parameters by name."""
    request: str
    """Name of the schema of the body; empty where there is none."""

    @cached_property
    def query(self) -> dict[str, Schema]:
        """Parameters that stand in the query."""
        return {name: each for name, each in self.parameters.items() if each.get("location") == "query"}


@dataclass(frozen=True, kw_only=True)
class Api:
    """An API as its document describes it."""

    name: str
    document: str
    methods: tuple[Method, ...]
    schemas: Mapping[str, Schema]
    parameters: Mapping[str, Schema]
    """Query parameters that every method takes."""

    def match(self, http: str, path: str) -> tuple[Method, dict[str, str]] | None:
        """Find the method that a path (below the API's base) belongs to, with the values in it."""
        for each in self.methods:
            if each.http == http and (found := each.pattern.fullmatch(path)):
                return each, {name: unquote(value) for name, value in found.groupdict().items()}
        return None


@cache
def api(document: str) -> Api:
    """Read a discovery document."""
    folder = importlib.resources.files("googleapiclient") / "discovery_cache" / "documents"
    held = cast("dict[str, Any]", json.loads((folder / f"{document}.json").read_text(encoding="utf-8")))
    prefix = "" if held["servicePath"] else f"{held['version']}/"
    return Api(
        name=held["name"],
        document=document,
        methods=tuple(_methods(held, prefix)),
        schemas=held["schemas"],
        parameters=held["parameters"],
    )


def base_of(path: str) -> tuple[str, str] | None:
    """Return the beginning of a path that names an API here, and the name of its document."""
    located = _LOCATED.match(path)
    if located is not None:
        return located[0], "cloudresourcemanager.v3"
    return next(((base, document) for base, (_, document) in BASES.items() if path.startswith(base)), None)


def location_of(path: str) -> str:
    """Return the region or zone whose Resource Manager is asked; ``global`` where it is everybody's."""
    located = _LOCATED.match(path)
    return located[1] if located else "global"


def _methods(held: dict[str, Any], prefix: str) -> Iterator[Method]:
    for each in held.get("methods", {}).values():
        path = str(each.get("flatPath", each["path"])).removeprefix(prefix)
        yield Method(
            id=each["id"],
            http=each["httpMethod"],
            pattern=_pattern(path, _deep(each)),
            parameters=each.get("parameters", {}),
            request=each.get("request", {}).get("$ref", ""),
        )
    for each in held.get("resources", {}).values():
        yield from _methods(each, prefix)


def _deep(method: dict[str, Any]) -> bool:
    """Whether what the path names has slashes of its own."""
    given = method.get("parameters", {}).values()
    return any(each.get("location") == "path" and each.get("pattern", "").endswith("/.*$") for each in given)


def _pattern(path: str, deep: bool) -> re.Pattern[str]:
    parts: list[str] = []
    last = 0
    inside = ".+" if deep else "[^/:]+"
    for found in _PLACEHOLDER.finditer(path):
        parts += [re.escape(path[last : found.start()]), f"(?P<{found[1]}>{inside})"]
        last = found.end()
    return re.compile("".join(parts) + re.escape(path[last:]))

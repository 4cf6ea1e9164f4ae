"""Paths into inputs: finding the values that one leads to, and comparing paths that differ in numbers only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def places(path: str, inputs: object, schema_name: Callable[[str], str]) -> Iterator[tuple[str, str, Any]]:
    """Find what a path leads to: how Pulumi shows the place, how the schema names it, and the known value there.

    Args:
        path: For example ``disks.*.diskName``; ``*`` stands for every element of a list.
        inputs: Where to look.
        schema_name: The schema's name of one property.
    """
    found: list[tuple[str, str, object]] = [("", "", inputs)]
    for step in path.split("."):
        found = [
            place
            for shown, name, value in found
            for place in (
                _elements(shown, name, value) if step == "*" else _member(step, schema_name(step), shown, name, value)
            )
            if place[2] is not None and place[2] != UNKNOWN
        ]
    yield from found


def general(path: str) -> str:
    """Return the path with ``[*]`` for the number of every list element."""
    return re.sub(r"\[\d+\]", "[*]", path)


def covers(pattern: str, path: str) -> bool:
    """Whether a concrete path is what a pattern names, or inside of it; ``[*]`` stands for any list element."""
    return general(path) == pattern or general(path).startswith((f"{pattern}.", f"{pattern}["))


def _elements(shown: str, name: str, value: object) -> Iterator[tuple[str, str, object]]:
    if isinstance(value, list):
        for number, part in enumerate(cast("list[object]", value)):
            yield f"{shown}[{number}]", f"{name}.{number}", part


def _member(step: str, schema_name: str, shown: str, name: str, value: object) -> Iterator[tuple[str, str, object]]:
    if isinstance(value, dict):
        # A nested object is a list of one in the schema; an element of a list has its number in its name already.
        outer = name if not name or name.rpartition(".")[2].isdigit() else f"{name}.0"
        inner = f"{outer}.{schema_name}" if outer else schema_name
        yield (f"{shown}.{step}" if shown else step), inner, cast("dict[str, object]", value).get(step)

"""Reading inputs, states and answers, in which any part may be absent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping


def part(values: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the object under a key, an empty one where there is none."""
    return cast("dict[str, Any]", values.get(key) or {})


def parts(values: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    """Return the objects under a key."""
    return cast("list[dict[str, Any]]", values.get(key) or [])


def words(values: Mapping[str, Any], key: str) -> list[str]:
    """Return the texts under a key."""
    return cast("list[str]", values.get(key) or [])

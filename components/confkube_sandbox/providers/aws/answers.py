"""Reading answers of AWS, where what is off or empty is usually left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping


def part(answer: Mapping[str, Any] | None, key: str) -> dict[str, Any]:
    """Return a structure inside an answer; empty where it is left out."""
    return cast("dict[str, Any]", (answer or {}).get(key) or {})


def listed(answer: Mapping[str, Any] | None, key: str) -> list[dict[str, Any]]:
    """Return a list of structures inside an answer; empty where it is left out."""
    return cast("list[dict[str, Any]]", (answer or {}).get(key) or [])


def texts(answer: Mapping[str, Any] | None, key: str) -> list[str]:
    """Return a list of texts inside an answer; empty where it is left out."""
    return cast("list[str]", (answer or {}).get(key) or [])


def first(answer: Mapping[str, Any] | None, key: str) -> dict[str, Any] | None:
    """Return the first element of a list in an answer, or None."""
    found = listed(answer, key)
    return found[0] if found else None

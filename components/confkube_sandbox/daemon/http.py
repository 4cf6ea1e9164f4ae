"""A request and an answer of the daemon, before any cloud has read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Incoming:
    """An HTTP request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header's value, empty where it was not sent."""
        return next((value for each, value in self.headers.items() if each.lower() == name.lower()), "")


@dataclass(frozen=True)
class Reply:
    """A complete HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

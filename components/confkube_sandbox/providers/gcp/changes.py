"""What the parts of a resource get and give: a new object, and what an update is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from confkube_sandbox.providers.terraform.places import general

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.providers.handler import Properties


@dataclass(frozen=True, kw_only=True)
class Made:
    """A new object.

    Attributes:
        id: Pulumi's id.
        then: What is still to be done; when it fails, the object stays in the state as not healthy.
        known: Outputs that nothing but its creation tells.
    """

    id: str
    then: Callable[[], None] | None = None
    known: Properties | None = None


@dataclass(frozen=True, kw_only=True)
class Change:
    """What an update is about.

    Attributes:
        id: The object.
        state: Its outputs as the state has them, with the fingerprints that the last look at it gave.
        old: The inputs of the last update.
        new: The inputs wanted now.
        keys: The inputs that differ.
        labels: All labels that the object shall have.
        filled: Paths that the cloud fills in; one that the program no longer names does not differ.
    """

    id: str
    state: Properties
    old: Properties
    new: Properties
    keys: set[str]
    labels: dict[str, str]
    filled: frozenset[str]

    def differs(self, path: str) -> bool:
        """Whether an input differs; a path may go into objects and lists (``scheduling.preemptible``)."""
        wanted = self.at(self.new, path)
        if wanted is None and general(path) in self.filled:
            return False
        return self.at(self.old, path) != wanted

    def any(self, *keys: str) -> bool:
        """Whether one of several inputs differs."""
        return bool(self.keys & set(keys))

    @staticmethod
    def at(values: Properties, path: str) -> object:
        """Return what a path such as ``networkInterfaces[0].networkIp`` leads to; None where there is nothing."""
        return _at(values, path)


def _at(values: object, path: str) -> object:
    found = values
    for step in re.findall(r"[^.\[\]]+", path):
        if isinstance(found, dict):
            found = cast("dict[str, object]", found).get(step)
        elif isinstance(found, list):
            listed = cast("list[object]", found)
            found = listed[int(step)] if int(step) < len(listed) else None
        else:
            return None
    return found

"""What is asked of the policies: may this action be done to this resource, in this context?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.aws.authority.errors import Unjudged

if TYPE_CHECKING:
    from collections.abc import Mapping

ANY_RESOURCE = "*"
"""The resource of an action that is about none."""

_OF_TAGS = ("aws:requesttag/", "aws:resourcetag/", "aws:tagkeys")
"""Keys of all services that only some resources have; all other keys of all services are always there."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """The condition keys of one question; their names have no case."""

    values: Mapping[str, tuple[str, ...]]
    """Keys that the request has, in lower-case letters."""
    unsimulated: frozenset[str] = field(default_factory=frozenset[str])
    """Keys that the real request may have here, whose values are not known; ``*`` ends a family of them."""

    def values_of(self, key: str) -> tuple[str, ...] | None:
        """The key's values; None when the request does not have it.

        Raises:
            Unjudged: The real request may have it, and its value is not simulated.
        """
        name = key.lower()
        if name in self.values:
            return self.values[name]
        family = f"{name.partition('/')[0]}/*"
        if name in self.unsimulated or ("/" in name and family in self.unsimulated):
            raise Unjudged(f"the condition key {key} is not simulated")
        if name.startswith("aws:") and not name.startswith(_OF_TAGS):
            raise Unjudged(f"the global condition key {key} is not simulated")
        return None


@dataclass(frozen=True, kw_only=True)
class Question:
    """One authorisation of a request; a request is allowed when all of its questions are."""

    action: str
    resource: str
    context: Context

"""The Service Authorization Reference of EC2, as far as requests of IAM users are served: see ec2.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Action:
    """What one action is asked about."""

    keys: frozenset[str]
    """Condition keys that it has whatever the resource is."""
    required: frozenset[str]
    """Types of resources that every request is asked about."""
    resources: Mapping[str, frozenset[str]]
    """Type of resource -> its condition keys with this action."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The whole table."""

    lists: frozenset[str]
    """Actions that are about no resource."""
    actions: Mapping[str, Action]
    names: Mapping[str, str]
    """Type of resource -> pattern of its name."""


@cache
def ec2() -> Reference:
    """Read the table."""
    text = resources.files(__package__ or "").joinpath("ec2.toml").read_text(encoding="utf-8")
    held: dict[str, Any] = tomllib.loads(text)
    names: dict[str, str] = held.pop("names")
    lists: list[str] = held.pop("lists")
    return Reference(
        lists=frozenset(lists),
        names=names,
        actions={
            name: Action(
                keys=frozenset(each["keys"]),
                required=frozenset(each["required"]),
                resources={kind: frozenset(keys) for kind, keys in each["resources"].items()},
            )
            for name, each in held.items()
        },
    )

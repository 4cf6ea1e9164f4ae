"""IAM policy documents, read strictly: an element that is not known makes the whole document unjudged.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html (2026-11-27).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from confkube_sandbox.daemon.aws.authority.errors import Unjudged

if TYPE_CHECKING:
    from collections.abc import Mapping

ALLOW, DENY = "Allow", "Deny"
_VERSIONS = frozenset({"2012-10-17", "2008-10-17"})
_ELEMENTS = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"})
_VARIABLE = "${"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One line of a condition block: an operator, a key, and the values of which one must do."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of an identity-based policy."""

    sid: str
    effect: str
    actions: tuple[str, ...]
    every_action_but: bool
    resources: tuple[str, ...]
    every_resource_but: bool
    conditions: tuple[Condition, ...]


@lru_cache(maxsize=64)
def parse(text: str) -> tuple[Statement, ...]:
    """Read a policy document.

    Raises:
        Unjudged: It is not a policy, or uses an element or a policy variable that is not simulated.
    """
    try:
        held = cast("object", json.loads(text))
    except ValueError:
        raise Unjudged("a policy is not JSON") from None
    if not isinstance(held, dict):
        raise Unjudged("a policy is not an object")
    document = cast("dict[str, object]", held)
    if set(document) - {"Version", "Id", "Statement"} or document.get("Version", "2008-10-17") not in _VERSIONS:
        raise Unjudged("a policy has an unknown element or version")
    given = document.get("Statement")
    statements = cast("list[object]", given) if isinstance(given, list) else [given]
    return tuple(_statement(each) for each in statements)


def _statement(held: object) -> Statement:
    if not isinstance(held, dict):
        raise Unjudged("a statement is not an object")
    given = cast("dict[str, object]", held)
    unknown = set(given) - _ELEMENTS
    if unknown or given.get("Effect") not in {ALLOW, DENY}:
        raise Unjudged(f"a statement has an unknown element or effect: {sorted(unknown) or given.get('Effect')}")
    actions, every_action_but = _either(given, "Action")
    resources, every_resource_but = _either(given, "Resource")
    return Statement(
        sid=str(given.get("Sid", "")),
        effect=str(given["Effect"]),
        actions=actions,
        every_action_but=every_action_but,
        resources=resources,
        every_resource_but=every_resource_but,
        conditions=_conditions(given.get("Condition", {})),
    )


def _either(given: Mapping[str, object], name: str) -> tuple[tuple[str, ...], bool]:
    """The element or its negation; exactly one of the two is there."""
    if (name in given) == (f"Not{name}" in given):
        raise Unjudged(f"a statement needs either {name} or Not{name}")
    return (_texts(given[name]), False) if name in given else (_texts(given[f"Not{name}"]), True)


def _conditions(held: object) -> tuple[Condition, ...]:
    if not isinstance(held, dict):
        raise Unjudged("a condition is not an object")
    found: list[Condition] = []
    for operator, keys in cast("dict[str, object]", held).items():
        if not isinstance(keys, dict):
            raise Unjudged("a condition operator has no keys")
        pairs = cast("dict[str, object]", keys).items()
        found += [Condition(operator=operator, key=key, values=_texts(values)) for key, values in pairs]
    return tuple(found)


def _texts(held: object) -> tuple[str, ...]:
    items = cast("list[object]", held) if isinstance(held, list) else [held]
    texts = tuple(_text(item) for item in items)
    if not texts or any(_VARIABLE in text for text in texts):
        raise Unjudged("a policy has an empty list or a policy variable")
    return texts


def _text(item: object) -> str:
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, str | int | float):
        return str(item)
    raise Unjudged("a value of a policy is neither text nor a number")

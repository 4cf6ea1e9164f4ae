"""What the real provider refuses while it plans: single values by their place in the inputs, and pairs that exclude.

Texts are those of the real provider's libraries: github.com/hashicorp/terraform-plugin-sdk v2 helper/validation and
helper/schema/schema.go, github.com/hashicorp/terraform-plugin-framework-validators, and
github.com/hashicorp/terraform-provider-aws internal/verify/validate.go at 02f97af85f89. Which value has which rule is
said by each resource, with the file and commit of the schema that it was read from; what was not at hand is marked
"recalled".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.wire import UNKNOWN

Rule = Callable[[str, Any], list[str]]
"""Gets the name that the real provider's schema has for a value, and the value; returns what is wrong with it."""

# Properties whose Pulumi name is the plural of the schema's (provider/resources.go of pulumi-aws).
_SINGULAR = {"ebsBlockDevices": "ebs_block_device", "vpcZoneIdentifiers": "vpc_zone_identifier"}


def violations(rules: Mapping[str, Rule], inputs: Mapping[str, Any]) -> list[CheckFailure]:
    """Apply rules to the values that are known.

    Args:
        rules: By path, for example ``metadataOptions.httpTokens``; ``*`` stands for every element of a list.
        inputs: The inputs as they will be used, with defaults and generated names.
    """
    return [
        CheckFailure(property=shown, reason=reason)
        for path, rule in rules.items()
        for shown, name, value in _places(path.split("."), inputs)
        for reason in rule(name, value)
    ]


def conflicts(pairs: Iterable[tuple[str, str]], inputs: Mapping[str, Any]) -> list[CheckFailure]:
    """Refuse inputs that exclude each other (``ConflictsWith`` of the schema, which both sides state)."""
    return [
        CheckFailure(
            property=one,
            reason=f'Conflicting configuration arguments. "{schema_name(one)}": conflicts with {schema_name(other)}',
        )
        for pair in pairs
        if all(inputs.get(key) not in (None, UNKNOWN) for key in pair)
        for one, other in (pair, pair[::-1])
    ]


def schema_name(key: str) -> str:
    """Return the name of a property in the real provider's schema."""
    return _SINGULAR.get(key) or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()


def _places(steps: list[str], inputs: object) -> Iterator[tuple[str, str, Any]]:
    """Find what a path leads to: how Pulumi shows the place, how the schema names it, and the known value there."""
    found: list[tuple[str, str, object]] = [("", "", inputs)]
    for step in steps:
        found = [
            place
            for shown, name, value in found
            for place in (_elements(shown, name, value) if step == "*" else _member(step, shown, name, value))
            if place[2] is not None and place[2] != UNKNOWN
        ]
    yield from found


def _elements(shown: str, name: str, value: object) -> Iterator[tuple[str, str, object]]:
    if isinstance(value, list):
        for number, part in enumerate(cast("list[object]", value)):
            yield f"{shown}[{number}]", f"{name}.{number}", part


def _member(step: str, shown: str, name: str, value: object) -> Iterator[tuple[str, str, object]]:
    if isinstance(value, dict):
        # A nested object is a list of one in the schema; an element of a list has its number in its name already.
        outer = name if not name or name.rpartition(".")[2].isdigit() else f"{name}.0"
        inner = f"{outer}.{schema_name(step)}" if outer else schema_name(step)
        yield (f"{shown}.{step}" if shown else step), inner, cast("dict[str, object]", value).get(step)

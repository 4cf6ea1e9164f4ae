"""What the real provider refuses while it plans: single values by their place in the inputs, and combinations.

Texts are those of github.com/hashicorp/terraform-plugin-sdk v2 helper/validation and helper/schema/schema.go (recalled)
and of github.com/hashicorp/terraform-provider-google-beta verify/validation.go at 93c65b2d60fe. Which value has which
rule is said by each resource, with the file of the schema that it was read from at that commit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.wire import UNKNOWN

Rule = Callable[[str, Any], list[str]]
"""Gets the name that the real provider's schema has for a value, and the value; returns what is wrong with it."""

# Pulumi's plurals of the schema's names (lists that may have more than one element).
_SINGULAR = {
    "accessConfigs": "access_config",
    "aliasIpRanges": "alias_ip_range",
    "allows": "allow",
    "denies": "deny",
    "disks": "disk",
    "ipv6AccessConfigs": "ipv6_access_config",
    "nodeAffinities": "node_affinities",
    "namedPorts": "named_port",
    "networkInterfaces": "network_interface",
    "secondaryIpRanges": "secondary_ip_range",
    "statefulDisks": "stateful_disk",
    "statefulExternalIps": "stateful_external_ip",
    "statefulInternalIps": "stateful_internal_ip",
    "versions": "version",
}


def violations(rules: Mapping[str, Rule], inputs: Mapping[str, Any]) -> list[CheckFailure]:
    """Apply rules to the values that are known.

    Args:
        rules: By path, for example ``logConfig.metadata``; ``*`` stands for every element of a list.
        inputs: The inputs as they will be used, with defaults and generated names.
    """
    return [
        CheckFailure(property=shown, reason=reason)
        for path, rule in rules.items()
        for shown, name, value in _places(path.split("."), inputs)
        for reason in rule(name, value)
    ]


def given(paths: Iterable[str], inputs: Mapping[str, Any]) -> list[str]:
    """Return the places of those paths that have a value."""
    return [shown for path in paths for shown, _, _ in _places(path.split("."), inputs)]


def conflicts(pairs: Iterable[tuple[str, str]], inputs: Mapping[str, Any]) -> list[CheckFailure]:
    """Refuse inputs that exclude each other (``ConflictsWith``, which both sides state); paths without lists."""
    return [
        CheckFailure(
            property=one,
            reason=f'Conflicting configuration arguments. "{schema_path(one)}": conflicts with {schema_path(other)}',
        )
        for pair in pairs
        if all(at(inputs, key) not in (None, UNKNOWN) for key in pair)
        for one, other in (pair, pair[::-1])
    ]


def exactly_one(keys: tuple[str, ...], inputs: Mapping[str, Any]) -> list[CheckFailure]:
    """Refuse none or more than one of several inputs (``ExactlyOneOf``, which every one of them states)."""
    values = {key: at(inputs, key) for key in keys}
    given = [key for key, value in values.items() if value not in (None, UNKNOWN)]
    # One that is not known yet may be the one.
    if len(given) == 1 or (not given and UNKNOWN in values.values()):
        return []
    listed = ",".join(map(schema_path, keys))
    if given:
        named = ",".join(map(schema_path, given))
        said = f"only one of `{listed}` can be specified, but `{named}` were specified."
    else:
        said = f"one of `{listed}` must be specified"
    return [
        CheckFailure(property=key, reason=f'Invalid combination of arguments. "{schema_path(key)}": {said}')
        for key in given or keys
    ]


def at_least_one(keys: tuple[str, ...], inputs: Mapping[str, Any]) -> list[CheckFailure]:
    """Refuse an object in which none of its members is given (``AtLeastOneOf``)."""
    holder = keys[0].rpartition(".")[0]
    if not isinstance(at(inputs, holder), dict) or any(at(inputs, key) is not None for key in keys):
        return []
    listed = ",".join(map(schema_path, keys))
    reason = f'Missing required argument. "{schema_path(keys[0])}": one of `{listed}` must be specified'
    return [CheckFailure(property=holder, reason=reason)]


def required_with(key: str, others: tuple[str, ...], inputs: Mapping[str, Any]) -> list[CheckFailure]:
    """Refuse an input without those it needs (``RequiredWith``)."""
    if at(inputs, key) is None or all(at(inputs, other) is not None for other in others):
        return []
    listed = ",".join(map(schema_path, sorted((key, *others))))
    reason = f'Missing required argument. "{schema_path(key)}": all of `{listed}` must be specified'
    return [CheckFailure(property=key, reason=reason)]


def at(inputs: Mapping[str, Any], path: str) -> object:
    """Return what a dotted path leads to, None where there is nothing."""
    found: object = inputs
    for step in path.split("."):
        if not isinstance(found, dict):
            return found if found == UNKNOWN else None
        found = cast("dict[str, object]", found).get(step)
    return found


def schema_name(key: str) -> str:
    """Return the name of a property in the real provider's schema."""
    return _SINGULAR.get(key) or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()


def schema_path(path: str) -> str:
    """Return the schema's name for a path; an object is a list of one there."""
    return ".0.".join(map(schema_name, path.split(".")))


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

"""Inputs against the SDK's types: unknown names, wrong types, missing properties; in the words of the provider."""

from __future__ import annotations

import collections.abc
import enum
import json
import re
import types
import typing
from dataclasses import dataclass, field
from typing import Any, cast, get_args, get_origin

from pulumi.output import Output

from confkube_sandbox.providers import sdk
from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.wire import UNKNOWN
from confkube_sandbox.providers.words import BRIDGE, Words, name_of

# Written by Check into the inputs it returns, so it comes back in the next Check.
DEFAULTS = "__defaults"


@dataclass
class Checked:
    """Inputs with values converted to the SDK's types, and what is wrong with them."""

    inputs: dict[str, Any]
    failures: list[CheckFailure] = field(default_factory=list[CheckFailure])


def check(name: str, shape: sdk.Shape, inputs: dict[str, Any], words: Words = BRIDGE) -> Checked:
    """Check the inputs of the resource called ``name``."""
    walk = _Walk(name, words)
    given = {key: value for key, value in inputs.items() if key != DEFAULTS}
    return Checked(walk.members("", shape, given), walk.failures)


def check_settings(package: str, shape: sdk.Shape, settings: dict[str, Any]) -> list[CheckFailure]:
    """Check the provider's configuration, for example ``aws:region``."""
    failures = [
        CheckFailure(
            property=key,
            reason=f"`{package}:{key}` is not a valid configuration key for the {package} provider. If the referenced "
            f"key is not intended for the provider, please choose a different namespace from `{package}:`.",
        )
        for key in sorted(settings.keys() - shape.properties.keys())
    ]
    walk = _Walk("", BRIDGE)
    walk.members("", shape, {key: value for key, value in settings.items() if key in shape.properties})
    return failures + walk.failures


class _Walk:
    def __init__(self, name: str, words: Words) -> None:
        self.name = name
        self.words = words
        self.failures: list[CheckFailure] = []

    def refuse(self, path: str, reason: str) -> None:
        self.failures.append(CheckFailure(property=path, reason=reason))

    def where(self, path: str) -> str:
        return f"{self.name}.{path}" if self.name else path

    def members(self, path: str, shape: sdk.Shape, values: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in values.items():
            here = f"{path}.{key}" if path else key
            if value is None:
                continue
            if key not in shape.properties:
                self.refuse(here, self.words.unexpected(self.where(here), key))
                continue
            result[key] = self.value(here, shape.properties[key], value)
        for key in sorted(shape.required - result.keys()):
            here = f"{path}.{key}" if path else key
            if values.get(key) is None:
                self.refuse(here, self.words.missing(here))
        return result

    def value(self, path: str, annotation: object, value: object) -> object:
        if value == UNKNOWN or value is None:
            return value
        members = _alternatives(annotation)
        if len(members) != 1:
            return self.one_of(path, members, value)
        return self.single(path, members[0], value)

    def one_of(self, path: str, members: list[object], value: object) -> object:
        if typing.Any in members or not members:
            return value
        if str in members and isinstance(value, str | bool | int | float):
            # An open enumeration: the cloud's own validation decides.
            return self.single(path, str, value)
        for member in members:
            trial = _Walk(self.name, self.words)
            converted = trial.single(path, member, value)
            if not trial.failures:
                return converted
        self.refuse(path, self.words.not_one_of(self.where(path), path, value))
        return value

    def single(self, path: str, member: object, value: object) -> object:
        origin = get_origin(member)
        if sdk.is_object(member):
            return self.object(path, cast("type", member), value)
        if origin in (collections.abc.Sequence, list):
            return self.array(path, get_args(member)[0], value)
        if origin in (collections.abc.Mapping, dict):
            return self.map(path, get_args(member)[1], value)
        if isinstance(member, type) and issubclass(member, enum.Enum):
            return self.closed(path, member, value)
        if isinstance(member, type) and member in (str, int, float, bool):
            return self.scalar(path, member, value)
        return value

    def object(self, path: str, member: type, value: object) -> object:
        if not isinstance(value, dict):
            return self.mismatch(path, "object", value)
        return self.members(path, sdk.object_shape(member), cast("dict[str, Any]", value))

    def array(self, path: str, element: object, value: object) -> object:
        if not isinstance(value, list):
            return self.mismatch(path, "array", value)
        return [self.value(f"{path}[{i}]", element, part) for i, part in enumerate(cast("list[object]", value))]

    def map(self, path: str, element: object, value: object) -> object:
        if not isinstance(value, dict):
            return self.mismatch(path, "object", value)
        entries = cast("dict[str, object]", value)
        return {key: self.value(_entry(path, key), element, part) for key, part in entries.items() if part is not None}

    def closed(self, path: str, member: type[enum.Enum], value: object) -> object:
        good = [choice.value for choice in member]
        if value not in good:
            self.refuse(path, self.words.not_listed(self.where(path), path, value, good))
        return value

    def scalar(self, path: str, member: type, value: object) -> object:
        if isinstance(value, dict | list):
            return self.mismatch(path, name_of(member), cast("object", value))
        if member is str:
            if not isinstance(value, str) and not self.words.converts:
                return self.mismatch(path, "string", value)
            return value if isinstance(value, str) else json.dumps(value)
        if member is bool:
            opens = isinstance(value, str) and self.words.converts
            found = {"true": True, "false": False}.get(cast("str", value)) if opens else value
            return found if isinstance(found, bool) else self.mismatch(path, "boolean", value)
        return self.number(path, member, value)

    def number(self, path: str, member: type, value: object) -> object:
        if isinstance(value, str) and self.words.converts:
            try:
                value = float(value) if re.fullmatch(r"-?\d+\.\d+", value) else int(value)
            except ValueError:
                return self.mismatch(path, name_of(member), value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self.mismatch(path, name_of(member), value)
        if member is int and not float(value).is_integer():
            return self.mismatch(path, "integer", value)
        return value

    def mismatch(self, path: str, expected: str, value: object) -> object:
        self.refuse(path, self.words.mismatch(self.where(path), path, expected, value))
        return value


def _alternatives(annotation: object) -> list[object]:
    """Open ``Input[Optional[T]]`` and drop the runtime wrappers and dictionary twins that the SDK adds to a type."""
    origin = get_origin(annotation)
    if origin is typing.Union or origin is types.UnionType:
        found: list[object] = []
        for member in get_args(annotation):
            found += [part for part in _alternatives(member) if part not in found]
        if any(sdk.is_object(part) for part in found):
            return [part for part in found if not _is_twin(part)]
        return found
    if annotation is type(None) or origin is Output or origin is collections.abc.Awaitable:
        return []
    if isinstance(annotation, type) and typing.is_typeddict(annotation):
        return []
    return [annotation]


def _is_twin(member: object) -> bool:
    """Whether the member only repeats an ``…Args`` class, as a dictionary or as what an answer is made of."""
    return get_origin(member) in (collections.abc.Mapping, dict) or member is dict or sdk.is_result(member)


def _entry(path: str, key: str) -> str:
    return f"{path}.{key}" if re.fullmatch(r"[_a-zA-Z][-_a-zA-Z0-9]*", key) else f"{path}[{json.dumps(key)}]"

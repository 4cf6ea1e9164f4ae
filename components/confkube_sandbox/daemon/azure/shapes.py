"""The official models of the Azure SDK, seen as shapes of JSON.

The SDK has two generations of models: newer ones declare their fields as descriptors with annotations, older ones in
tables of attributes and checks. Both become the same ``Shape``.
"""

from __future__ import annotations

import datetime as dt
import enum
import importlib
import inspect
import re
import sys
import types
import typing
from dataclasses import dataclass, field
from functools import cache
from typing import Any

# Enumerations of the SDK that the service does not hold to: the list of VM sizes ends years ago.
STALE = frozenset({"VirtualMachineSizeTypes"})
_OLD_SIMPLE = {
    "str": "string",
    "int": "integer",
    "long": "integer",
    "float": "number",
    "bool": "boolean",
    "object": "any",
    "iso-8601": "datetime",
    "duration": "string",
}
_SIMPLE: dict[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    dt.datetime: "datetime",
    dt.timedelta: "string",
    bytes: "string",
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One property: ``object``, ``list``, ``map``, ``string``, ``integer``, ``number``, ``boolean``, ``any``."""

    kind: str
    model: type | None = None
    item: Field | None = None
    values: tuple[str, ...] = ()
    enum_name: str = ""
    required: bool = False
    readonly: bool = False
    fields: dict[str, Field] = field(default_factory=dict["str", "Field"])
    """Of an object that has no class of its own in the SDK."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A JSON object."""

    name: str
    fields: dict[str, Field]


@cache
def model(package: str, name: str) -> type:
    """Return a model class of an SDK package."""
    return getattr(importlib.import_module(f"{package}.models"), name)


@cache
def shape(cls: type) -> Shape:
    """Return the shape of a model class."""
    fields = _old_fields(cls) if hasattr(cls, "_attribute_map") else _new_fields(cls)
    return Shape(name=cls.__name__, fields=fields)


def of_field(found: Field) -> Shape:
    """Return the shape of an object field."""
    return shape(found.model) if found.model is not None else Shape(name="Properties", fields=found.fields)


def _new_fields(cls: Any) -> dict[str, Field]:  # noqa: ANN401
    cls({})  # the SDK fills its table of fields when the first object is made
    models = importlib.import_module(cls.__module__.rpartition(".")[0])
    hints = typing.get_type_hints(cls, localns={"_models": models, "_unions": models, "_types": models})
    found: dict[str, Field] = {}
    for attribute, rest in cls._attr_to_rest_field.items():
        kind, optional = _annotated(hints[attribute])
        readonly = rest._visibility == ["read"]  # noqa: SLF001
        found[rest._rest_name] = _with(kind, required=not optional and not readonly, readonly=readonly)  # noqa: SLF001
    return found


def _annotated(hint: Any) -> tuple[Field, bool]:  # noqa: ANN401
    arguments = [each for each in typing.get_args(hint) if each is not type(None)]
    optional = len(arguments) < len(typing.get_args(hint))
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        enums = [each for each in arguments if isinstance(each, type) and issubclass(each, enum.Enum)]
        return (_enumeration(enums[0]) if enums else _annotated(arguments[0])[0]), optional
    return _typed(typing.get_origin(hint) or hint, arguments), optional


def _typed(origin: Any, arguments: list[Any]) -> Field:  # noqa: ANN401
    if origin is list:
        return Field(kind="list", item=_annotated(arguments[0])[0])
    if origin is dict or origin is typing.get_origin(typing.Mapping[str, Any]):
        return Field(kind="map", item=_annotated(arguments[1])[0] if arguments else Field(kind="any"))
    if origin in _SIMPLE:
        return Field(kind=_SIMPLE[origin])
    if isinstance(origin, type) and issubclass(origin, enum.Enum):
        return _enumeration(origin)
    own = isinstance(origin, type) and origin.__module__.endswith("models._models")
    return Field(kind="object", model=origin) if own else Field(kind="any")


def _enumeration(cls: type[enum.Enum]) -> Field:
    values = () if cls.__name__ in STALE else tuple(str(each.value) for each in cls)
    return Field(kind="string", values=values, enum_name=cls.__name__)


def _old_fields(cls: Any) -> dict[str, Field]:  # noqa: ANN401
    module = sys.modules[cls.__module__.rpartition(".")[0]]
    annotations = {name: str(each.annotation) for name, each in inspect.signature(cls.__init__).parameters.items()}
    nested: dict[str, Field] = {}
    for attribute, told in cls._attribute_map.items():
        checks = cls._validation.get(attribute, {})
        kind = _old_field(module, told["type"], annotations.get(attribute, ""))
        made = _with(kind, required=bool(checks.get("required")), readonly=bool(checks.get("readonly")))
        *parents, name = told["key"].split(".")
        place = nested
        for parent in parents:
            held = place.setdefault(parent, Field(kind="object"))
            place = held.fields
        place[name] = made
    return nested


def _old_field(module: Any, told: str, annotation: str) -> Field:  # noqa: ANN401
    if told.startswith("["):
        return Field(kind="list", item=_old_field(module, told[1:-1], annotation))
    if told.startswith("{"):
        return Field(kind="map", item=_old_field(module, told[1:-1], annotation))
    if told in _OLD_SIMPLE:
        names = re.findall(r"_models\.(\w+)", annotation)
        classes = [getattr(module, name) for name in names]
        enums = [each for each in classes if isinstance(each, type) and issubclass(each, enum.Enum)]
        return _enumeration(enums[0]) if enums else Field(kind=_OLD_SIMPLE[told])
    return Field(kind="object", model=getattr(module, told))


def _with(found: Field, *, required: bool, readonly: bool) -> Field:
    return Field(
        kind=found.kind,
        model=found.model,
        item=found.item,
        values=found.values,
        enum_name=found.enum_name,
        required=required,
        readonly=readonly,
        fields=found.fields,
    )

"""Turn argument dictionaries into checked values, once, at the edge.

The shapes are frozen dataclasses (``spec.py``). A field's annotation says what may stand there: a type, and in
``Annotated`` the further checks, each a function that raises ``ValueError`` with a sentence for the user. Nothing is
converted but numbers (other languages send 3 as 3.0), address ranges and words of an enum; an unknown key is refused.
"""

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from enum import Enum
from ipaddress import IPv4Network
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from confkube.errors import Refusal

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Shape = TypeVar("Shape", bound="DataclassInstance")
Found = TypeVar("Found")


def parse(shape: type[Shape], arguments: object, where: str = "args") -> Shape:
    """Check ``arguments`` against ``shape``.

    Args:
        shape: The dataclass of the values.
        arguments: What the user wrote: a mapping of plain values.
        where: How the user calls the place, the start of every message.

    Raises:
        Refusal: The first finding, with the bad value and the good ones.
    """
    if not isinstance(arguments, Mapping):
        keys = ", ".join(field.name for field in dataclasses.fields(shape))
        remedy = f"write {keys} below it" if keys else "write {}"
        raise Refusal(f"{where}: {_short(arguments)} is not a block of arguments; {remedy}")
    return _block(shape, cast("Mapping[object, object]", arguments), where)


def _block(shape: type[Shape], given: Mapping[object, object], where: str) -> Shape:
    fields = dataclasses.fields(shape)
    _refuse_unknown_keys([field.name for field in fields], given, where)
    found: dict[str, object] = {}
    for field in fields:
        if field.name in given:
            found[field.name] = _value(field.type, given[field.name], f"{where}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise Refusal(f"{where}.{field.name} is required")
    return _say_where(where, lambda: shape(**found))


def _refuse_unknown_keys(good: list[str], given: Mapping[object, object], where: str) -> None:
    for key in given:
        if key not in good:
            near = difflib.get_close_matches(str(key), good, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise Refusal(f"{where}: unknown key {_short(key)}; the keys are {', '.join(sorted(good)) or 'none'}{hint}")


def _value(kind: Any, value: object, where: str) -> object:  # noqa: ANN401 - annotations are arbitrary objects
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *checks = get_args(kind)
        found = _value(inner, value, where)
        for check in checks:
            _say_where(where, lambda check=check: check(found))
        return found
    if origin in (Union, UnionType):
        (inner,) = (each for each in get_args(kind) if each is not NoneType)
        return None if value is None else _value(inner, value, where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise Refusal(f"{where}: {_short(value)} is not a list")
        items = enumerate(cast("list[object]", value))
        return tuple(_value(get_args(kind)[0], item, f"{where}[{number}]") for number, item in items)
    if origin is dict:
        key_kind, value_kind = get_args(kind)
        entries = _settings(value, where).items()
        return {_value(key_kind, key, where): _value(value_kind, each, f"{where}.{key}") for key, each in entries}
    if dataclasses.is_dataclass(kind):
        return _block(cast("type[DataclassInstance]", kind), _settings(value, where), where)
    return _plain(kind, value, where)


def _settings(value: object, where: str) -> Mapping[object, object]:
    if not isinstance(value, Mapping):
        raise Refusal(f"{where}: {_short(value)} is not a block of settings")
    return cast("Mapping[object, object]", value)


def _plain(kind: Any, value: object, where: str) -> object:  # noqa: ANN401 - as above
    if kind is Any:
        return value
    if type(value).__module__.partition(".")[0] == "pulumi":
        raise Refusal(f"{where}: an output is known too late, as this decides what is created; give the value itself")
    if kind is IPv4Network:
        return _range(value, where)
    if issubclass(kind, Enum):
        return _word(kind, value, where)
    if kind is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        quoted = f"; write it in quotes: '{value}'" if kind is str and type(value) in (int, float) else ""
        raise Refusal(f"{where}: {_short(value)} {_IS_NOT[kind]}{quoted}")
    return value


_IS_NOT = {int: "is not a whole number", str: "is not text", bool: "is neither true nor false"}


def _range(value: object, where: str) -> IPv4Network:
    try:
        return IPv4Network(value if isinstance(value, str) else "")
    except ValueError:
        raise Refusal(f"{where}: {_short(value)} is not an IPv4 range; write it like 10.20.0.0/16") from None


def _word(words: type[Enum], value: object, where: str) -> Enum:
    for word in words:
        if value in (word, word.value):
            return word
    good = ", ".join(repr(word.value) for word in words)
    raise Refusal(f"{where}: {_short(value)} is not known; choose one of {good}")


def _say_where(where: str, checked: Callable[[], Found]) -> Found:
    """Put the place in front of what a check or a dataclass refuses."""
    try:
        return checked()
    except ValueError as error:
        raise Refusal(f"{where}: {error}") from None


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."

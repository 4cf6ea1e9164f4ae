"""Writes TOML from plain values, the same values as the same text; certificates and policies stay readable."""

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from confkube.errors import Refusal

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_BARE = re.compile(r"[A-Za-z0-9_-]{1,100}")
_WRITABLE = re.compile(r"[\n\t -~]*")


def render(values: Mapping[str, object]) -> str:
    """Return the text of a document.

    Values that are None are left out, lists of mappings become arrays of tables.

    Raises:
        Refusal: A value is of a type that is not written here, or holds characters outside printable ASCII.
    """
    return "\n".join(_table((), values)).lstrip("\n") + "\n"


def _table(path: tuple[str, ...], values: Mapping[str, object]) -> list[str]:
    plain: list[str] = []
    below: list[str] = []
    for name, value in values.items():
        inner = (*path, name)
        match value:
            case None:
                continue
            case Mapping():
                below += ["", f"[{_path(inner)}]", *_table(inner, cast("Mapping[str, object]", value))]
            case list() | tuple() if value and all(isinstance(item, Mapping) for item in cast("list[object]", value)):
                for item in cast("Sequence[Mapping[str, object]]", value):
                    below += ["", f"[[{_path(inner)}]]", *_table(inner, item)]
            case _:
                plain.append(f"{_key(name)} = {_value('.'.join(inner), value)}")
    return plain + below


def _path(names: Sequence[str]) -> str:
    return ".".join(map(_key, names))


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else text(name, name)


def _value(where: str, value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return text(where, value)
        case list() | tuple():
            return "[" + ", ".join(_value(where, item) for item in cast("Sequence[object]", value)) + "]"
        case _:
            raise Refusal(f"toml: the value of {where!r} is a {type(value).__name__}, which is not written here")


def text(where: str, value: str) -> str:
    """Return a string: on one line, or as a multi-line basic string where it has several lines.

    Raises:
        Refusal: It holds characters outside printable ASCII.
    """
    if not _WRITABLE.fullmatch(value):
        raise Refusal(f"toml: the value of {where!r} holds characters outside printable ASCII")
    if "\n" not in value:
        return json.dumps(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    return f'"""\n{escaped}"""'


def values_of(model: "DataclassInstance") -> dict[str, object]:
    """Return the fields of a model that are set to something, models inside it too."""
    values = {each.name: _plain(getattr(model, each.name)) for each in dataclasses.fields(model)}
    return {name: value for name, value in values.items() if value is not None and value not in ([], {})}


def _plain(value: Any) -> object:  # noqa: ANN401 - fields are arbitrary objects
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return values_of(value)
    return [_plain(item) for item in cast("tuple[object, ...]", value)] if isinstance(value, tuple) else value

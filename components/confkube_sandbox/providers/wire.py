"""Property values on the wire: protobuf structs, unknown values of a preview, secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from google.protobuf import struct_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Both are fixed by the engine: sdk/go/common/resource/plugin/rpc.go and sdk/go/common/resource/sig/signature.go.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  (a marker, not a secret)


def plain(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Turn a struct into Python values; whole numbers become ``int``, secrets are opened."""
    return {key: _value(value) for key, value in struct.fields.items()}


def struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Turn Python values into a struct. Entries that are ``None`` are left out, as an absent property is."""
    message = struct_pb2.Struct()
    _fill(message, values)
    return message


def sealed(values: Mapping[str, Any], secret: Iterable[str]) -> dict[str, Any]:
    """Mark the named top-level properties as secret, so that the engine encrypts them in the state."""
    hidden = frozenset(secret)
    return {
        key: {_SIGNATURE: _SECRET, "value": value} if key in hidden and value not in (None, UNKNOWN) else value
        for key, value in values.items()
    }


def has_unknown(value: object) -> bool:
    """Whether any part of the value is not known before the update has run."""
    if isinstance(value, dict):
        return any(has_unknown(part) for part in cast("dict[str, object]", value).values())
    if isinstance(value, list):
        return any(has_unknown(part) for part in cast("list[object]", value))
    return value == UNKNOWN


def _value(value: struct_pb2.Value) -> Any:  # noqa: ANN401  (a property is any JSON value)
    match value.WhichOneof("kind"):
        case "number_value":
            number = value.number_value
            found: Any = int(number) if number.is_integer() else number
        case "string_value":
            found = value.string_value
        case "bool_value":
            found = value.bool_value
        case "list_value":
            found = [_value(part) for part in value.list_value.values]
        case "struct_value":
            fields = value.struct_value.fields
            secret = _SIGNATURE in fields and fields[_SIGNATURE].string_value == _SECRET
            found = _value(fields["value"]) if secret else plain(value.struct_value)
        case _:
            found = None
    return found


def _fill(message: struct_pb2.Struct, values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if value is not None:
            _put(message.fields[key], value)


def _put(target: struct_pb2.Value, value: object) -> None:
    if isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, dict):
        target.struct_value.SetInParent()
        _fill(target.struct_value, cast("dict[str, Any]", value))
    elif isinstance(value, list | tuple | set | frozenset):
        target.list_value.SetInParent()
        for part in cast("Iterable[object]", value):
            _put(target.list_value.values.add(), part)
    elif value is None:
        target.null_value = struct_pb2.NULL_VALUE
    else:
        raise TypeError(f"{type(value).__name__} is not a property value")

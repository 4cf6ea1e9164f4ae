"""Check decoded parameters against the official model: required members, enums, lengths, ranges, patterns."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws import shapes
from confkube_sandbox.daemon.aws.errors import EC2, JSON, QUERY, ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from confkube_sandbox.daemon.aws.shapes import Shape

REQUIRED = "model.required"
ENUM = "model.enum"
RANGE = "model.range"
PATTERN = "model.pattern"
MODEL_RULES = (REQUIRED, ENUM, RANGE, PATTERN)


class Validator:
    """Checks one operation's parameters and raises the first fault found, in the words of the service's protocol."""

    def __init__(self, service: str, operation: str, disabled: frozenset[str] = frozenset()) -> None:
        self._protocol = shapes.PROTOCOLS[service]
        self._shape = shapes.operation(service, operation).input_shape
        self._disabled = disabled

    def check(self, params: Mapping[str, Any]) -> None:
        """Raise ApiError when the parameters break the model."""
        if self._shape is not None:
            self._structure(self._shape, params, "")

    def _structure(self, shape: Shape, params: Mapping[str, Any], path: str) -> None:
        if REQUIRED not in self._disabled:
            for name in shape.required_members:
                if name not in params:
                    raise self._missing(self._join(path, name, shape.members[name]))
        for name, value in params.items():
            if value is not None:
                self._value(shape.members[name], value, self._join(path, name, shape.members[name]))

    def _value(self, shape: Shape, value: Any, path: str) -> None:  # noqa: ANN401
        match shape.type_name:
            case "structure":
                self._structure(shape, value, path)
            case "list":
                self._size(shape, len(value), value, path)
                for index, item in enumerate(value, 1):
                    self._value(shape.member, item, f"{path}.{index}")
            case "map":
                self._size(shape, len(value), value, path)
                for name, item in value.items():
                    self._value(shape.key, name, path)
                    self._value(shape.value, item, f"{path}.{name}")
            case "string":
                self._string(shape, value, path)
            case "integer" | "long" | "float" | "double":
                self._size(shape, value, value, path)
            case "blob":
                self._size(shape, len(value), value, path)
            case _:
                return

    def _string(self, shape: Shape, value: str, path: str) -> None:
        allowed = shape.metadata.get("enum")
        if allowed and ENUM not in self._disabled and value not in allowed:
            constraint = f"Member must satisfy enum value set: [{', '.join(allowed)}]"
            raise self._constraint(value, path, constraint)
        self._size(shape, len(value), value, path)
        pattern = shape.metadata.get("pattern")
        if pattern and PATTERN not in self._disabled and not _matches(pattern, value):
            raise self._constraint(value, path, f"Member must satisfy regular expression pattern: {pattern}")

    def _size(self, shape: Shape, size: float, value: object, path: str) -> None:
        if RANGE in self._disabled:
            return
        for word, broken in self._broken(shape, size):
            noun = "value" if shape.type_name in {"integer", "long", "float", "double"} else "length"
            raise self._constraint(value, path, f"Member must have {noun} {word} than or equal to {broken}")

    def _broken(self, shape: Shape, size: float) -> Iterator[tuple[str, Any]]:
        least, most = shape.metadata.get("min"), shape.metadata.get("max")
        if least is not None and size < least:
            yield "greater", least
        if most is not None and size > most:
            yield "less", most

    def _join(self, path: str, name: str, member: Shape) -> str:
        own = shapes.wire_name(self._protocol, name, member) if self._protocol == EC2 else name[0].lower() + name[1:]
        return f"{path}.{own}" if path else own

    def _missing(self, path: str) -> ApiError:
        if self._protocol == EC2:
            return ApiError("MissingParameter", f"The request must contain the parameter {path}")
        code = "ValidationException" if self._protocol == JSON else "ValidationError"
        fault = f"Value null at '{path}' failed to satisfy constraint: Member must not be null"
        return ApiError(code, f"1 validation error detected: {fault}")

    def _constraint(self, value: object, path: str, constraint: str) -> ApiError:
        if self._protocol == EC2:
            return ApiError("InvalidParameterValue", f"Value ({value}) for parameter {path} is invalid.")
        code = "ValidationError" if self._protocol == QUERY else "ValidationException"
        shown = "" if isinstance(value, bytes | list | dict) else f"'{value}' "
        return ApiError(
            code, f"1 validation error detected: Value {shown}at '{path}' failed to satisfy constraint: {constraint}"
        )


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    # A few patterns of the model are in Java's dialect and do not compile here.
    java = pattern.replace(r"\p{IsLetter}", "a-zA-Z").replace("\\p{Graph}", "!-~")
    try:
        return re.compile(java)
    except re.error:
        return None


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None

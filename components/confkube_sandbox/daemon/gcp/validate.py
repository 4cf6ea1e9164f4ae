"""Check bodies and query parameters against the official model, in the words of Google's APIs."""

from __future__ import annotations

import base64
import binascii
import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.daemon.gcp import served
from confkube_sandbox.daemon.gcp.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.daemon.gcp.discovery import Api, Method, Schema

ALLOW_LIST = "gcp.allow-list"
UNKNOWN = "model.unknown-field"
TYPE = "model.type"
REQUIRED = "model.required"
ENUM = "model.enum"
PATTERN = "model.pattern"
RANGE = "model.range"
QUERY = "model.query"
MODEL_RULES = (UNKNOWN, TYPE, REQUIRED, ENUM, PATTERN, RANGE, QUERY)

_BITS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "int32": (-(2**31), 2**31 - 1),
        "uint32": (0, 2**32 - 1),
        "int64": (-(2**63), 2**63 - 1),
        "uint64": (0, 2**64 - 1),
    }
)
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
_LARGEST_PAGE = 500
"""What the descriptions of ``maxResults`` say; the model itself has no number for it."""
_STANDARD = frozenset({"$alt", "$prettyPrint", "$.xgafv"})


class Validator:
    """Checks requests of one method and raises the first fault found."""

    def __init__(self, api: Api, method: Method, disabled: frozenset[str] = frozenset()) -> None:
        self._api = api
        self._method = method
        self._disabled = disabled

    def query(self, given: Mapping[str, str]) -> None:
        """Check query parameters: their names, numbers and enums.

        Raises:
            ApiError: A parameter is not known, or its value is wrong.
        """
        if QUERY in self._disabled:
            return
        known = {**self._api.parameters, **self._method.query}
        if ALLOW_LIST not in self._disabled:
            served.require_parameters(self._api.name, {name: each for name, each in given.items() if name in known})
        missing = [name for name, each in self._method.query.items() if each.get("required") and not given.get(name)]
        if missing:
            raise ApiError("required", f"Required field '{missing[0]}' not specified")
        for name, value in given.items():
            schema = known.get(name)
            if schema is None:
                if name in _STANDARD:
                    continue
                text = f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
                raise _unparsed(f"{text} Field '{name}' could not be found in request message.")
            self._parameter(name, schema, value)

    def body(self, value: Any) -> dict[str, Any]:  # noqa: ANN401  whatever JSON the client sent
        """Check a body and return it without what clients cannot set, numbers in the API's own form.

        Raises:
            ApiError: The body breaks the model.
        """
        if not isinstance(value, dict):
            raise _unparsed("Invalid JSON payload received. Unexpected token.")
        return self._object(self._api.schemas[self._method.request], cast("dict[str, Any]", value), "", "resource")

    def _parameter(self, name: str, schema: Schema, value: str) -> None:
        if schema.get("type") == "integer":
            if not _WHOLE.fullmatch(value):
                raise _unparsed(f"Invalid value at '{_snake(name)}' (TYPE_UINT32), \"{value}\"")
            if name == "maxResults" and not 0 <= int(value) <= _LARGEST_PAGE:
                text = f"Invalid value '{value}'. Values must be within the range: [0, {_LARGEST_PAGE}]"
                raise ApiError("invalidParameter", text)
        if schema.get("type") == "boolean" and value not in {"true", "false"}:
            raise _unparsed(f"Invalid value at '{_snake(name)}' (TYPE_BOOL), \"{value}\"")

    def _object(self, schema: Schema, value: dict[str, Any], snake: str, path: str) -> dict[str, Any]:
        properties: dict[str, Schema] = schema.get("properties", {})
        extra: Schema | None = schema.get("additionalProperties")
        kept: dict[str, Any] = {}
        if REQUIRED not in self._disabled:
            for name, each in properties.items():
                if self._method.id in each.get("annotations", {}).get("required", ()) and value.get(name) in (None, ""):
                    raise ApiError("required", f"Required field '{path}.{name}' not specified")
        for name, item in value.items():
            each = properties.get(name, extra)
            if each is None:
                if UNKNOWN in self._disabled:
                    continue
                where = f" at '{snake or 'resource'}'" if snake or self._api.name == "compute" else ""
                raise _unparsed(f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.')
            if item is None:
                continue
            if ALLOW_LIST not in self._disabled and not _output_only(each):
                served.require_field(schema.get("id", ""), name, item)
            # A member of a map is called by its key as it is, a field by its name in the protocol.
            part = _snake(name) if name in properties else name
            inner = f"{snake}.{part}" if snake else (f"resource.{part}" if self._api.name == "compute" else part)
            checked = self._value(each, item, inner, f"{path}.{name}")
            if not _output_only(each):
                kept[name] = checked
        return kept

    def _value(self, schema: Schema, value: Any, snake: str, path: str) -> Any:  # noqa: ANN401
        if "$ref" in schema:
            schema = self._api.schemas[schema["$ref"]]
        kind = schema.get("type", "any")
        if kind in {"object", "array"}:
            return self._compound(schema, value, snake, path)
        if kind == "string":
            return self._string(schema, value, snake, path)
        if kind == "integer":
            return self._whole(schema.get("format", "int32"), value, snake)
        if kind == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
            return self._wrong(value, snake, "TYPE_DOUBLE")
        if kind == "boolean" and not isinstance(value, bool):
            return self._wrong(value, snake, "TYPE_BOOL")
        return value

    def _compound(self, schema: Schema, value: Any, snake: str, path: str) -> Any:  # noqa: ANN401
        if schema["type"] == "object":
            if not isinstance(value, dict):
                return self._wrong(value, snake, "message")
            return self._object(schema, cast("dict[str, Any]", value), snake, path)
        if not isinstance(value, list):
            return self._wrong(value, snake, "list")
        return [
            self._value(schema["items"], each, f"{snake}[{index}]", f"{path}[{index}]")
            for index, each in enumerate(cast("list[Any]", value))
        ]

    def _string(self, schema: Schema, value: Any, snake: str, path: str) -> Any:  # noqa: ANN401
        kind = schema.get("format", "")
        if kind in {"int64", "uint64"}:
            return str(self._whole(kind, value, snake))
        if not isinstance(value, str):
            return self._wrong(value, snake, "TYPE_STRING")
        if kind == "byte":
            return self._bytes(value, snake)
        allowed = schema.get("enum")
        if allowed and value not in allowed and ENUM not in self._disabled:
            if self._api.name == "compute":
                # Letters' case does not count: cloud-api-adaptor starts its machines with the stack type IPV4_Only
                # (src/cloud-providers/gcp/provider.go at fbdde756, read on 2026-11-27).
                if value.upper() in allowed:
                    return value.upper()
                raise ApiError("invalid", f"Invalid value for field '{path}': '{value}'. {_listing(allowed)}")
            raise _unparsed(f"Invalid value at '{snake}' (TYPE_ENUM), \"{value}\"")
        pattern = schema.get("pattern")
        if pattern and value and PATTERN not in self._disabled and not _compiled(pattern).fullmatch(value):
            shown = f"(?:{pattern})" if _is_name(pattern) else pattern
            raise ApiError(
                "invalid", f"Invalid value for field '{path}': '{value}'. Must be a match of regex '{shown}'"
            )
        return value

    def _whole(self, kind: str, value: Any, snake: str) -> Any:  # noqa: ANN401
        word = f"TYPE_{kind.upper()}"
        text = value if isinstance(value, str) else str(value)
        if isinstance(value, bool) or not isinstance(value, int | str) or not _WHOLE.fullmatch(text):
            return self._wrong(value, snake, word)
        least, most = _BITS.get(kind, _BITS["int32"])
        if not least <= int(text) <= most and RANGE not in self._disabled:
            raise _unparsed(f"Invalid value at '{snake}' ({word}), {_shown(value)}")
        return int(text)

    def _bytes(self, value: str, snake: str) -> str:
        """Check base64 of either alphabet, padded or not, and return it as the API gives it back."""
        plain = value.replace("-", "+").replace("_", "/").rstrip("=")
        try:
            data = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except binascii.Error:
            if TYPE in self._disabled:
                return ""
            text = f"Invalid value at '{snake}' (TYPE_BYTES), Base64 decoding failed for \"{value}\""
            raise _unparsed(text) from None
        # Compute Engine has bytes in fingerprints alone, and those in the other alphabet.
        return value if self._api.name == "compute" else base64.b64encode(data).decode()

    def _wrong(self, value: Any, snake: str, word: str) -> Any:  # noqa: ANN401
        if TYPE in self._disabled:
            return {} if word == "message" else [] if word == "list" else 0 if word.startswith("TYPE_INT") else value
        if word in {"message", "list"} or isinstance(value, dict | list):
            name = snake.rpartition(".")[2]
            said = (
                "Proto field is not repeating, cannot start list."
                if isinstance(value, list)
                else (f"Cannot bind. Invalid value at '{snake}', {_shown(value)}")
            )
            raise _unparsed(f"Invalid JSON payload received. Unknown name \"{name}\" at '{snake}': {said}")
        raise _unparsed(f"Invalid value at '{snake}' ({word}), {_shown(value)}")


def _unparsed(message: str) -> ApiError:
    return ApiError("badRequest", message, 400, status_name="INVALID_ARGUMENT")


def _shown(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?<![A-Z])([A-Z])", lambda found: f"_{found[1].lower()}", name)


def _listing(allowed: list[str]) -> str:
    return f"Acceptable values are: {', '.join(repr(each) for each in allowed)}."


def _is_name(pattern: str) -> bool:
    return pattern == "[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?"


def _output_only(schema: Schema) -> bool:
    said = str(schema.get("description", ""))
    return bool(schema.get("readOnly")) or said.startswith(("[Output Only]", "Output only.", "[Output-only]"))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of the model, which is written unanchored but holds for the whole value."""
    return re.compile(pattern)

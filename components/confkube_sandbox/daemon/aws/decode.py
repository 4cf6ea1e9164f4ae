"""Turn a request on the wire into typed parameters. What the official model does not know is refused, never dropped.

EC2 does the same: ``UnknownParameter``, https://github.com/appoxy/aws/issues/32 (2026-11-24). What IAM and Auto Scaling
do is not documented; nothing was found on 2026-11-24, and general knowledge is that they ignore what they do not know.
Refusing is stricter than the cloud may be, on purpose: a misspelt parameter must not pass a test.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from urllib.parse import parse_qsl

from confkube_sandbox.daemon.aws import shapes
from confkube_sandbox.daemon.aws.errors import EC2, JSON, ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.daemon.aws.shapes import Shape

Node: TypeAlias = "str | dict[str, Node]"

UNKNOWN_PARAMETER = "model.unknown-parameter"
WRONG_TYPE = "model.type"
_ENVELOPE = frozenset({"Action", "Version"})
_MAX_DEPTH = 20
_JSON_TYPES: Mapping[str, type] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
}


class Decoder:
    """Decode one request of one operation."""

    def __init__(self, service: str, operation: str, disabled: frozenset[str] = frozenset()) -> None:
        self._protocol = shapes.PROTOCOLS[service]
        self._service = service
        self._shape = shapes.operation(service, operation).input_shape
        self._disabled = disabled

    def decode(self, body: bytes) -> dict[str, Any]:
        """Return the parameters, keyed as in the official model.

        Raises:
            ApiError: A name that the model does not have, or a value of the wrong type.
        """
        if self._protocol == JSON:
            return self._decode_json(body)
        fields = {name: value for name, value in form(body).items() if name not in _ENVELOPE}
        root = _tree(fields)
        if self._shape is None:
            self._refuse_rest(root, "")
            return {}
        return cast("dict[str, Any]", self._query(self._shape, root, ""))

    def _decode_json(self, body: bytes) -> dict[str, Any]:
        try:
            held = cast("object", json.loads(body or b"{}"))
        except ValueError:
            raise ApiError("SerializationException", "The request body is not valid JSON.") from None
        if not isinstance(held, dict):
            raise ApiError("SerializationException", "Start of structure or map found where not expected.")
        if self._shape is None:
            return {}
        return cast("dict[str, Any]", self._json(self._shape, cast("Any", held), ""))

    def _query(self, shape: Shape, node: Node, path: str) -> Any:  # noqa: ANN401
        kind = shape.type_name
        if kind in {"structure", "list", "map"}:
            if node == "":
                return [] if kind == "list" else {}
            if not isinstance(node, dict):
                raise self._wrong(path, node)
            if kind == "structure":
                return self._structure(shape, node, path)
            return self._list(shape, node, path) if kind == "list" else self._map(shape, node, path)
        if isinstance(node, dict):
            self._refuse_rest(node, f"{path}.")
            return None
        return self._scalar(kind, node, path)

    def _structure(self, shape: Shape, node: dict[str, Node], path: str) -> dict[str, Any]:
        rest = dict(node)
        found: dict[str, Any] = {}
        for name, member in shape.members.items():
            wire = shapes.wire_name(self._protocol, name, member)
            if wire in rest:
                found[name] = self._query(member, rest.pop(wire), f"{path}.{wire}".lstrip("."))
        self._refuse_rest(rest, f"{path}." if path else "")
        return found

    def _list(self, shape: Shape, node: dict[str, Node], path: str) -> list[Any]:
        items = node
        if self._protocol != EC2 and not shape.serialization.get("flattened"):
            name = shape.member.serialization.get("name", "member")
            rest = {key: value for key, value in node.items() if key != name}
            self._refuse_rest(rest, f"{path}.")
            inner = node.get(name, {})
            items = inner if isinstance(inner, dict) else {}
        numbered = {key: value for key, value in items.items() if key.isdigit()}
        self._refuse_rest({key: value for key, value in items.items() if key not in numbered}, f"{path}.")
        return [self._query(shape.member, numbered[key], f"{path}.{key}") for key in sorted(numbered, key=int)]

    def _map(self, shape: Shape, node: dict[str, Node], path: str) -> dict[str, Any]:
        entries = node.get("entry", {})
        if not isinstance(entries, dict):
            raise self._wrong(path, "")
        found: dict[str, Any] = {}
        for number in sorted(entries, key=lambda key: int(key) if key.isdigit() else 0):
            entry = entries[number]
            if isinstance(entry, dict) and isinstance(entry.get("key"), str):
                found[cast("str", entry["key"])] = self._query(shape.value, entry.get("value", ""), path)
        return found

    def _json(self, shape: Shape, held: Any, path: str) -> Any:  # noqa: ANN401
        if held is None:
            return None
        expected = _JSON_TYPES.get(shape.type_name)
        if expected and (not isinstance(held, expected) or (isinstance(held, bool) and expected is int)):
            raise self._wrong(path, cast("object", held))
        match shape.type_name:
            case "structure":
                return self._json_structure(shape, cast("dict[str, Any]", held), path)
            case "list":
                items = cast("list[Any]", held)
                return [self._json(shape.member, item, f"{path}.{index}") for index, item in enumerate(items, 1)]
            case "map":
                entries = cast("dict[str, Any]", held)
                return {name: self._json(shape.value, value, f"{path}.{name}") for name, value in entries.items()}
            case "blob":
                return self._scalar("blob", str(cast("object", held)), path)
            case _:
                return cast("Any", held)

    def _json_structure(self, shape: Shape, held: dict[str, Any], path: str) -> dict[str, Any]:
        unknown = sorted(set(held) - set(shape.members))
        if unknown and UNKNOWN_PARAMETER not in self._disabled:
            raise self._unknown(f"{path}.{unknown[0]}".lstrip("."))
        return {
            name: self._json(shape.members[name], value, f"{path}.{name}".lstrip("."))
            for name, value in held.items()
            if name in shape.members and value is not None
        }

    def _scalar(self, kind: str, text: str, path: str) -> Any:  # noqa: ANN401, PLR0911  one line for each scalar type
        try:
            match kind:
                case "integer" | "long":
                    return int(text)
                case "float" | "double":
                    return float(text)
                case "boolean":
                    return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
                case "blob":
                    return base64.b64decode(text, validate=True)
                case "timestamp":
                    return _moment(text)
                case _:
                    return text
        except (ValueError, KeyError, binascii.Error):
            if WRONG_TYPE in self._disabled:
                return None
            raise self._wrong(path, text) from None

    def _refuse_rest(self, rest: Mapping[str, Node], prefix: str) -> None:
        for name in sorted(rest):
            if UNKNOWN_PARAMETER not in self._disabled:
                raise self._unknown(prefix + name)

    def _unknown(self, name: str) -> ApiError:
        if self._protocol == EC2:
            return ApiError("UnknownParameter", f"The parameter {name} is not recognized")
        if self._protocol == JSON:
            return ApiError("ValidationException", f"Unknown parameter in input: {name}")
        return ApiError("ValidationError", f"Unknown parameter in input: {name}")

    def _wrong(self, path: str, value: object) -> ApiError:
        if self._protocol == EC2:
            return ApiError("InvalidParameterValue", f"Value ({value}) for parameter {path} is invalid.")
        if self._protocol == JSON:
            return ApiError("SerializationException", f"Unexpected value for {path}: wrong type")
        return ApiError("MalformedInput", f"Invalid value for {path}")


def form(body: bytes) -> dict[str, str]:
    """Read a form-encoded body."""
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True))
    except UnicodeDecodeError:
        raise ApiError("MalformedQueryString", "The query string is not valid UTF-8.") from None


def _tree(fields: Mapping[str, str]) -> dict[str, Node]:
    root: dict[str, Node] = {}
    for name in sorted(fields):
        node = root
        *folders, leaf = name.split(".")
        if len(folders) > _MAX_DEPTH:
            raise ApiError("MalformedQueryString", "The query string is nested too deeply.")
        for folder in folders:
            inner = node.setdefault(folder, {})
            if not isinstance(inner, dict):
                inner = node[folder] = {}
            node = inner
        node[leaf] = fields[name]
    return root


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

"""Check request bodies against the official models, and say what is wrong in the words of each resource provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure import jsontext, shapes
from confkube_sandbox.daemon.azure.errors import ArmError

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.shapes import Field, Shape

UNKNOWN = "model.unknown-property"
WRONG_TYPE = "model.type"
ENUM = "model.enum"
REQUIRED = "model.required"
MODEL_RULES = (UNKNOWN, WRONG_TYPE, ENUM, REQUIRED)

# What Resource Manager itself reads of a body before the resource provider gets it.
# https://github.com/Azure/azure-sdk-for-net/issues/3487 shows the refusal of anything else (read 2026-11-25).
ENVELOPE = frozenset(
    {
        *("id", "name", "type", "etag", "systemData", "location", "extendedLocation", "placement", "zones"),
        *("tags", "plan", "sku", "kind", "identity", "managedBy", "properties"),
    }
)
_IGNORED = frozenset({"id", "name", "type", "systemData", "etag"})
"""What may come back from an earlier answer, and is not looked at where the model does not know it."""
_JSON: dict[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "string": str,
    "datetime": str,
    "integer": int,
    "number": (int, float),
    "object": dict,
    "map": dict,
    "list": list,
}


class Validator:
    """Checks one body. Properties that can only be read are left out, as the service ignores them."""

    def __init__(self, namespace: str, name: str, text: str, disabled: frozenset[str] = frozenset()) -> None:
        """Bind to a request.

        Args:
            namespace: The resource provider, which decides how refusals are worded.
            name: The resource's name, which some of them quote.
            text: The body as it was sent.
            disabled: Names of checks that are not applied.
        """
        self._namespace = namespace.lower()
        self._name = name
        self._text = text
        self._disabled = disabled
        self._places: dict[str, tuple[int, int]] | None = None

    def check(self, shape: Shape, body: dict[str, Any]) -> dict[str, Any]:
        """Return the body as the service understands it, or raise ArmError when it breaks the model."""
        return self._object(shape, body, "")

    def _object(self, shape: Shape, value: dict[str, Any], path: str) -> dict[str, Any]:
        known = {name.lower(): (name, each) for name, each in shape.fields.items()}
        found: dict[str, Any] = {}
        for given, item in value.items():
            name, field = known.get(given.lower(), (given, None))
            place = f"{path}.{given}" if path else given
            if field is None:
                self._unknown(shape, given, place, top=not path)
            elif item is not None and not field.readonly:
                found[name] = self._value(field, item, place)
        if REQUIRED not in self._disabled:
            for name, field in shape.fields.items():
                if field.required and name not in found:
                    raise self._missing(name, f"{path}.{name}" if path else name, path)
        return found

    def _value(self, field: Field, value: Any, path: str) -> Any:  # noqa: ANN401
        if field.kind == "any":
            return value
        if not isinstance(value, _JSON[field.kind]) or (isinstance(value, bool) and field.kind != "boolean"):
            return self._mismatch(field, value, path)
        return self._fitting(field, value, path)

    def _fitting(self, field: Field, value: Any, path: str) -> Any:  # noqa: ANN401
        item = field.item
        match field.kind:
            case "object":
                return self._object(shapes.of_field(field), value, path)
            case "map" if item:
                return {name: self._value(item, each, f"{path}.{name}") for name, each in value.items()}
            case "list" if item:
                return [self._value(item, each, f"{path}[{number}]") for number, each in enumerate(value)]
            case _:
                return self._enum(field, value, path)

    def _enum(self, field: Field, value: Any, path: str) -> Any:  # noqa: ANN401
        if not field.values or ENUM in self._disabled or not isinstance(value, str):
            return value
        # .NET reads enumerations without regard to case; the service then shows its own spelling.
        same = {each.lower(): each for each in field.values}.get(value.lower())
        if same is None:
            raise self._refusal(f"Error converting value \"{value}\" to type '{field.enum_name}'.", path, end=True)
        return same

    def _unknown(self, shape: Shape, name: str, path: str, *, top: bool) -> None:
        if top and name in _IGNORED:
            return
        if UNKNOWN in self._disabled:
            return
        if top and name not in ENVELOPE and "authorization" not in self._namespace:
            sentence = f"Could not find member '{name}' on object of type 'ResourceDefinition'."
            raise _content(self._placed(sentence, path, end=False))
        raise self._refusal(f"Could not find member '{name}' on object of type '{shape.name}'.", path, end=False)

    def _mismatch(self, field: Field, value: Any, path: str) -> Any:  # noqa: ANN401
        if WRONG_TYPE in self._disabled:
            return value
        kind = {"integer": "integer", "number": "double", "boolean": "boolean"}.get(field.kind)
        if kind and isinstance(value, str):
            sentence = f"Could not convert string to {kind}: {value}."
        elif isinstance(value, dict | list):
            given = "object" if isinstance(value, dict) else "array"
            sentence = (
                f"Cannot deserialize the current JSON {given} into type '{_type_name(field)}' because the type "
                "requires another JSON value to deserialize correctly."
            )
        else:
            sentence = f"Error converting value {_shown(value)} to type '{_type_name(field)}'."
        raise self._refusal(sentence, path, end=True)

    def _missing(self, name: str, path: str, parent: str) -> ArmError:
        if self._namespace == "microsoft.compute":
            text = f"Required parameter '{path.removeprefix('properties.')}' is missing (null)."
            return ArmError("InvalidParameter", text, target=path.removeprefix("properties."))
        if path == "location":
            return ArmError("LocationRequired", "The location property is required for this definition.")
        return self._refusal(f"Required property '{name}' not found in JSON.", parent, end=True)

    def _refusal(self, sentence: str, path: str, *, end: bool) -> ArmError:
        told = self._placed(sentence, path, end=end)
        match self._namespace:
            case "microsoft.network":
                return ArmError("InvalidRequestFormat", "Cannot parse the request.", details=(("InvalidJson", told),))
            case "microsoft.compute":
                return ArmError("BadRequest", told, target=path)
            case "microsoft.authorization":
                text = f"The request to create role assignment '{self._name}' is not valid. {told}"
                return ArmError("InvalidCreateRoleAssignmentRequest", text)
            case _:
                return _content(told)

    def _placed(self, sentence: str, path: str, *, end: bool) -> str:
        if self._places is None:
            self._places = jsontext.positions(self._text)
        place = self._places.get(path, (0, 0))[1 if end else 0]
        return f"{sentence} Path '{path}', line 1, position {place}."


def _content(told: str) -> ArmError:
    return ArmError(
        "InvalidRequestContent", f"The request content was invalid and could not be deserialized: '{told}'."
    )


def _type_name(field: Field) -> str:
    return field.model.__name__ if field.model is not None else field.enum_name or field.kind


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)

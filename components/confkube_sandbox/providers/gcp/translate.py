"""Inputs to bodies of Google's APIs and answers back, led by the official model of each body.

Pulumi's names are those of Terraform in camel case (``networkIp``), Google's own differ in the case of letters only
(``networkIP``). 64-bit numbers are texts on Google's side.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.providers.terraform import unsimulated

if TYPE_CHECKING:
    from collections.abc import Mapping

Model = dict[str, Any]


class Translator:
    """Translates with the model of one API."""

    def __init__(self, schemas: Mapping[str, Model]) -> None:
        self._schemas = schemas

    def body(self, schema: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Translate inputs to a body; what is None, an empty text or an empty list is left out.

        Args:
            schema: The model's name, for example ``Network``.
            values: Inputs in Pulumi's names.

        Raises:
            CloudError: The model has no such member.
        """
        try:
            return cast("dict[str, Any]", self._out(self._schemas[schema], dict(values)))
        except KeyError as error:
            raise unsimulated.member(error.args[0]) from None

    def outputs(self, schema: str, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Translate an answer to Pulumi's names."""
        return cast("dict[str, Any]", self._back(self._schemas[schema], dict(answer)))

    def _model(self, model: Model) -> Model:
        return self._schemas[model["$ref"]] if "$ref" in model else model

    def _out(self, model: Model, value: object) -> object:
        model = self._model(model)
        if isinstance(value, dict):
            pairs = cast("dict[str, object]", value).items()
            if "properties" not in model:
                inner = cast("Model", model.get("additionalProperties") or {})
                return {key: self._out(inner, part) for key, part in pairs if part is not None}
            members = cast("dict[str, Model]", model["properties"])
            named = {key.lower(): key for key in members}
            return {
                named[key.lower()] if key.lower() in named else _missing(key): self._out(
                    members[named[key.lower()]], part
                )
                for key, part in pairs
                if part not in (None, "", [])
            }
        if isinstance(value, list):
            return [self._out(cast("Model", model.get("items") or {}), part) for part in cast("list[object]", value)]
        if model.get("format") in ("int64", "uint64") and isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return value

    def _back(self, model: Model, value: object) -> object:
        model = self._model(model)
        if isinstance(value, dict):
            pairs = cast("dict[str, object]", value).items()
            if "properties" not in model:
                inner = cast("Model", model.get("additionalProperties") or {})
                return {key: self._back(inner, part) for key, part in pairs}
            members = cast("dict[str, Model]", model["properties"])
            return {camel(key): self._back(members.get(key, {}), part) for key, part in pairs}
        if isinstance(value, list):
            return [self._back(cast("Model", model.get("items") or {}), part) for part in cast("list[object]", value)]
        if model.get("format") == "int64" and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
            return int(value)
        return value


def camel(name: str) -> str:
    """Return Pulumi's name for a member: ``networkIP`` becomes ``networkIp``."""
    return re.sub(r"(?<=[A-Z])[A-Z]+(?![a-z])", lambda found: found[0].lower(), name)


def _missing(key: str) -> str:
    raise KeyError(key)

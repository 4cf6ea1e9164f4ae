"""Turn argument dictionaries into checked values, once, at the edge.

The shapes are pydantic models (``spec.py``); this module turns pydantic's findings into confkube's one-line refusals.
"""

import difflib
import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import pydantic
import pydantic_core

from confkube.errors import Refusal

_SENTENCES = {
    "missing": " is required",
    "value_error": ": {error}",
    "greater_than_equal": ": {bad} is too small; use {ge} or more",
    "less_than_equal": ": {bad} is too large; use {le} or less",
    "too_short": ": {bad} is too short; give {min_length} or more",
    "too_long": ": {actual_length} entries are given; at most {max_length} are allowed",
    "int_type": ": {bad} is not a whole number",
    "int_from_float": ": {bad} is not a whole number",
    "string_type": ": {bad} is not text",
    "tuple_type": ": {bad} is not a list",
    "list_type": ": {bad} is not a list",
    "dict_type": ": {bad} is not a block of settings",
    "model_type": ": {bad} is not a block of settings",
    "bool_type": ": {bad} is neither true nor false",
}

Spec = TypeVar("Spec", bound=pydantic.BaseModel)


def parse(shape: type[Spec], arguments: object, where: str = "args") -> Spec:
    """Check ``arguments`` against ``shape``.

    Args:
        shape: The pydantic model of the values.
        arguments: What the user wrote: a mapping of plain values.
        where: How the user calls the place, the start of every message.

    Raises:
        Refusal: The first finding, with the bad value and the good ones.
    """
    if not isinstance(arguments, Mapping):
        raise Refusal(
            f"{where}: {arguments!r} is not a block of arguments; write {', '.join(shape.model_fields)} below it"
        )
    try:
        return shape.model_validate(dict(arguments))  # pyright: ignore[reportUnknownArgumentType]
    except pydantic.ValidationError as error:
        raise Refusal(_sentence(shape, where, error.errors()[0])) from None


def _sentence(shape: type[pydantic.BaseModel], where: str, finding: pydantic_core.ErrorDetails) -> str:
    kind, location = finding["type"], finding["loc"]
    if kind == "extra_forbidden":
        return _unknown_key(shape, where, location)
    place, bad, bounds = _place(where, location), _short(finding.get("input")), finding.get("ctx", {})
    sentence = _SENTENCES.get(kind)
    if sentence:
        return f"{place}{sentence.format(bad=bad, **bounds)}"
    if kind == "enum":
        return f"{place}: {bad} is not known; choose one of {str(bounds.get('expected')).replace(' or ', ', ')}"
    return f"{place}: {bad} is refused: {finding['msg'][:1].lower()}{finding['msg'][1:]}"


def _unknown_key(shape: type[pydantic.BaseModel], where: str, location: Sequence[int | str]) -> str:
    good, key = sorted(_fields_at(shape, location[:-1])), str(location[-1])
    near = difflib.get_close_matches(key, good, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{_place(where, location[:-1])}: unknown key {key!r}; the keys are {', '.join(good)}{hint}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _place(where: str, location: Sequence[int | str]) -> str:
    text = where
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text


def _fields_at(shape: type[pydantic.BaseModel], location: Sequence[int | str]) -> list[str]:
    """Names of the fields of the model that ``location`` leads to."""
    current: Any = shape
    for step in location:
        if isinstance(step, int):
            continue
        current = _model_in(current.model_fields[step].annotation)
    return list(current.model_fields)


def _model_in(annotation: Any) -> Any:  # noqa: ANN401 - annotations are arbitrary objects
    """The pydantic model inside ``Model | None``, ``tuple[Model, ...]`` and the like."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return annotation  # pyright: ignore[reportUnknownVariableType]
    for part in typing.get_args(annotation):
        found = _model_in(part)
        if found is not None:
            return found
    return None

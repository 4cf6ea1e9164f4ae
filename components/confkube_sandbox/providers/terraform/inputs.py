"""Inputs as a bridge keeps them: which of them the program did not give, and which two sets differ in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.schema import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.providers.handler import Properties


def with_default(inputs: Properties, key: str, value: object) -> Properties:
    """Return inputs with a value the program did not give, noted as such."""
    if inputs.get(key) is not None:
        return inputs
    return inputs | {key: value, DEFAULTS: sorted({*(inputs.get(DEFAULTS) or []), key})}


def kept_default(old: Properties, key: str) -> Any:  # noqa: ANN401
    """Return the value that was filled in for a key before; None where the program gave it or there was none."""
    return old.get(key) if key in (old.get(DEFAULTS) or []) else None


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """Name the properties in which two sets differ."""
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}

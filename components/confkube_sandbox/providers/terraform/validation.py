"""Rules for numbers and texts, which any provider's schema may use.

Texts are those of github.com/hashicorp/terraform-plugin-sdk helper/validation: int.go was read at 03bfef2c9006, meta.go
at 16a928349085, strings.go at 1d252f5412df, where a list of texts is not in quotation marks yet (v2, recalled).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confkube_sandbox.providers.terraform.schema import Rule


def between(low: int, high: int) -> Rule:
    """``validation.IntBetween``."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        return [] if low <= value <= high else [f"expected {name} to be in the range ({low} - {high}), got {value}"]

    return rule


def at_least(low: int) -> Rule:
    """``validation.IntAtLeast``."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        return [] if value >= low else [f"expected {name} to be at least ({low}), got {value}"]

    return rule


def number_of(*good: int) -> Rule:
    """``validation.IntInSlice``."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        listed = " ".join(map(str, good))
        return [] if value in good else [f"expected {name} to be one of [{listed}], got {value}"]

    return rule


def one_of(*good: str, any_case: bool = False) -> Rule:
    """``validation.StringInSlice``, and what providers make of it for enumerations."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        listed = " ".join(json.dumps(choice) for choice in good)
        fits = value in good or (any_case and str(value).upper() in good)
        return [] if fits else [f"expected {name} to be one of [{listed}], got {value}"]

    return rule


def matches(pattern: str, message: str) -> Rule:
    """``validation.StringMatch``: the pattern is found somewhere in the text."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        return [] if re.search(pattern, str(value), re.ASCII) else [f"invalid value for {name} ({message})"]

    return rule


def avoids(pattern: str, message: str) -> Rule:
    """``validation.StringDoesNotMatch``."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        return [f"invalid value for {name} ({message})"] if re.search(pattern, str(value)) else []

    return rule


def every(*rules: Rule) -> Rule:
    """``validation.All``: everything that any of them finds."""
    return lambda name, value: [reason for rule in rules for reason in rule(name, value)]


def some(*rules: Rule) -> Rule:
    """``validation.Any``: enough that one finds nothing; otherwise what all of them find."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        found = [each(name, value) for each in rules]
        return [] if any(not reasons for reasons in found) else [reason for reasons in found for reason in reasons]

    return rule

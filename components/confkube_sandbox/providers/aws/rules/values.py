"""Rules for numbers and texts that are the provider's own, or do not repeat what they refuse.

Where the real provider repeats a refused text that may be long or secret (user data, bytes of a secret), only its
length is named here: the engine opens secrets before it asks a provider, so any text could be one.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.terraform.validation import at_least

if TYPE_CHECKING:
    from confkube_sandbox.providers.terraform.schema import Rule


def length(low: int, high: int, unit: str = "characters") -> Rule:
    """``validation.StringLenBetween``, which counts bytes."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        count = len(str(value).encode())
        if low <= count <= high:
            return []
        return [f"expected length of {name} to be in the range ({low} - {high}), got {count} {unit}"]

    return rule


def flag_text(name: str, value: Any) -> list[str]:  # noqa: ANN401
    """``nullable.ValidateTypeStringNullableBool`` (recalled), which takes what Go's ``ParseBool`` takes."""
    good = {"", "0", "1", "t", "f", "T", "F", "true", "false", "True", "False", "TRUE", "FALSE"}
    if str(value) in good:
        return []
    return [f"{name}: cannot parse '{value}' as boolean: strconv.ParseBool: parsing \"{value}\": invalid syntax"]


def count_text(low: int) -> Rule:
    """``nullable.ValidateTypeStringNullableIntAtLeast`` (recalled)."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        text = str(value)
        if not text:
            return []
        if not re.fullmatch(r"[+-]?\d+", text):
            return [f"{name}: cannot parse '{text}' as int: strconv.ParseInt: parsing \"{text}\": invalid syntax"]
        return at_least(low)(name, int(text))

    return rule


def is_base64(text: str) -> bool:
    """Whether the text is what Go's ``base64.StdEncoding`` decodes."""
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def base64_text(name: str, value: Any) -> list[str]:  # noqa: ANN401
    """``verify.ValidBase64String``, without the value."""
    return [] if is_base64(str(value)) else [f'"{name}" must be base64-encoded']


def base64_user_data(name: str, value: Any) -> list[str]:  # noqa: ANN401
    """Check what ``aws_instance`` checks itself, in its own words."""
    return [] if is_base64(str(value)) else [f"{name}: must be base64-encoded"]


def attribute_between(low: int, high: int) -> Rule:
    """``int64validator.Between`` of resources made with the newer plugin framework."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        if low <= value <= high:
            return []
        return [f"Invalid Attribute Value. Attribute {name} value must be between {low} and {high}, got: {value}"]

    return rule

"""How a provider words the refusal of inputs, and what it converts without a word.

The base class speaks as the Terraform bridge does: https://github.com/pulumi/pulumi-terraform-bridge
pkg/tfbridge/typechecker/typechecker.go and pkg/tfbridge/check_failures.go, commit 59de6c6 of 2026-08-05.
"""

from __future__ import annotations

import json

_PLAIN: dict[type, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


class Words:
    """The words of the Terraform bridge."""

    converts: bool = True
    """Whether numbers in texts are taken as numbers, and the reverse."""

    def unexpected(self, where: str, key: str) -> str:
        """The SDK has no such property."""
        return f"an unexpected argument \"{key}\" was provided. Examine values at '{where}'."

    def missing(self, path: str) -> str:
        """A property that must be given is not."""
        return f"Missing required property '{path}'"

    def mismatch(self, where: str, path: str, expected: str, value: object) -> str:  # noqa: ARG002
        """A value is of another type."""
        return f"expected {expected} type, got {preview(value)} of type {kind(value)}. Examine values at '{where}'."

    def not_one_of(self, where: str, path: str, value: object) -> str:  # noqa: ARG002
        """A value is of none of the types that are possible."""
        return f"no accepted type fits {preview(value)} of type {kind(value)}. Examine values at '{where}'."

    def not_listed(self, where: str, path: str, value: object, good: list[object]) -> str:
        """A value is not in a closed enumeration."""
        listed = " ".join(json.dumps(choice) for choice in good)
        return f"expected {path} to be one of [{listed}], got {value}. Examine values at '{where}'."


BRIDGE = Words()


def name_of(member: type) -> str:
    """Name a scalar type as JSON schema does."""
    return _PLAIN[member]


def kind(value: object) -> str:
    """Name the type of a value as the bridge does."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "number"
    return "object" if isinstance(value, dict) else "[]"


def preview(value: object) -> str:
    """Show a value where it cannot be a secret: the engine opens secrets before it asks, and a text could be one."""
    return json.dumps(value) if isinstance(value, bool | int | float) else "a value"

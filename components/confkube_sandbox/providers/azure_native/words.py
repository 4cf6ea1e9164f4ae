"""How pulumi-azure-native words the refusal of inputs.

Source of texts: github.com/pulumi/pulumi-azure-native provider/pkg/provider/provider.go (Check, validateType,
validateProperty) at 006a62afe453, read on 2026-11-25. The real provider passes over unknown properties, booleans of
the wrong type and values outside an enumeration; here they are refused, in words of our own, since the SDK of every
language refuses them too.
"""

from __future__ import annotations

import json

from confkube_sandbox.providers.words import Words

_LOCATION = ". Either set it explicitly or configure it with 'pulumi config set azure-native:location <value>'."


class AzureWords(Words):
    """The words of pulumi-azure-native, which converts nothing."""

    converts = False

    def unexpected(self, where: str, key: str) -> str:
        """The SDK has no such property."""
        return f"the sandbox knows no property '{key}' here: '{where}'"

    def missing(self, path: str) -> str:
        """A property that must be given is not."""
        return f"missing required property '{path}'{_LOCATION if path == 'location' else ''}"

    def mismatch(self, where: str, path: str, expected: str, value: object) -> str:  # noqa: ARG002
        """A value is of another type."""
        return f"'{path}' should be of type '{expected}' but got {_article(value)}"

    def not_one_of(self, where: str, path: str, value: object) -> str:  # noqa: ARG002
        """A value is of none of the types that are possible."""
        return f"'{path}' is of none of the types that the sandbox knows for it: got {_article(value)}"

    def not_listed(self, where: str, path: str, value: object, good: list[object]) -> str:  # noqa: ARG002
        """A value is not in a closed enumeration."""
        listed = ", ".join(json.dumps(choice) for choice in good)
        return f"'{path}' is none of the values that the sandbox knows for it: {listed}"


WORDS = AzureWords()


def _article(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, int | float):
        return "a number"
    return "an array" if isinstance(value, list) else "an object"

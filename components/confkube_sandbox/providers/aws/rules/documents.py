"""Rules for JSON documents.

What is wrong is said without the document. Python words it, where the real provider's Go library would.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confkube_sandbox.providers.terraform.schema import Rule


class _RepeatedError(ValueError):
    """A key stands twice in one object."""


def json_text(name: str, value: Any) -> list[str]:  # noqa: ANN401
    """``validation.StringIsJSON``; the empty text is let through."""
    try:
        json.loads(str(value) or "null")
    except ValueError as error:
        return [f'"{name}" contains an invalid JSON: {error}']
    return []


def iam_policy(largest: int) -> Rule:
    """``verify.ValidIAMPolicyJSON``: an object without repeated keys and not above the quota."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        text = str(value)
        if not text:
            return [f'"{name}" is an empty string, which is not a valid JSON value']
        if text[0] != "{":
            return [f'"{name}" contains an invalid JSON policy: {_no_object(text)}']
        try:
            policy = json.loads(text, object_pairs_hook=_unique)
        except _RepeatedError as error:
            return [f'"{name}" contains duplicate JSON keys: {error}']
        except ValueError as error:
            return [f'"{name}" contains an invalid JSON policy: {error}']
        size = len(json.dumps(policy, separators=(",", ":"), ensure_ascii=False).encode())
        if size > largest:
            return [f"Cannot exceed quota for PolicySize: {largest} (actual: {size})"]
        return []

    return rule


def _no_object(text: str) -> str:
    if text[0] in " \t\r\n":
        return "leading space characters are not allowed"
    if text[0] == '"':
        return f"contains a JSON-encoded string, not a JSON-encoded object{_hint(text)}"
    return "contains a JSON array, not a JSON object" if text[0] == "[" else "not a JSON object"


def _hint(text: str) -> str:
    try:
        content = json.loads(text)
    except ValueError:
        return ""
    if str(content).endswith(".json"):
        return " (have you passed a JSON-encoded filename instead of the content of that file?)"
    return "" if json_text("", content) else " (have you double-encoded your JSON data?)"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _RepeatedError(f'duplicate key "{key}"')
        found[key] = value
    return found

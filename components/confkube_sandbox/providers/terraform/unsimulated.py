"""Refusing what the real provider does and the sandbox does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers import diff
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.terraform.places import covers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


def properties(token: str, paths: Iterable[str]) -> list[CheckFailure]:
    """Refuse inputs of a type that the sandbox does not act on."""
    return [
        CheckFailure(property=path, reason=f"the sandbox does not simulate {token} property {path!r}") for path in paths
    ]


def changes(
    operations: Collection[str],
    token: str,
    needs: Mapping[str, str],
    old: Mapping[str, Any],
    new: Mapping[str, Any],
) -> list[CheckFailure]:
    """Refuse changes in place that the simulated cloud cannot make.

    Args:
        operations: What the simulated cloud lacks.
        token: The resource type.
        needs: Property path to the operation that changes it; ``[*]`` stands for any list element.
        old: The inputs of the last update.
        new: The inputs wanted now.
    """
    lacking = {path: operation for path, operation in needs.items() if operation in operations}
    if not lacking or not old:
        return []
    found = diff.compare(token, old, new)
    if found.replaces:
        return []
    return [
        CheckFailure(property=change.path, reason=wording(operation, f"changes {change.path!r} of a living object"))
        for change in found.changes
        for path, operation in lacking.items()
        if covers(path, change.path)
    ]


def wording(operation: str, purpose: str) -> str:
    """Word the refusal of an operation; ``purpose`` completes "the sandbox does not simulate X, which …"."""
    return f"the sandbox does not simulate {operation}, which {purpose}"


def member(name: object) -> CloudError:
    """Build the error for a part of the inputs that the cloud's own model does not have."""
    return CloudError(f"the sandbox does not simulate property {name!r} here", "NotSimulated")

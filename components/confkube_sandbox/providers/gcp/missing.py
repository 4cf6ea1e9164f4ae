"""Methods that the real provider uses and the simulated cloud lacks.

A change that needs one of them is refused when the program is checked, not half-way through an update. A test compares
this list with what the cloud serves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers import diff
from confkube_sandbox.providers.handler import CheckFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

METHODS = frozenset(
    {
        "compute.instanceGroups.setNamedPorts",
        "compute.instances.resume",
        "compute.instances.setMinCpuPlatform",
        "compute.instances.suspend",
        "compute.instances.update",
        "compute.instances.updateDisplayDevice",
        "compute.instances.updateNetworkInterface",
    }
)


def refusals(
    token: str, needs: Mapping[str, str], old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[CheckFailure]:
    """Refuse changes in place that the simulated cloud cannot make.

    Args:
        token: The resource type.
        needs: Property path to the method that changes it; ``[*]`` stands for any list element.
        old: The inputs of the last update.
        new: The inputs wanted now.
    """
    lacking = {path: method for path, method in needs.items() if method in METHODS}
    if not lacking or not old:
        return []
    found = diff.compare(token, old, new)
    if found.replaces:
        return []
    return [
        CheckFailure(property=change.path, reason=reason(method, f"changes {change.path!r} of a living object"))
        for change in found.changes
        for path, method in lacking.items()
        if covers(path, change.path)
    ]


def reason(method: str, purpose: str) -> str:
    """Word a refusal; ``purpose`` completes "the sandbox does not simulate X, which …"."""
    return f"the sandbox does not simulate {method}, which {purpose}"


def covers(pattern: str, path: str) -> bool:
    """Whether a concrete path is what a pattern names, or inside of it."""
    general = re.sub(r"\[\d+\]", "[*]", path)
    return general == pattern or general.startswith((f"{pattern}.", f"{pattern}["))

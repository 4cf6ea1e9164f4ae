"""Operations that the real provider uses and the simulated cloud lacks.

A change that needs one of them is refused when the program is checked, not half-way through an update. A test compares
this list with what the cloud serves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers import diff
from confkube_sandbox.providers.handler import CheckFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

OPERATIONS = frozenset(
    {
        "AssignPrivateIpAddresses",
        "DeleteRolePermissionsBoundary",
        "DescribeVolumesModifications",
        "ModifyInstanceCreditSpecification",
        "ModifyInstanceMaintenanceOptions",
        "ModifyNetworkInterfaceAttribute",
        "ModifyPrivateDnsNameOptions",
        "ModifyVolume",
        "ModifyVpcTenancy",
        "MonitorInstances",
        "PutRolePermissionsBoundary",
        "StartInstanceRefresh",
        "UnassignPrivateIpAddresses",
        "UnmonitorInstances",
    }
)


def refusals(
    token: str, needs: Mapping[str, str], old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[CheckFailure]:
    """Refuse changes in place that the simulated cloud cannot make.

    Args:
        token: The resource type.
        needs: Property path to the operation that changes it.
        old: The inputs of the last update.
        new: The inputs wanted now.
    """
    lacking = {path: operation for path, operation in needs.items() if operation in OPERATIONS}
    if not lacking or not old:
        return []
    found = diff.compare(token, old, new)
    if found.replaces:
        return []
    return [
        CheckFailure(property=change.path, reason=reason(operation, f"changes {change.path!r} of a living object"))
        for change in found.changes
        for path, operation in lacking.items()
        if change.path == path or change.path.startswith((f"{path}.", f"{path}["))
    ]


def reason(operation: str, purpose: str) -> str:
    """Word a refusal; ``purpose`` completes "the sandbox does not simulate X, which …"."""
    return f"the sandbox does not simulate {operation}, which {purpose}"

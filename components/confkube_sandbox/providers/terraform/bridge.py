"""What Pulumi's bridge adds to the words of a Terraform provider.

Source: https://github.com/pulumi/pulumi-terraform-bridge pkg/tfbridge/check_failures.go at 59de6c661df1 (2026-08-05).
"""

from __future__ import annotations

from confkube_sandbox.providers.handler import CheckFailure


def located(failure: CheckFailure, name: str) -> CheckFailure:
    """Add where to look, unless the failure is about the resource as a whole; ``name`` is the resource's."""
    if not failure.property:
        return failure
    return CheckFailure(property=failure.property, reason=examine(failure.reason, name, failure.property))


def examine(reason: str, name: str, path: str) -> str:
    """Word where to look."""
    return f"{reason}. Examine values at '{name}.{path}'."

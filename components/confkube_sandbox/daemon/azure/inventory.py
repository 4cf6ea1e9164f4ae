"""What is alive in an account, as ids: the measure of whether a teardown left anything behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Memory, Resource
    from confkube_sandbox.daemon.cloud import Found


def resources(memory: Memory, account: str | None = None) -> list[Found]:
    """List (account, kind, id) of everything that lives; soft-deleted vaults do not."""
    return sorted(
        (each.account, each.kind.label, _place(memory, each))
        for each in memory.resources.values()
        if each.kind.label and (account is None or each.account == account.lower())
    )


def _place(memory: Memory, resource: Resource) -> str:
    """Return ``<location>/<group>/<name>``; the name of a nested resource starts with its parent's."""
    parts = resource.id.split("/")
    if resource.type == "Microsoft.Resources/resourceGroups":
        return f"{resource.location}/{resource.name}"
    if "/providers/microsoft.authorization/" in resource.id.lower():
        return f"{resource.id.rpartition('/providers/')[0].removeprefix('/')}/{resource.name}"
    parent = memory.get("/".join(parts[:9]))
    location = resource.location or (parent.location if parent else "")
    return f"{location}/{resource.group}/{'/'.join(parts[8::2])}"

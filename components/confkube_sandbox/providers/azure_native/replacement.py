"""What the facts cannot say of a difference, because only the values tell.

After applyAzureSpecificDiff, calculateValueDiff and calculateChangesAndReplacements in
provider/pkg/provider/diff.go of github.com/pulumi/pulumi-azure-native (v2 module, file of 19195 characters), and Diff
in provider.go at 006a62afe453; both read on 2026-11-25. Not simulated: an added property that has its specification's
default value is no change there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from confkube_sandbox.providers.azure_native.naming import CREATE_FIRST

if TYPE_CHECKING:
    from confkube_sandbox.providers.diff import Change, Difference
    from confkube_sandbox.providers.handler import Properties


def settle(found: Difference, old: Properties, new: Properties, outputs: Properties) -> None:
    """Correct a difference in place."""
    found.changes = [
        _weakened(change, new, outputs) for change in found.changes if not _same_spelling(change.path, old, new)
    ]
    # The real provider deletes first unless the name is a random one.
    found.delete_first = bool(found.replaces) and not old.get(CREATE_FIRST)


def _same_spelling(path: str, old: Properties, new: Properties) -> bool:
    before, after = old.get(path), new.get(path)
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    if path == "resourceGroupName":
        return before.lower() == after.lower()
    return path == "location" and _plain(before) == _plain(after)


def _plain(location: str) -> str:
    return location.lower().replace(" ", "")


def _weakened(change: Change, new: Properties, outputs: Properties) -> Change:
    """Take back a replacement that the real provider does not make."""
    if change.effect != "replace" or change.kind == "UPDATE":
        return change
    inside = "." in change.path or "[" in change.path
    known = change.kind == "ADD" and change.path in outputs and outputs[change.path] == new.get(change.path)
    return replace(change, effect="update") if inside or known else change

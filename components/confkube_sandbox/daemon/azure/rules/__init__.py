"""Every rule of the simulated Azure."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure.rules import (
    addresses,
    arm,
    assignments,
    bastions,
    capacity,
    changes,
    confidential,
    credentials,
    galleries,
    images,
    in_use,
    interfaces,
    logins,
    machines,
    networks,
    references,
    roles,
    scale_sets,
    security_rules,
    storage,
    vaults,
)
from confkube_sandbox.daemon.rules import Rule, collect

if TYPE_CHECKING:
    from types import ModuleType

    from confkube_sandbox.daemon.azure.context import Call

_MODULES: tuple[ModuleType, ...] = (
    arm,
    references,
    in_use,
    networks,
    security_rules,
    addresses,
    bastions,
    interfaces,
    machines,
    scale_sets,
    logins,
    confidential,
    images,
    changes,
    capacity,
    assignments,
    roles,
    credentials,
    vaults,
    galleries,
    storage,
)
ARM = "arm"


@cache
def rules() -> tuple[Rule, ...]:
    """Return all rules, in the order in which they are applied."""
    return collect(_MODULES)


@cache
def rules_for(service: str, names: frozenset[str]) -> tuple[Rule, ...]:
    """Return the rules of a service that look at one of the operations."""
    return tuple(each for each in rules() if each.service == service and each.operations & names)


def apply(call: Call, disabled: frozenset[str], *, arm: bool = False) -> None:
    """Apply the rules of Resource Manager itself, or those of the resource provider."""
    service = ARM if arm else call.kind.service
    names = {call.method} if arm else {call.operation}
    if call.method == "PATCH" and not arm:
        # What is changed in part has to be as right as a whole.
        names.add(f"{call.kind.operations}_CreateOrUpdate")
    for each in rules_for(service, frozenset(names)):
        if each.name not in disabled:
            each.check(call)

"""Every rule of the simulated AWS."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.aws.rules import (
    addresses,
    attachments,
    confidential,
    identities,
    imports,
    instances,
    interfaces,
    launches,
    machines,
    network,
    routing,
    scaling,
    secrets,
    security,
    storage,
    tags,
    users,
    visibility,
)
from confkube_sandbox.daemon.rules import Rule, collect

if TYPE_CHECKING:
    from types import ModuleType

_MODULES: tuple[ModuleType, ...] = (
    visibility,
    network,
    routing,
    security,
    addresses,
    launches,
    attachments,
    confidential,
    machines,
    instances,
    interfaces,
    storage,
    imports,
    tags,
    scaling,
    identities,
    users,
    secrets,
)


@cache
def rules() -> tuple[Rule, ...]:
    """Return all rules, in the order in which they are applied."""
    return collect(_MODULES)


@cache
def rules_for(service: str, operation: str) -> tuple[Rule, ...]:
    """Return the rules that look at one operation."""
    return tuple(each for each in rules() if each.service == service and operation in each.operations)

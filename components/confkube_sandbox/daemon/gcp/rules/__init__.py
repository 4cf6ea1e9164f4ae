"""Every rule of the simulated Google Cloud."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.rules import (
    account_keys,
    accounts,
    addresses,
    changes,
    conditions,
    confidential,
    disks,
    firewalls,
    groups,
    images,
    interfaces,
    machines,
    marks,
    networks,
    policies,
    quotas,
    roles,
    routers,
    secrets,
    tags,
    targets,
    usage,
)
from confkube_sandbox.daemon.rules import Rule, collect

if TYPE_CHECKING:
    from types import ModuleType

_MODULES: tuple[ModuleType, ...] = (
    targets,
    marks,
    networks,
    firewalls,
    routers,
    addresses,
    machines,
    interfaces,
    disks,
    confidential,
    changes,
    groups,
    usage,
    images,
    accounts,
    account_keys,
    roles,
    tags,
    policies,
    conditions,
    secrets,
    quotas,
)


@cache
def rules() -> tuple[Rule, ...]:
    """Return all rules, in the order in which they are applied."""
    return collect(_MODULES)


@cache
def rules_for(service: str, operation: str) -> tuple[Rule, ...]:
    """Return the rules that look at one operation."""
    return tuple(each for each in rules() if each.service == service and operation in each.operations)

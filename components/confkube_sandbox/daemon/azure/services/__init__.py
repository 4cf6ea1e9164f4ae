"""The behaviour of the resource types, by type."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure.services import (
    addresses,
    images,
    machines,
    network,
    roles,
    scale_sets,
    storage,
    vaults,
)
from confkube_sandbox.daemon.azure.services.base import Effects

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODULES = (network, addresses, machines, scale_sets, vaults, images, storage, roles)
EFFECTS: Mapping[str, Effects] = MappingProxyType({each.type: each for module in _MODULES for each in module.EFFECTS})


def effects(kind: str) -> Effects:
    """Return the behaviour of a type; one without any of its own is only stored."""
    return EFFECTS.get(kind) or Effects(type=kind)

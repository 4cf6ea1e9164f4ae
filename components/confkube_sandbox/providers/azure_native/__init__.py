"""Azure as pulumi-azure-native poses it, done with the official SDK's pipeline against the simulated cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.azure_native.blobs import Blob
from confkube_sandbox.providers.azure_native.connection import look
from confkube_sandbox.providers.azure_native.kinds import KINDS
from confkube_sandbox.providers.azure_native.lookups import GetClientConfig, GetResourceGroup
from confkube_sandbox.providers.azure_native.resource import SDK, Resource
from confkube_sandbox.providers.azure_native.vault_secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from confkube_sandbox.home import SandboxHome
    from confkube_sandbox.providers.handler import FunctionHandler, ResourceHandler

__all__ = ["SDK", "configure", "functions", "handlers"]


def handlers() -> Iterable[ResourceHandler]:
    """All resource types."""
    special = {"secret": Secret, "blob": Blob}
    return tuple(special.get(kind.special, Resource)(kind) for kind in KINDS)


def functions() -> Iterable[FunctionHandler]:
    """All functions."""
    return (GetClientConfig(), GetResourceGroup())


def configure(config: Mapping[str, Any], home: SandboxHome) -> None:
    """Make sure that the simulated cloud runs before the first call needs it."""
    look(home, config)

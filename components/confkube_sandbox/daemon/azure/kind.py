"""What is known of a resource type, and the API versions of resource providers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure import shapes

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.shapes import Shape

# The version of the installed SDK and the default of pulumi-azure-native 3.29.0, of each type.
NETWORK_VERSIONS = ("2026-03-01", "2024-05-01")
COMPUTE_VERSIONS = ("2026-04-01", "2024-11-01")
VAULT_VERSIONS = ("2026-05-15", "2024-11-01")
GALLERY_VERSIONS = ("2026-03-03", "2024-03-03")
STORAGE_VERSIONS = ("2026-09-01", "2024-01-01")


@dataclass(frozen=True, kw_only=True)
class Names:
    """What a name of the type may look like.

    https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
    """

    pattern: str
    least: int = 1
    most: int = 80

    def allow(self, name: str) -> bool:
        """Whether a name is valid."""
        return self.least <= len(name) <= self.most and re.fullmatch(self.pattern, name) is not None


NETWORK_NAMES = Names(pattern=r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_])?")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A resource type."""

    type: str
    operations: str
    """The operation group, which names operations: ``VirtualMachines`` gives ``VirtualMachines_CreateOrUpdate``."""
    versions: tuple[str, ...]
    package: str
    model: str = ""
    """Model of what is put; empty where nothing can be put."""
    patch: str = ""
    label: str = ""
    """Its kind in the inventory; empty for what is part of something else."""
    names: Names = NETWORK_NAMES
    tracked: bool = True
    """Whether it has a location and tags of its own."""
    create: float = 0
    """Simulated seconds; 0 for what answers at once."""
    delete: float = 0
    creating: str = "Creating"
    created: int = 201
    """Status of the answer to a request that makes one."""
    methods: frozenset[str] = frozenset({"PUT", "GET", "DELETE"})
    listed: frozenset[str] = frozenset({"group", "subscription"})
    """Where it can be listed: ``group``, ``subscription``, ``parent``."""
    zonal: bool = False

    @property
    def namespace(self) -> str:
        """The resource provider."""
        return self.type.partition("/")[0]

    @property
    def short(self) -> str:
        """The type without its resource provider."""
        return self.type.partition("/")[2]

    @property
    def service(self) -> str:
        """The name under which rules speak of the resource provider."""
        return self.namespace.partition(".")[2].lower()

    @property
    def parent(self) -> str:
        """The type that this one is nested in; empty if there is none."""
        return self.type.rpartition("/")[0] if self.type.count("/") > 1 else ""

    def shape(self, *, patch: bool = False) -> Shape:
        """Return the official model of a body."""
        return shapes.shape(shapes.model(self.package, self.patch if patch else self.model))

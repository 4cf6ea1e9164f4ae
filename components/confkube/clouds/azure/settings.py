"""The ``platform.azure`` block."""

import re
from dataclasses import dataclass
from typing import Annotated

from confkube import facts

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_GROUP = re.compile(r"[A-Za-z0-9_.()-]{0,89}[A-Za-z0-9_()-]")
"""https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules, 2026-11-25."""


def _region(name: str) -> None:
    facts.region("azure", name)


def _guid(text: str) -> None:
    if not _GUID.fullmatch(text):
        raise ValueError(f"{text!r} is not an id; `az account show` tells it, 32 lower-case hexadecimal digits")


def _group(name: str) -> None:
    if not _GROUP.fullmatch(name):
        raise ValueError(
            f"{name!r} is not the name of a resource group; use at most 90 letters, digits and . _ - ( ), no dot last"
        )


@dataclass(frozen=True, kw_only=True)
class AzureSettings:
    """Where on Azure."""

    subscription: Annotated[str, _guid]
    tenant: Annotated[str, _guid]
    location: Annotated[str, _region]
    zone: str | None = None
    resource_group: Annotated[str, _group] | None = None
    bastion: bool = True

    def __post_init__(self) -> None:
        if self.zone is None:
            return
        numbers = [each.rpartition("-")[2] for each in facts.zones("azure", self.location)]
        if self.zone not in numbers:
            good = f"choose one of {', '.join(numbers)}, or leave it out" if numbers else "leave it out"
            raise ValueError(f"zone {self.zone!r} is not an availability zone of {self.location}; {good}")

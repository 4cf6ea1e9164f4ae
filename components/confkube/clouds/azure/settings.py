"""The ``platform.azure`` block."""

import re
from dataclasses import dataclass
from typing import Annotated

from confkube import facts

ZONES = ("1", "2", "3")
"""How Azure counts the availability zones of a region; each subscription has its own numbering of the buildings.
Source: https://learn.microsoft.com/azure/reliability/availability-zones-overview, 2026-11-25."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_GROUP = re.compile(r"[A-Za-z0-9_.()-]{0,89}[A-Za-z0-9_()-]")
"""https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules, 2026-11-25."""


def _region(name: str) -> None:
    facts.region("azure", name)


def _zone(number: str) -> None:
    if number not in ZONES:
        raise ValueError(f"{number!r} is not an availability zone; choose one of {', '.join(ZONES)}, or leave it out")


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
    zone: Annotated[str, _zone] | None = None
    resource_group: Annotated[str, _group] | None = None
    bastion: bool = True

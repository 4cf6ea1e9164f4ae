"""Regions and their availability zones.

Names and zones after https://learn.microsoft.com/azure/reliability/regions-list, written from general knowledge on
2026-11-25. Which region offers a confidential size is a fact of ``confkube.facts``.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure.context import normal_location

if TYPE_CHECKING:
    from collections.abc import Mapping

_WITH_ZONES = (
    "Australia East",
    "Brazil South",
    "Canada Central",
    "Central India",
    "Central US",
    "East Asia",
    "East US",
    "East US 2",
    "France Central",
    "Germany West Central",
    "Israel Central",
    "Italy North",
    "Japan East",
    "Japan West",
    "Korea Central",
    "Mexico Central",
    "New Zealand North",
    "North Europe",
    "Norway East",
    "Poland Central",
    "Qatar Central",
    "South Africa North",
    "South Central US",
    "Southeast Asia",
    "Spain Central",
    "Sweden Central",
    "Switzerland North",
    "UAE North",
    "UK South",
    "West Europe",
    "West US 2",
    "West US 3",
)
_WITHOUT_ZONES = (
    "Australia Southeast",
    "Canada East",
    "Korea South",
    "North Central US",
    "South India",
    "UK West",
    "West Central US",
    "West India",
    "West US",
)
REGIONS: Mapping[str, str] = MappingProxyType(
    {normal_location(each): each for each in sorted((*_WITH_ZONES, *_WITHOUT_ZONES))}
)
"""Name to display name."""
_ZONAL = frozenset(normal_location(each) for each in _WITH_ZONES)


def zones(location: str) -> tuple[str, ...]:
    """Return the zones of a region; none where it has none."""
    return ("1", "2", "3") if location in _ZONAL else ()

"""How Compute Engine's resources are named: full and partial addresses to keys and back."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.model import GLOBAL, Key

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = "https://www.googleapis.com/compute/v1/"
_HOSTS = re.compile(r"https://(?:www\.googleapis\.com/compute|compute\.googleapis\.com/compute)/(?:v1|beta|alpha)/")
_PLACED = re.compile(r"(?:projects/([^/]+)/)?(?:(global)|(?:zones|regions)/([^/]+))/(\w+)/([-a-z0-9]+)")
_PLACE = re.compile(r"(?:projects/([^/]+)/)?(zones|regions)/([^/]+)")

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "networks": "network",
        "subnetworks": "subnetwork",
        "firewalls": "firewall",
        "routers": "router",
        "routes": "route",
        "addresses": "address",
        "disks": "disk",
        "images": "image",
        "instances": "instance",
        "instanceTemplates": "instance_template",
        "instanceGroupManagers": "instance_group_manager",
        "instanceGroups": "instance_group",
    }
)
"""Collection -> its singular, as error texts write it."""


def short(project: str, key: Key) -> str:
    """Return the address below the root, as error texts have it."""
    return f"projects/{project}/{place_path(key.place)}/{key.collection}/{key.name}"


def full(project: str, key: Key) -> str:
    """Return the complete address (selfLink)."""
    return ROOT + short(project, key)


def place_path(place: str) -> str:
    """Return ``global``, ``regions/<region>`` or ``zones/<zone>``."""
    if place == GLOBAL:
        return place
    return f"zones/{place}" if is_zone(place) else f"regions/{place}"


def is_zone(place: str) -> bool:
    """Whether a place is a zone: those end with a single letter."""
    return re.fullmatch(r"[a-z]+-[a-z]+[0-9]+-[a-z]", place) is not None


def region_of(zone: str) -> str:
    """Return the region that a zone lies in."""
    return zone.rpartition("-")[0]


def strip(text: str) -> str:
    """Take the host and the version from an address."""
    return _HOSTS.sub("", text, count=1).removeprefix("/")


def parse(text: str) -> tuple[str, Key] | None:
    """Read a full or partial address; the project is empty where none is named. None for anything else."""
    found = _PLACED.fullmatch(strip(text))
    if found is None:
        return None
    return found[1] or "", Key(found[4], found[2] or found[3], found[5])


def parse_place(text: str) -> str | None:
    """Return the zone or region that an address names."""
    found = _PLACE.fullmatch(strip(text))
    return found[3] if found else None

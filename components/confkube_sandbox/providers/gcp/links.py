"""Addresses of resources: full (``https://…/projects/…``), relative (``projects/…``) or only a name.

https://github.com/hashicorp/terraform-provider-google-beta tpgresource/self_link_helpers.go and
tpgresource/field_helpers.go at 93c65b2d60fe.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.connection import Connection

_PLURALS = {"zone": "zones", "region": "regions"}


def name_of(link: str) -> str:
    """Return the last part of an address (GetResourceNameFromSelfLink)."""
    return link.rpartition("/")[2]


def relative(link: str) -> str:
    """Return an address without what comes before its project (GetRelativePath)."""
    _, found, rest = link.partition("projects/")
    return f"projects/{rest}" if found else link


def same(old: object, new: object) -> bool:
    """Whether two addresses mean the same; the new one may be only a name (CompareSelfLinkOrResourceName)."""
    if not isinstance(old, str) or not isinstance(new, str):
        return old == new
    if "/" not in new:
        return name_of(old) == new
    return relative(old) == relative(new)


def same_name(old: object, new: object) -> bool:
    """Whether two addresses end with the same name (CompareResourceNames)."""
    return isinstance(old, str) and isinstance(new, str) and name_of(old) == name_of(new)


def full(gcp: Connection, collection: str, value: object, place: str = "global") -> str | None:
    """Return a relative address for an input that may be a full address, a part of one, or only a name.

    Like the real provider, take anything else for a name: what comes after the last slash.

    Args:
        gcp: Knows the project, zone and region.
        collection: For example ``networks``.
        value: The input; None and the empty text give None.
        place: ``global``, ``region`` or ``zone``.
    """
    text = str(value or "")
    if not text:
        return None
    inside = "global" if place == "global" else rf"{_PLURALS[place]}/[^/]+"
    found = re.search(rf"(?:projects/([^/]+)/)?({inside})/{collection}/([^/]+)$", text)
    if found is not None:
        return f"projects/{found[1] or gcp.project}/{found[2]}/{collection}/{found[3]}"
    where = "global" if place == "global" else f"{_PLURALS[place]}/{getattr(gcp, place)}"
    return f"projects/{gcp.project}/{where}/{collection}/{name_of(text)}"

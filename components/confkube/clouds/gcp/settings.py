"""The ``platform.gcp`` block."""

import re
from dataclasses import dataclass
from typing import Annotated

from confkube import facts

_PROJECT = re.compile(r"[a-z]([a-z0-9-]{4,28}[a-z0-9])")
"""https://cloud.google.com/resource-manager/docs/creating-managing-projects, 2026-11-25."""


def _project(name: str) -> None:
    if not _PROJECT.fullmatch(name):
        raise ValueError(
            f"{name!r} is not a project id; it has 6 to 30 lower-case letters, digits and dashes, a letter first"
        )


def region_of(zone: str) -> str:
    """The region of a zone.

    Raises:
        Refusal: The zone is not known.
    """
    return facts.region_of("gcp", zone)


def _zone(name: str) -> None:
    region_of(name)


@dataclass(frozen=True, kw_only=True)
class GcpSettings:
    """Where on Google Cloud."""

    project: Annotated[str, _project]
    zone: Annotated[str, _zone]

    @property
    def region(self) -> str:
        """What the zone belongs to."""
        return region_of(self.zone)

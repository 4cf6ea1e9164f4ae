"""The platform block of the lab."""

from dataclasses import dataclass

PLACE = "this-computer"
"""Region and zone at once."""


@dataclass(frozen=True, kw_only=True)
class LabSettings:
    """Nothing can be chosen: there is one lab on this computer."""

"""The ``platform.aws`` block."""

from dataclasses import dataclass
from typing import Annotated

from confkube import facts


def region_of(zone: str) -> str:
    """The region of an Availability Zone.

    Raises:
        Refusal: The region or the zone is not known.
    """
    region = zone[:-1]
    facts.region("aws", region)
    facts.zone("aws", region, zone)
    return region


@dataclass(frozen=True, kw_only=True)
class AwsSettings:
    """Where on AWS."""

    zone: Annotated[str, region_of]

"""The ``platform.aws`` block."""

from typing import Annotated

import pydantic
from pydantic import AfterValidator

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


def _known(zone: str) -> str:
    region_of(zone)
    return zone


class AwsSettings(pydantic.BaseModel):
    """Where on AWS."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)

    zone: Annotated[str, AfterValidator(_known)]

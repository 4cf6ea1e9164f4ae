"""What confkube knows: one fact, one row, each with its source and the date it was read.

Capabilities, instance types, regions, pinned downloads and stock images are data; code asks here and knows nothing
itself. Only the standard library is used, so the command line, the library and the simulation can all ask.
"""

from confkube.facts.artifacts import addons, artifact, stock_image, stock_images, versions
from confkube.facts.capabilities import capabilities
from confkube.facts.machines import (
    instance_type,
    instance_types,
    region,
    region_of,
    region_table,
    regions,
    require_plain_type,
    require_type,
    types_with,
    zone,
    zones,
)
from confkube.facts.reading import FactsError
from confkube.facts.records import (
    Artifact,
    Cell,
    Cloud,
    Defaults,
    Gap,
    InstanceType,
    ModelNeeds,
    Need,
    OtherTee,
    Region,
    StockImage,
    Support,
)
from confkube.facts.support import (
    cell,
    cells,
    child_capable,
    clouds,
    defaults,
    gaps,
    known_tee,
    models,
    placed,
    require,
    supported,
)
from confkube.facts.validation import validate
from confkube.facts.words import GUARDED, MEANING, NO_TEE, PLACEMENTS, STATUSES, TEES

__all__ = [
    "GUARDED",
    "MEANING",
    "NO_TEE",
    "PLACEMENTS",
    "STATUSES",
    "TEES",
    "Artifact",
    "Cell",
    "Cloud",
    "Defaults",
    "FactsError",
    "Gap",
    "InstanceType",
    "ModelNeeds",
    "Need",
    "OtherTee",
    "Region",
    "StockImage",
    "Support",
    "addons",
    "artifact",
    "capabilities",
    "cell",
    "cells",
    "child_capable",
    "clouds",
    "defaults",
    "gaps",
    "instance_type",
    "instance_types",
    "known_tee",
    "models",
    "placed",
    "region",
    "region_of",
    "region_table",
    "regions",
    "require",
    "require_plain_type",
    "require_type",
    "stock_image",
    "stock_images",
    "supported",
    "types_with",
    "validate",
    "versions",
    "zone",
    "zones",
]

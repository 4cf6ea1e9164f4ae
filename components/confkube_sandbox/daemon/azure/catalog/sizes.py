"""VM sizes: what ``confkube.facts`` knows of them, and what Azure derives from a size's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from confkube import facts
from confkube_sandbox.daemon.azure.catalog.regions import REGIONS

_NAME = re.compile(r"Standard_([A-Z]+)(\d+)([a-z]*)((?:_cc)?)_v(\d)")
# Family names that are stated by https://github.com/Azure/karpenter-provider-azure (known_skus.yaml, 2026-06-18); the
# others follow the same pattern.
_FAMILIES = {
    "DCas_v5": "standardDCASv5Family",
    "DCads_v5": "standardDCADSv5Family",
    "ECas_v5": "standardECASv5Family",
    "ECads_v5": "standardECADSv5Family",
    "DCas_v6": "standardDCasv6Family",
    "ECas_v6": "standardECasv6Family",
    "DCes_v6": "standardDCEV6Family",
    "DCas_cc_v5": "standardDCACCV5Family",
    "Das_v5": "standardDASv5Family",
    "Ds_v5": "standardDSv5Family",
}


@dataclass(frozen=True, kw_only=True)
class Size:
    """A VM size."""

    name: str
    vcpus: int
    memory_gib: float
    tee: str
    """``SNP`` or ``TDX``; empty for a size that is not confidential."""
    family: str
    status: str
    regions: frozenset[str]
    accelerated: bool
    """Whether accelerated networking can be used."""
    local_disk: bool
    trusted: bool
    """Whether it makes machines with trusted launch; child-capable sizes do not (their pages, 2026-11-23)."""
    nvme: bool
    """Whether its disks are behind NVMe controllers alone, as of the series of version 6 (see ``sources.NVME``)."""

    def offered(self, location: str) -> bool:
        """Whether machines of the size can be made in a region.

        Previews need an approval and a quota, which no subscription has unless it asks for them; those of the sandbox
        have both, since what a stack allows by name is to be rehearsed here.
        """
        return location in self.regions


@cache
def sizes() -> dict[str, Size]:
    """Return every size by its name in lower case, without those that Azure has retired."""
    found: dict[str, Size] = {}
    for each in facts.instance_types("azure"):
        if each.status == "retired":
            continue
        matched = _NAME.fullmatch(each.name)
        letters, features, suffix, version = (matched[1], matched[3], matched[4], matched[5]) if matched else ("",) * 4
        series = f"{letters}{features}{suffix}_v{version}"
        tee = next(iter(each.tees), "").upper()
        found[each.name.lower()] = Size(
            name=each.name,
            vcpus=each.vcpu,
            memory_gib=each.memory_gib,
            tee=tee,
            family=_FAMILIES.get(series, f"standard{letters}{features}v{version}Family"),
            status=each.status,
            regions=each.regions if tee else frozenset(REGIONS),
            # "Accelerated Networking: Not supported" on the pages of DCasv5, ECasv5, DCasv6 and ECasv6.
            accelerated=tee != "SNP",
            local_disk="d" in features,
            trusted=not tee and not suffix,
            nvme=version == "6" and not suffix,
        )
    return found


def size(name: str) -> Size | None:
    """Return a size by its name."""
    return sizes().get(name.lower())

"""Machine families of Compute Engine: what the fact tables do not say about them.

Sizes with a TEE and zones with one come from the fact tables. The rest is recalled on 2026-11-25; to be checked at
https://cloud.google.com/compute/docs/machine-resource, https://cloud.google.com/compute/docs/regions-zones and
https://cloud.google.com/compute/docs/disks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from confkube import facts

if TYPE_CHECKING:
    from collections.abc import Mapping

_PD = frozenset({"pd-standard", "pd-balanced", "pd-ssd"})
_HYPER = frozenset({"hyperdisk-balanced", "hyperdisk-extreme", "hyperdisk-throughput"})
DISK_TYPES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "pd-standard": (10, 65_536),
        "pd-balanced": (10, 65_536),
        "pd-ssd": (10, 65_536),
        "hyperdisk-balanced": (4, 65_536),
        "hyperdisk-extreme": (64, 65_536),
        "hyperdisk-throughput": (2_048, 32_768),
    }
)
"""Disk type -> smallest and largest size in GiB."""


@dataclass(frozen=True, kw_only=True)
class Family:
    """A family of machine types."""

    name: str
    platforms: tuple[str, ...]
    """CPU platforms that can be asked for, oldest first; none where none can be named."""
    disks: frozenset[str]
    vcpus: tuple[int, ...] = ()
    """Sizes of the standard series beyond those of the fact tables."""
    gib_per_vcpu: float = 4.0
    own_quota: bool = True
    """Whether its vCPUs count against a quota of its own in place of ``CPUS``."""
    nested: bool = False
    sev: bool = False

    @property
    def metric(self) -> str:
        """The quota that its vCPUs count against in a region."""
        return f"{self.name.upper()}_CPUS" if self.own_quota else "CPUS"


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        each.name: each
        for each in (
            Family(name="e2", platforms=(), disks=_PD, vcpus=(2, 4, 8, 16, 32), own_quota=False),
            Family(
                name="n1",
                platforms=(
                    "Intel Sandy Bridge",
                    "Intel Ivy Bridge",
                    "Intel Haswell",
                    "Intel Broadwell",
                    "Intel Skylake",
                ),
                disks=_PD,
                vcpus=(1, 2, 4, 8, 16, 32, 64, 96),
                gib_per_vcpu=3.75,
                own_quota=False,
                nested=True,
            ),
            Family(
                name="n2",
                platforms=("Intel Cascade Lake", "Intel Ice Lake"),
                disks=_PD | {"hyperdisk-extreme", "hyperdisk-throughput"},
                vcpus=(2, 4, 8, 16, 32, 48, 64, 80, 96, 128),
                nested=True,
            ),
            Family(
                name="n2d",
                platforms=("AMD Rome", "AMD Milan"),
                disks=_PD | {"hyperdisk-throughput"},
                vcpus=(2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224),
                sev=True,
            ),
            Family(
                name="c2d",
                platforms=("AMD Milan",),
                disks=_PD,
                vcpus=(2, 4, 8, 16, 32, 56, 112),
                sev=True,
            ),
            Family(
                name="c3",
                platforms=("Intel Sapphire Rapids",),
                disks=frozenset({"pd-balanced", "pd-ssd"}) | _HYPER,
                vcpus=(4, 8, 22, 44, 88, 176),
                nested=True,
            ),
            Family(
                name="c4",
                platforms=("Intel Emerald Rapids", "Intel Granite Rapids"),
                disks=frozenset({"hyperdisk-balanced", "hyperdisk-extreme"}),
                vcpus=(2, 4, 8, 16, 32, 48, 96, 192),
                gib_per_vcpu=3.75,
            ),
        )
    }
)
_C4_REGIONS = ("us-central1", "us-east1", "us-east4", "us-west1", "europe-west4", "asia-southeast1")
# Zones in which no TEE is offered are not in the fact tables.
_OTHER_ZONES: Mapping[str, str] = MappingProxyType(
    {
        "asia-northeast1": "ac",
        "asia-south1": "ac",
        "europe-west9": "c",
        "us-central1": "f",
        "us-east1": "b",
        "us-east4": "b",
        "us-east5": "a",
        "us-west1": "c",
        "europe-west1": "bcd",
        "europe-north1": "abc",
    }
)


@dataclass(frozen=True)
class MachineType:
    """A size."""

    name: str
    vcpu: int
    memory_mib: int
    family: Family
    tees: frozenset[str] = field(default_factory=frozenset)
    local_ssd: bool = False


@cache
def regions() -> Mapping[str, tuple[str, ...]]:
    """Return every region with its zones."""
    found = {name: set(facts.zones("gcp", name)) for name in facts.regions("gcp")}
    for name, letters in _OTHER_ZONES.items():
        found.setdefault(name, set()).update(f"{name}-{letter}" for letter in letters)
    return {name: tuple(sorted(zones)) for name, zones in sorted(found.items())}


@cache
def zones() -> frozenset[str]:
    """Return every zone."""
    return frozenset(each for held in regions().values() for each in held)


@cache
def machine_types() -> Mapping[str, MachineType]:
    """Return every size by its name."""
    found: dict[str, MachineType] = {}
    for family in FAMILIES.values():
        for count in family.vcpus:
            name = f"{family.name}-standard-{count}"
            found[name] = MachineType(name, count, int(count * family.gib_per_vcpu * 1024), family)
    for count in (4, 8, 22, 44, 88, 176):
        name = f"c3-standard-{count}-lssd"
        found[name] = MachineType(name, count, count * 4096, FAMILIES["c3"], local_ssd=True)
    for each in facts.instance_types("gcp"):
        family = FAMILIES[each.name.partition("-")[0]]
        found[each.name] = MachineType(each.name, each.vcpu, int(each.memory_gib * 1024), family, each.tees)
    return found


def offered(family: Family, zone: str) -> bool:
    """Whether a family is offered in a zone.

    C3 is taken to be where the fact tables offer TDX, since no source says where else.
    """
    if family.name == "c3":
        return zone in tee_zones("tdx")
    if family.name == "c4":
        return zone.rpartition("-")[0] in _C4_REGIONS
    return True


@cache
def tee_zones(tee: str) -> frozenset[str]:
    """Return the zones in which a TEE is offered."""
    return frozenset(zone for name in facts.regions("gcp", tee) for zone in facts.zones("gcp", name, tee))

"""How many cores and machines are in use in a region, and where there is no room left."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure.catalog import sizes
from confkube_sandbox.daemon.azure.services import links

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.azure.catalog.sizes import Size
    from confkube_sandbox.daemon.azure.context import Call, Memory
    from confkube_sandbox.daemon.settings import Capacity

_GUIDANCE = "Read more about improving likelihood of allocation success at http://aka.ms/allocation-guidance"


@dataclass(frozen=True)
class Machine:
    """A machine that takes room: its own id, or that of its scale set."""

    owner: str
    size: Size
    location: str
    zone: str


def machines(memory: Memory, account: str | None = None) -> Iterator[Machine]:
    """Yield every machine and every instance of a scale set."""
    for each in memory.of_type(links.VM, account):
        size = sizes.size(str(each.at("properties.hardwareProfile.vmSize")))
        if size is not None:
            yield Machine(each.id, size, each.location, next(iter(each.rows("zones")), ""))
    for each in memory.of_type(links.SET, account):
        size = sizes.size(str(each.at("sku.name")))
        for instance in memory.children(each, links.INSTANCE):
            if size is not None:
                yield Machine(each.id, size, each.location, next(iter(instance.rows("zones")), ""))


def cores(memory: Memory, account: str, location: str) -> Counter[str]:
    """Count the cores in use of each family in a region, and of all under an empty name."""
    found: Counter[str] = Counter()
    for each in machines(memory, account):
        if each.location == location:
            found[each.size.family] += each.size.vcpus
            found[""] += each.size.vcpus
    return found


def restricted(call: Call, size: Size, zones: list[str]) -> bool:
    """Whether a region or zone takes no machine of a size at all."""
    return any(each.count == 0 for each in _limits(call, size, zones))


def shortage(call: Call, size: Size, zones: list[str], count: int) -> tuple[str, str] | None:
    """Return with what an allocation fails, None where there is room."""
    for limit in _limits(call, size, zones):
        used = sum(
            limit.type in {"*", each.size.name} and _covers(limit.zone, each.location, each.zone)
            for each in machines(call.memory)
        )
        if used + count > limit.count:
            start = "Allocation failed. We do not have sufficient capacity for the requested VM size in this"
            if zones:
                return "ZonalAllocationFailed", f"{start} zone. {_GUIDANCE}"
            return "AllocationFailed", f"{start} region. {_GUIDANCE}"
    return None


def _limits(call: Call, size: Size, zones: list[str]) -> list[Capacity]:
    return [
        each
        for each in call.settings.capacity
        if each.type in {"*", size.name} and any(_covers(each.zone, call.location, zone) for zone in (zones or [""]))
    ]


def _covers(place: str, location: str, zone: str) -> bool:
    """Whether a setting's place, ``eastus`` or ``eastus-1``, is where a machine is."""
    return place in {"*", location, f"{location}-{zone}"}

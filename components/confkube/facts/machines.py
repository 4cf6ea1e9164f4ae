"""Instance types (``instances/*.csv``), regions and zones (``regions.toml``)."""

import difflib
from collections.abc import Collection, Sequence
from functools import cache

from confkube.errors import Refusal, choose
from confkube.facts.capabilities import capabilities
from confkube.facts.reading import FactsError, packaged_names, read_csv, read_toml, unique
from confkube.facts.records import InstanceType, Region
from confkube.facts.support import known_tee, permission
from confkube.facts.words import ARCHITECTURES, GUARDED, NO_TEE, OPEN, TEES

REGIONS_FILE = "regions.toml"
COLUMNS = (
    "name", "vcpu", "memory_gib", "architecture", "tees", "children", "nested", "regions",
    "status", "since", "why", "source", "checked",
)  # fmt: skip
_NEAR = 5


@cache
def instance_types(cloud: str) -> tuple[InstanceType, ...]:
    """Return the recorded machine sizes of a cloud, in the order of the table; none where the user gives the hosts."""
    name = f"{cloud}.csv"
    return parse_instances(cloud) if name in packaged_names("instances", ".csv") else ()


def parse_instances(cloud: str, text: str | None = None) -> tuple[InstanceType, ...]:
    """Read and check a table of machine sizes.

    Args:
        cloud: Cloud name; names the packaged file.
        text: CSV to read in place of the packaged file.

    Raises:
        FactsError: A row is incomplete, written twice, contradictory or uses an unknown word.
    """
    found: list[InstanceType] = []
    seen: set[object] = set()
    for row in read_csv(f"instances/{cloud}.csv", COLUMNS, text):
        size = InstanceType(
            cloud=cloud,
            name=row.text("name"),
            vcpu=row.whole("vcpu"),
            memory_gib=row.number("memory_gib"),
            architecture=row.word("architecture", ARCHITECTURES),
            tees=frozenset(row.words("tees", TEES)),
            children=frozenset(row.words("children", TEES)),
            nested=row.word("nested", ("yes", "no")) == "yes",
            regions=frozenset(row.texts("regions")),
            status=row.word("status", (OPEN, *GUARDED)),
            since=row.optional_date("since"),
            why=row.optional_text("why"),
            source=row.source(),
            checked=row.date("checked"),
        )
        unique(row.where, seen, size.name)
        if size.tees and (size.children or size.nested):
            raise row.wrong("a machine in a TEE starts no machines inside (no cloud offers it)")
        if size.status != OPEN and size.why is None:
            raise row.wrong(f"status {size.status} needs a why")
        if size.status == "retired" and size.since is None:
            raise row.wrong("status retired needs since")
        found.append(size)
    if not found:
        raise FactsError(f"instances/{cloud}.csv: no row")
    return tuple(found)


def instance_type(cloud: str, name: str, good: Sequence[str] = ()) -> InstanceType:
    """Return a machine size.

    Args:
        cloud: Cloud name.
        name: Size.
        good: Names to choose from where this one is not known; all of the cloud when left out.

    Raises:
        Refusal: The size is not recorded; lists the nearest names.
    """
    sizes = {size.name: size for size in instance_types(cloud)}
    if name in sizes:
        return sizes[name]
    near = difflib.get_close_matches(name, good or sizes, n=_NEAR, cutoff=0.0)
    raise choose(f"{cloud} instance type", name, near)


def require_plain_type(cloud: str, name: str) -> InstanceType:
    """Return a machine size when it makes machines without a TEE.

    Raises:
        Refusal: Unknown size, or one that makes confidential machines alone; lists sizes that do not.
    """
    size = require_type(cloud, name)
    if size.tees and capabilities().clouds[cloud].tee_sizes == "exclusive":
        good = [other.name for other in instance_types(cloud) if not other.tees and other.status == OPEN]
        near = sorted(good, key=lambda other: (_distance(name, other), good.index(other)))[:_NEAR]
        raise Refusal(
            f"{cloud} instance type {name!r} makes confidential machines alone; choose one of {', '.join(near)}"
        )
    return size


def types_with(cloud: str, tee: str) -> tuple[InstanceType, ...]:
    """Return the sizes that run as a machine in that TEE and need no permission, smallest first."""
    found = [size for size in instance_types(cloud) if tee in size.tees and size.status == OPEN]
    return tuple(sorted(found, key=lambda size: (size.vcpu, size.memory_gib, size.name)))


def require_type(
    cloud: str, name: str, tee: str = NO_TEE, *, as_host: bool = False, allow: Collection[str] = ()
) -> InstanceType:
    """Return a machine size when it may be used with the TEE.

    Args:
        cloud: Cloud name.
        name: Size.
        tee: The TEE that the machine itself, or with ``as_host`` its children, must have; ``none`` asks for nothing.
        as_host: Ask for a host whose children are in the TEE (for ``none``: ordinary children).
        allow: Statuses other than ga that the user allows by name.

    Raises:
        Refusal: Unknown size, a size without the TEE (lists sizes that have it), or a status that is not allowed.
    """
    known_tee(tee, with_none=True)
    good = [other.name for other in instance_types(cloud) if _has(other, tee, as_host=as_host)]
    size = instance_type(cloud, name, good)
    if not _has(size, tee, as_host=as_host):
        what = (
            f"has no {tee}" if not as_host else "starts no children" if tee == NO_TEE else f"starts no {tee} children"
        )
        near = sorted(good, key=lambda other: (_distance(name, other), good.index(other)))[:_NEAR]
        raise Refusal(f"{cloud} instance type {name!r} {what}; choose one of {', '.join(near) or 'nothing here'}")
    if size.status != OPEN and size.status not in allow:
        since = f" since {size.since.isoformat()}" if size.since else ""
        raise Refusal(
            f"{cloud} instance type {name!r} is {size.status}{since}: {size.why} ({size.source}, "
            f"read {size.checked.isoformat()}); {permission(size.status)}"
        )
    return size


@cache
def region_table() -> dict[tuple[str, str], Region]:
    """Return the packaged regions by cloud and name."""
    return parse_regions()


def parse_regions(text: str | None = None) -> dict[tuple[str, str], Region]:
    """Read and check a table of regions.

    Raises:
        FactsError: A row is incomplete, written twice, uses an unknown word, or names a TEE zone outside its zones.
    """
    top = read_toml(REGIONS_FILE, text)
    found: dict[tuple[str, str], Region] = {}
    seen: set[object] = set()
    for row in top.rows("region"):
        cloud, name = row.text("cloud"), row.text("name")
        zones = row.texts("zones")
        tees = {tee: row.texts(tee) for tee in TEES if row.has(tee)}
        found[cloud, name] = Region(
            cloud=cloud, name=name, zones=zones, tees=tees, source=row.source(), checked=row.date("checked")
        )
        row.done()
        unique(row.where, seen, (cloud, name))
        outside = sorted({zone for offered in tees.values() for zone in offered} - set(zones))
        if outside:
            raise row.wrong(f"zone {outside[0]!r} is not among the zones of {name}")
    top.done()
    return found


def regions(cloud: str, tee: str | None = None) -> tuple[str, ...]:
    """Return the recorded regions of a cloud, or those in which the TEE is offered, sorted."""
    return tuple(
        sorted(name for (where, name), region in region_table().items() if where == cloud and _offers(region, tee))
    )


def region(cloud: str, name: str, tee: str = NO_TEE) -> Region:
    """Return a region when it is recorded and offers the TEE.

    Raises:
        Refusal: An unknown region, or a known one without the TEE; lists the good ones.
    """
    known_tee(tee, with_none=True)
    wanted = None if tee == NO_TEE else tee
    found = region_table().get((cloud, name))
    if found is None:
        raise choose(f"{cloud} region", name, regions(cloud, wanted))
    if not _offers(found, wanted):
        good = ", ".join(regions(cloud, wanted)) or "nothing here"
        raise Refusal(f"{cloud} region {name!r} has no {tee} ({found.source}); choose one of {good}{_misplaced(cloud)}")
    return found


def zones(cloud: str, name: str, tee: str = NO_TEE) -> tuple[str, ...]:
    """Return the zones of a region, or those in which the TEE is offered; empty when the sources name none.

    Raises:
        Refusal: An unknown region, or a known one without the TEE.
    """
    found = region(cloud, name, tee)
    return found.zones if tee == NO_TEE else found.tees[tee] or found.zones


def region_of(cloud: str, zone_name: str) -> str:
    """Return the region of a recorded zone.

    Raises:
        Refusal: No region of the cloud has that zone; lists the nearest names.
    """
    owners = {zone: name for (where, name), found in region_table().items() if where == cloud for zone in found.zones}
    if zone_name in owners:
        return owners[zone_name]
    raise choose(f"{cloud} zone", zone_name, difflib.get_close_matches(zone_name, owners, n=_NEAR, cutoff=0.0))


def zone(cloud: str, name: str, zone_name: str, tee: str = NO_TEE) -> str:
    """Return the zone when the region has it and offers the TEE there; any zone where the sources name none.

    Raises:
        Refusal: An unknown region or zone, or one without the TEE; lists the good ones.
    """
    good = zones(cloud, name, tee)
    if good and zone_name not in good:
        if tee != NO_TEE and zone_name in zones(cloud, name):
            listed = ", ".join(sorted(good))
            raise Refusal(f"{cloud} zone {zone_name!r} has no {tee}; choose one of {listed}{_misplaced(cloud)}")
        offering = "" if tee == NO_TEE else f" with {tee}"
        raise choose(f"{cloud} zone{offering} in {name}", zone_name, good)
    return zone_name


def _misplaced(cloud: str) -> str:
    note = capabilities().clouds[cloud].misplaced if cloud in capabilities().clouds else None
    return f"; {note}" if note else ""


def _offers(found: Region, tee: str | None) -> bool:
    return tee is None or tee in found.tees


def _has(size: InstanceType, tee: str, *, as_host: bool) -> bool:
    if as_host:
        return size.nested or bool(size.children) if tee == NO_TEE else tee in size.children
    return tee == NO_TEE or tee in size.tees


def _distance(name: str, other: str) -> float:
    return 1.0 - difflib.SequenceMatcher(None, name, other).ratio()

"""Checks across the fact tables: what one table names must exist in the other, and fit."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from confkube.facts.artifacts import IMAGES_FILE, VERSIONS_FILE, Versions, stock_images, versions
from confkube.facts.capabilities import FILE, Capabilities, capabilities
from confkube.facts.machines import REGIONS_FILE, instance_types, region_table
from confkube.facts.reading import FactsError
from confkube.facts.records import Cell, Cloud, InstanceType, Region, StockImage
from confkube.facts.words import NO_TEE, OPEN

CONTROL_PLANE_VCPU, CONTROL_PLANE_GIB = 8, 32


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Every fact table."""

    capabilities: Capabilities
    sizes: Mapping[str, tuple[InstanceType, ...]]
    """By cloud."""
    regions: Mapping[tuple[str, str], Region]
    versions: Versions
    images: tuple[StockImage, ...]

    def size(self, cloud: str, name: str | None) -> InstanceType | None:
        """Return a size, or None when it is not recorded."""
        return next((size for size in self.sizes.get(cloud, ()) if size.name == name), None)


def packaged() -> Tables:
    """Read every table of this package."""
    table = capabilities()
    return Tables(
        capabilities=table,
        sizes={name: instance_types(name) for name in table.clouds},
        regions=region_table(),
        versions=versions(),
        images=stock_images(),
    )


def validate(today: dt.date | None = None) -> None:
    """Read every packaged table and check them against each other.

    Args:
        today: No fact may have been read after this day; default: not checked.

    Raises:
        FactsError: The first problem found.
    """
    for problem in problems(packaged(), today):
        raise FactsError(problem)


def problems(tables: Tables, today: dt.date | None = None) -> Iterator[str]:
    """Yield every contradiction between the tables, one sentence each."""
    table = tables.capabilities
    for cell in table.cells.values():
        yield from _cell_problems(cell, tables)
    for cloud in table.clouds.values():
        yield from _defaults_problems(cloud, tables)
    for sizes in tables.sizes.values():
        for size in sizes:
            yield from _size_problems(size, tables)
    for file, cloud, name in _named_clouds(tables):
        if cloud not in table.clouds:
            yield f"{file}: {cloud} {name}: no such cloud"
    if set(tables.versions.addons) != set(table.models):
        yield f"{VERSIONS_FILE}: addons must list every model, and only models"
    for where, checked in _dates(tables):
        if today is not None and checked > today:
            yield f"{where}: read on {checked.isoformat()}, which lies in the future"


def _cell_problems(cell: Cell, tables: Tables) -> Iterator[str]:
    if cell.default_type is None:
        return
    where = f"{FILE}: {cell.cloud} {cell.tee} {cell.placement}: default type {cell.default_type}"
    size = tables.size(cell.cloud, cell.default_type)
    if size is None:
        yield f"{where} is not in the instance table"
    elif cell.placement != "nested" and cell.tee != NO_TEE and cell.tee not in size.tees:
        yield f"{where} has no {cell.tee}"
    elif cell.placement == "nested" and (cell.tee not in size.children if cell.tee != NO_TEE else not size.nested):
        yield f"{where} starts no such children"
    elif size.status not in (OPEN, cell.status):
        yield f"{where} is {size.status}"


def _defaults_problems(cloud: Cloud, tables: Tables) -> Iterator[str]:
    name = cloud.defaults.control_plane_type
    size = tables.size(cloud.name, name)
    if name is None or (cloud.kind == "emulation" and size is not None):
        return  # Emulated machines share the computer: their size is a name.
    if size is None or (size.vcpu, size.memory_gib) != (CONTROL_PLANE_VCPU, CONTROL_PLANE_GIB):
        yield f"{FILE}: {cloud.name}: control plane type {name} is not a known size of 8 vCPU and 32 GiB"


def _size_problems(size: InstanceType, tables: Tables) -> Iterator[str]:
    for name in sorted(size.regions):
        found = tables.regions.get((size.cloud, name))
        where = f"instances/{size.cloud}.csv: {size.name}: region {name}"
        if found is None:
            yield f"{where} is not in {REGIONS_FILE}"
        elif not size.tees <= set(found.tees):
            yield f"{where} does not offer {', '.join(sorted(size.tees))}"


def _named_clouds(tables: Tables) -> Iterator[tuple[str, str, str]]:
    for cloud, name in tables.regions:
        yield REGIONS_FILE, cloud, name
    for image in tables.images:
        yield IMAGES_FILE, image.cloud, image.distribution
    for cloud, charts in tables.versions.substitutes.items():
        yield VERSIONS_FILE, cloud, f"substitutes of {', '.join(charts)}"


def _dates(tables: Tables) -> Iterator[tuple[str, dt.date]]:
    table = tables.capabilities
    for cell in (*table.cells.values(), *table.gaps.values()):
        yield f"{FILE}: {cell.cloud} {cell.tee} {cell.placement}", cell.checked
    for other in table.other_tees.values():
        yield f"{FILE}: {other.name}", other.checked
    for name, sizes in tables.sizes.items():
        for size in sizes:
            yield f"instances/{name}.csv: {size.name}", size.checked
    for region in tables.regions.values():
        yield f"{REGIONS_FILE}: {region.cloud} {region.name}", region.checked
    for artifact in tables.versions.artifacts.values():
        yield f"{VERSIONS_FILE}: {artifact.name}", artifact.checked
    for image in tables.images:
        yield f"{IMAGES_FILE}: {image.cloud} {image.distribution}", image.checked

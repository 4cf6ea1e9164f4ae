"""Persistent volumes of each deployment model on each cloud (``volumes.toml``): what carries them, or why not."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from confkube.errors import Refusal, choose
from confkube.facts.artifacts import versions
from confkube.facts.capabilities import capabilities
from confkube.facts.reading import FactsError, Row, read_toml, unique

VOLUMES_FILE = "volumes.toml"
DRIVER, PASSTHROUGH, NONE = "driver", "passthrough", "none"
WAYS = (DRIVER, PASSTHROUGH, NONE)


@dataclass(frozen=True, kw_only=True)
class Driver:
    """A driver of volumes, and where its chart takes what only the cluster knows."""

    chart: str
    values: Mapping[str, object]
    labels: str | None
    """Path of the value that becomes the labels of every volume; None: it has none."""
    region: str | None
    """Path of the value that names the region; None: it finds it out itself."""


@dataclass(frozen=True, kw_only=True)
class Volumes:
    """How pods get persistent volumes with one deployment model on one cloud."""

    model: str
    cloud: str
    way: str
    """``driver``, ``passthrough`` or ``none``."""
    driver: Driver | None
    """What confkube installs."""
    needs: str | None
    """What the user must give the driver, as one clause."""
    why: str
    """How it works, or why it does not, as one clause."""
    source: str
    checked: dt.date

    def required(self) -> Driver:
        """Return the driver.

        Raises:
            Refusal: There is none to install, with the reason.
        """
        if self.driver is None:
            raise Refusal(
                f"volumes: {self.model} on {self.cloud} gets no driver: {self.why} "
                f"({self.source}, read {self.checked.isoformat()})"
            )
        return self.driver


def volumes_of(model: str, cloud: str) -> Volumes:
    """Return how pods of a deployment model get volumes on a cloud.

    Raises:
        Refusal: The model or the cloud is not known.
    """
    table = capabilities()
    if model not in table.models:
        raise choose("model", model, table.models)
    if cloud not in table.clouds:
        raise choose("cloud", cloud, table.clouds)
    return volumes()[model, cloud]


@cache
def volumes() -> Mapping[tuple[str, str], Volumes]:
    """Return the packaged table, by model and cloud, in its order."""
    return parse_volumes()


def parse_volumes(text: str | None = None) -> Mapping[tuple[str, str], Volumes]:
    """Read and check a table of volumes.

    Raises:
        FactsError: A row is incomplete, written twice, or names what is not known; or a model has no row on a cloud.
    """
    top = read_toml(VOLUMES_FILE, text)
    table = capabilities()
    drivers = _drivers(Row(f"{VOLUMES_FILE} drivers", top.table("drivers")))
    found: dict[tuple[str, str], Volumes] = {}
    seen: set[object] = set()
    for row in top.rows("volumes"):
        for each in _rows(row, drivers):
            unique(row.where, seen, (each.model, each.cloud))
            found[each.model, each.cloud] = each
    top.done()
    for model in table.models:
        for cloud in table.clouds:
            if (model, cloud) not in found:
                raise FactsError(f"{VOLUMES_FILE}: {model} on {cloud} has no row")
    return found


def _drivers(listing: Row) -> dict[str, Driver]:
    charts = [found.name for found in versions().artifacts.values() if found.namespace is not None]
    found: dict[str, Driver] = {}
    for chart in listing:
        if chart not in charts:
            raise listing.wrong(f"{chart!r} is no chart of versions.toml")
        row = Row(f"{listing.where} {chart}", listing.table(chart))
        found[chart] = Driver(
            chart=chart,
            values=row.table("values"),
            labels=row.optional_text("labels"),
            region=row.optional_text("region"),
        )
        row.done()
    return found


def _rows(row: Row, drivers: Mapping[str, Driver]) -> list[Volumes]:
    table = capabilities()
    models, clouds = row.words("models", table.models), row.words("clouds", table.clouds)
    way, needs, why = row.word("way", WAYS), row.optional_text("needs"), row.text("why")
    driver = drivers[row.word("chart", drivers)] if row.has("chart") else None
    source, checked = row.source(), row.date("checked")
    row.done()
    if not models or not clouds:
        raise row.wrong("models and clouds must name at least one each")
    if (way == DRIVER) != (driver is not None):
        raise row.wrong(f"way {DRIVER}, and only that, has a chart")
    if needs is not None and driver is None:
        raise row.wrong("what a driver needs is said without a driver")
    return [
        Volumes(
            model=model,
            cloud=cloud,
            way=way,
            driver=driver,
            needs=needs,
            why=why,
            source=source,
            checked=checked,
        )
        for model in models
        for cloud in clouds
    ]

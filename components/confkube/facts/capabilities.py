"""What runs where: cells, gaps and the needs of the deployment models (``capabilities.toml``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

from confkube.facts.reading import FactsError, Row, read_toml, unique
from confkube.facts.records import Cell, Cloud, Defaults, Exemption, Gap, ModelNeeds, Need, OtherTee
from confkube.facts.words import (
    CLOSED,
    CLOUD_KINDS,
    GUARDED,
    HYPERVISORS,
    INITDATA,
    NO_TEE,
    OPEN,
    PLACEMENTS,
    TEES,
    TRUST_SERVERS,
)

FILE = "capabilities.toml"
SIZE_USES = ("exclusive", "shared")


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """The whole table, read and checked."""

    clouds: Mapping[str, Cloud]
    cells: Mapping[tuple[str, str, str], Cell]
    gaps: Mapping[tuple[str, str, str], Gap]
    models: Mapping[str, ModelNeeds]
    other_tees: Mapping[str, OtherTee]
    exemptions: Mapping[tuple[str, str], Exemption]


@cache
def capabilities() -> Capabilities:
    """Return the packaged table."""
    return parse_capabilities()


def parse_capabilities(text: str | None = None) -> Capabilities:
    """Read and check a capability table.

    Args:
        text: TOML to read in place of the packaged file.

    Raises:
        FactsError: A row is incomplete, contradictory, written twice or uses an unknown word or key; or a
            combination of a cloud, a TEE and a placement is neither a cell nor a gap.
    """
    top = read_toml(FILE, text)
    clouds = {name: _cloud(name, row) for name, row in _tables(top, "cloud")}
    models = {name: _model(name, row) for name, row in _tables(top, "model")}
    others = {name: _other_tee(name, row) for name, row in _tables(top, "other-tee")}
    seen: set[object] = set()
    cells = dict(_cell(row, clouds, seen) for row in top.rows("cell"))
    gaps = {key: gap for row in top.rows("gap") for key, gap in _gaps(row, clouds, seen)}
    exemptions = dict(_exemption(row, clouds, models) for row in top.rows("exception"))
    top.done()
    table = Capabilities(clouds=clouds, cells=cells, gaps=gaps, models=models, other_tees=others, exemptions=exemptions)
    _complete(table)
    return table


def _complete(table: Capabilities) -> None:
    for name, tee, placement in product(table.clouds, TEES, PLACEMENTS):
        if (name, tee, placement) not in table.cells and (name, tee, placement) not in table.gaps:
            raise FactsError(f"{FILE}: {name} {tee} {placement} is neither a cell nor a gap")
    plain = [(model.model, need) for model in table.models.values() for need in model.needs if not need.confidential]
    for name, (model, need) in product(table.clouds, plain):
        if not any((name, NO_TEE, placement) in table.cells for placement in need.placements):
            raise FactsError(f"{FILE}: {name} has no plain machine for the {need.part} of {model}")


def _tables(top: Row, key: str) -> list[tuple[str, Row]]:
    listing = Row(f"{FILE} {key}", top.table(key))
    return [(name, Row(f"{FILE} {key}.{name}", listing.table(name))) for name in listing]


def _cloud(name: str, row: Row) -> Cloud:
    cloud = Cloud(
        name=name,
        title=row.text("title"),
        kind=row.word("kind", CLOUD_KINDS),
        defaults=_defaults(name, row),
        tee_sizes=row.word("tee_sizes", SIZE_USES) if row.has("tee_sizes") else "shared",
        misplaced=row.optional_text("misplaced"),
    )
    row.done()
    return cloud


def _defaults(name: str, row: Row) -> Defaults:
    return Defaults(
        cloud=name,
        control_plane_type=row.optional_text("control_plane_type"),
        control_plane_disk_gib=row.whole("control_plane_disk_gib"),
        worker_disk_gib=row.whole("worker_disk_gib"),
        trust_disk_gib=row.whole("trust_disk_gib"),
        why=row.text("why"),
    )


def _model(name: str, row: Row) -> ModelNeeds:
    needs: list[Need] = []
    for part in row.rows("needs"):
        placements = part.words("placements", PLACEMENTS)
        if not placements:
            raise part.wrong("placements is missing")
        confidential = part.word("tee", ("tee", NO_TEE)) == "tee"
        needs.append(Need(part=part.text("part"), placements=placements, confidential=confidential))
        part.done()
    if not any(need.confidential for need in needs):
        raise row.wrong("a model needs at least one part in a TEE")
    trust = row.word("trust", TRUST_SERVERS)
    model = ModelNeeds(model=name, title=row.text("title"), trust=trust, needs=tuple(needs))
    row.done()
    return model


def _other_tee(name: str, row: Row) -> OtherTee:
    other = OtherTee(name=name, why=row.text("why"), source=row.source(), checked=row.date("checked"))
    row.done()
    return other


def _exemption(
    row: Row, clouds: Mapping[str, Cloud], models: Mapping[str, ModelNeeds]
) -> tuple[tuple[str, str], Exemption]:
    found = Exemption(
        model=row.word("model", models),
        cloud=row.word("cloud", clouds),
        status=row.word("status", CLOSED),
        why=row.text("why"),
        source=row.source(),
        checked=row.date("checked"),
    )
    row.done()
    return (found.model, found.cloud), found


def _cell(row: Row, clouds: Mapping[str, Cloud], seen: set[object]) -> tuple[tuple[str, str, str], Cell]:
    cell = Cell(
        cloud=row.word("cloud", clouds),
        tee=row.word("tee", (*TEES, NO_TEE)),
        placement=row.word("placement", PLACEMENTS),
        status=row.word("status", (OPEN, *GUARDED)),
        default_type=row.optional_text("default_type"),
        distribution=row.optional_text("distribution"),
        runtime_class=row.optional_text("runtime_class"),
        hypervisor=row.word("hypervisor", HYPERVISORS) if row.has("hypervisor") else None,
        initdata=row.word("initdata", INITDATA) if row.has("initdata") else None,
        source=row.source(),
        checked=row.date("checked"),
        why=row.optional_text("why"),
        since=row.optional_date("since"),
    )
    row.done()
    if cell.status != OPEN and cell.why is None:
        raise row.wrong(f"status {cell.status} needs a why")
    if cell.status == "retired" and cell.since is None:
        raise row.wrong("status retired needs since")
    if (cell.initdata is None) != (cell.runtime_class is None):
        raise row.wrong("initdata and runtime_class belong to placements that carry pods, and only together")
    if (cell.hypervisor is not None) != (cell.runtime_class is not None and cell.placement != "peer-pod"):
        raise row.wrong("hypervisor belongs to placements whose machines start children, and always to them")
    kind = clouds[cell.cloud].kind
    made = kind in ("provider", "reference") or (kind == "emulation" and cell.placement == "vm")
    if made != (cell.default_type is not None):
        raise row.wrong("default_type belongs to machines that are made, and only to them; hosts are given by the user")
    key = (cell.cloud, cell.tee, cell.placement)
    unique(row.where, seen, key)
    return key, cell


def _gaps(row: Row, clouds: Mapping[str, Cloud], seen: set[object]) -> list[tuple[tuple[str, str, str], Gap]]:
    """Return one gap for each combination that the row names: tees and placements are lists."""
    cloud, tees = row.word("cloud", clouds), row.words("tees", TEES)
    placements = row.words("placements", PLACEMENTS)
    status, why = row.word("status", CLOSED), row.text("why")
    source, checked = row.source(), row.date("checked")
    row.done()
    if not tees or not placements:
        raise row.wrong("tees and placements must each name something")
    found: list[tuple[tuple[str, str, str], Gap]] = []
    for tee, placement in product(tees, placements):
        key = (cloud, tee, placement)
        unique(row.where, seen, key)
        gap = Gap(cloud=cloud, tee=tee, placement=placement, status=status, why=why, source=source, checked=checked)
        found.append((key, gap))
    return found

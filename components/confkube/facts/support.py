"""The answers computed from the capability table: a cell or a refusal, and the support of a model."""

from collections.abc import Collection

from confkube.errors import Refusal, choose
from confkube.facts.capabilities import capabilities
from confkube.facts.records import Cell, Defaults, Gap, ModelNeeds, Need, Support
from confkube.facts.words import CLOSED, GUARDED, NO_TEE, OPEN, PLACEMENTS, STATUSES, TEES


def cells() -> tuple[Cell, ...]:
    """Return every cell, in the order of the table."""
    return tuple(capabilities().cells.values())


def gaps() -> tuple[Gap, ...]:
    """Return every gap, in the order of the table."""
    return tuple(capabilities().gaps.values())


def clouds() -> tuple[str, ...]:
    """Return the clouds that users may name, in the order of the table."""
    return tuple(name for name, cloud in capabilities().clouds.items() if cloud.kind != "reference")


def models() -> dict[str, ModelNeeds]:
    """Return the needs of each deployment model."""
    return dict(capabilities().models)


def defaults(cloud: str) -> Defaults:
    """Return what a cluster gets on a cloud when the user says nothing.

    Raises:
        Refusal: The cloud is not known.
    """
    _known_cloud(cloud)
    return capabilities().clouds[cloud].defaults


def cell(cloud: str, tee: str, placement: str) -> Cell | None:
    """Return the cell, or None where there is a gap or no such combination."""
    return capabilities().cells.get((cloud, tee, placement))


def require(cloud: str, tee: str, placement: str, *, allow: Collection[str] = ()) -> Cell:
    """Return the cell when it may be used.

    Args:
        cloud: Cloud name.
        tee: ``snp``, ``tdx``, or ``none`` for machines without a TEE.
        placement: ``vm``, ``nested``, ``metal`` or ``peer-pod``.
        allow: Statuses other than ga that the user allows by name.

    Raises:
        Refusal: An unknown word, a gap, or a status that is not allowed; says why, when that was read, and what else
            there is.
    """
    _known_cloud(cloud)
    known_tee(tee, with_none=True)
    if placement not in PLACEMENTS:
        raise choose("placement", placement, PLACEMENTS)
    for status in allow:
        if status not in GUARDED:
            raise choose("allow", status, GUARDED)
    found = cell(cloud, tee, placement)
    if found is None:
        raise Refusal(f"{cloud} has no {_named(tee, placement)}: {_gap_reason(cloud, tee, placement)}")
    if found.status != OPEN and found.status not in allow:
        raise Refusal(f"{cloud} {_named(tee, placement)} is {_guarded(found)}; {permission(found.status)}")
    return found


def placed(model: str, part: str, cloud: str, tee: str, *, allow: Collection[str] = ()) -> Cell:
    """Return the cell in which a part of a model has its best placement, when it may be used.

    Args:
        model: Word of the model.
        part: Part of the model, such as ``workers`` or ``pods``.
        cloud: Cloud name.
        tee: TEE of the part; ``none`` for ordinary children of child-capable machines, which no bare-metal host is.
        allow: Statuses other than ga that the user allows by name.

    Raises:
        Refusal: As ``require``.
    """
    _known_cloud(cloud)
    known_tee(tee, with_none=True)
    exempt = capabilities().exemptions.get((model, cloud))
    if exempt:
        raise Refusal(f"{cloud} has no {model}: {exempt.why} ({exempt.source}, read {exempt.checked.isoformat()})")
    (need,) = (each for each in capabilities().models[model].needs if each.part == part)
    return _required(_placements(need, tee), cloud, tee, allow)


def child_capable(cloud: str, tee: str, *, allow: Collection[str] = ()) -> Cell:
    """Return the cell in which a host of child machines has its best placement, whichever model the host is for.

    Args:
        cloud: Cloud name.
        tee: TEE of the children; ``none`` for ordinary ones.
        allow: Statuses other than ga that the user allows by name.

    Raises:
        Refusal: As ``require``.
    """
    _known_cloud(cloud)
    known_tee(tee, with_none=True)
    return _required(("nested",) if tee == NO_TEE else ("nested", "metal"), cloud, tee, allow)


def _required(places: Collection[str], cloud: str, tee: str, allow: Collection[str]) -> Cell:
    best = min(places, key=lambda place: STATUSES.index(_fact_status(cloud, tee, place)))
    return require(cloud, tee, best, allow=allow)


def _placements(need: Need, tee: str) -> tuple[str, ...]:
    """Where a part may be; without a TEE a confidential part can only be an ordinary child, for development."""
    if need.confidential and tee == NO_TEE:
        return tuple(place for place in need.placements if place == "nested") or need.placements
    return need.placements


def _fact_status(cloud: str, tee: str, placement: str) -> str:
    key = (cloud, tee, placement)
    fact = capabilities().cells.get(key) or capabilities().gaps.get(key)
    return fact.status if fact else CLOSED[-1]


def supported(model: str, cloud: str, tee: str) -> Support:
    """Compute whether a model runs: each need takes its best placement, the worst need decides.

    Raises:
        Refusal: The model, cloud or TEE is not known.
    """
    known_tee(tee, with_none=has_development_profile(model, cloud))
    exempt = capabilities().exemptions.get((model, cloud))
    if exempt:
        return Support(
            model=model,
            cloud=cloud,
            tee=tee,
            status=exempt.status,
            reason=exempt.why,
            source=exempt.source,
            checked=exempt.checked,
        )
    verdicts = [_best(need, cloud, tee) for need in capabilities().models[model].needs]
    status, _, decisive, _ = max(verdicts, key=lambda verdict: (STATUSES.index(verdict[0]), verdict[3]))
    if status == OPEN:
        reason = "; ".join(clause for _, clause, _, _ in verdicts)
    else:
        reason = next(clause for found, clause, fact, _ in verdicts if found == status and fact is decisive)
    source, checked = decisive.source, decisive.checked
    return Support(model=model, cloud=cloud, tee=tee, status=status, reason=reason, source=source, checked=checked)


def has_development_profile(model: str, cloud: str) -> bool:
    """Return whether a model's confidential part can be an ordinary child machine on a cloud, with no TEE at all.

    Raises:
        Refusal: The model or cloud is not known.
    """
    if model not in capabilities().models:
        raise choose("model", model, capabilities().models)
    _known_cloud(cloud)
    confidential = [need for need in capabilities().models[model].needs if need.confidential]
    return any("nested" in need.placements for need in confidential) and cell(cloud, NO_TEE, "nested") is not None


def permission(status: str) -> str:
    """Return the clause that tells how to allow a status by name."""
    return f"allow it by name with allow: [{status}]"


def known_tee(tee: str, *, with_none: bool = False) -> None:
    """Refuse a TEE that confkube does not serve, with the reason where one is recorded."""
    good = (*TEES, NO_TEE) if with_none else TEES
    if tee in good:
        return
    other = capabilities().other_tees.get(tee)
    raise choose("tee", tee, TEES, hint="" if other is None else f"{tee}: {other.why} ({other.source})")


def _known_cloud(cloud: str) -> None:
    if cloud not in capabilities().clouds:
        raise choose("cloud", cloud, clouds())


def _best(need: Need, cloud: str, tee: str) -> tuple[str, str, Cell | Gap, bool]:
    """Return status, clause, deciding fact and whether it is about the TEE, for a need's best placement."""
    wanted = tee if need.confidential else NO_TEE
    found: list[Cell | Gap] = []
    for placement in _placements(need, tee):
        key = (cloud, wanted, placement)
        fact = capabilities().cells.get(key) or capabilities().gaps.get(key)
        if fact is not None:
            found.append(fact)
    # not empty: completeness is checked at load
    best = min(found, key=lambda fact: STATUSES.index(fact.status))
    if isinstance(best, Gap):
        return best.status, f"{need.part}: {best.why}", best, need.confidential
    where = f"{need.part} as {_named(wanted, best.placement)}"
    size = f" ({best.default_type} by default)" if best.default_type else ""
    behind = f": {best.why}" if best.why else ""
    return best.status, f"{where}{size}{behind}", best, need.confidential


def _named(tee: str, placement: str) -> str:
    noun = {"vm": "vm", "nested": "child vm", "metal": "vm on a bare-metal host", "peer-pod": "pod vm"}[placement]
    return f"plain {noun}" if tee == NO_TEE else f"{tee} {noun}"


def _guarded(found: Cell) -> str:
    since = f" since {found.since.isoformat()}" if found.since else ""
    return f"{found.status}{since}: {found.why} ({found.source}, read {found.checked.isoformat()})"


def _gap_reason(cloud: str, tee: str, placement: str) -> str:
    gap = capabilities().gaps.get((cloud, tee, placement))
    why = f"{gap.why} ({gap.source}, read {gap.checked.isoformat()})" if gap else "no such machine is offered here"
    offers = [
        f"{other.cloud}/{other.tee}" + ("" if other.status == OPEN else f" ({other.status})")
        for other in cells()
        if other.placement == placement and other.tee != NO_TEE and _offered(other)
    ]
    return f"{why}; choose one of {', '.join(sorted(offers))}" if offers else why


def _offered(other: Cell) -> bool:
    return capabilities().clouds[other.cloud].kind in ("provider", "hosts") and other.status not in CLOSED

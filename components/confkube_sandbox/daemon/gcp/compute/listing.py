"""Lists: filters, pages, and lists over all zones or regions."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.daemon.gcp import addresses
from confkube_sandbox.daemon.gcp.errors import ApiError, invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Body

_TERM = re.compile(r'\s*([\w.\[\]-]+)\s*(!=|=|:|\beq\b|\bne\b)\s*("[^"]*"|[^\s()]+)\s*')
_PAGE = 500


def listed(call: Call, kind: str, items: Iterable[Body], member: str = "items") -> Body:
    """Return one page of a list."""
    wanted = _filter(call)
    order = call.query.get("orderBy") or "name"
    if order not in {"name", "creationTimestamp desc"}:
        raise invalid("orderBy", order, "Invalid order.")
    key = order.partition(" ")[0]
    matching = [each for each in items if wanted(each)]
    found = sorted(matching, key=lambda each: str(each.get(key, "")), reverse=key != "name")
    start = _offset(call)
    size = int(call.query.get("maxResults", _PAGE))
    page = found[start : start + size]
    answer: Body = {"kind": kind, "id": call.operation, "selfLink": addresses.ROOT + f"projects/{call.project.id}"}
    if page:
        answer[member] = page
    if start + size < len(found) and size:
        answer["nextPageToken"] = base64.urlsafe_b64encode(f"from {start + size}".encode()).decode()
    return answer


def gathered(call: Call, kind: str, member: str, items: Iterable[tuple[str, Body]], scopes: Iterable[str]) -> Body:
    """Return a list over all scopes (``zones/…``, ``regions/…``); empty ones carry a warning."""
    wanted = _filter(call)
    held: dict[str, Body] = {}
    for scope, item in items:
        if wanted(item):
            held.setdefault(scope, {}).setdefault(member, []).append(item)
    for scope in scopes:
        warning = {
            "code": "NO_RESULTS_ON_PAGE",
            "message": f"There are no results for scope '{scope}' on this page.",
            "data": [{"key": "scope", "value": scope}],
        }
        held.setdefault(scope, {"warning": warning})
    return {"kind": kind, "id": call.operation, "items": dict(sorted(held.items()))}


def _offset(call: Call) -> int:
    token = call.query.get("pageToken")
    if not token:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(" ")
        if word == "from":
            return int(number)
    except (ValueError, binascii.Error):
        pass
    raise invalid("pageToken", token, "The page token is invalid.")


def _filter(call: Call) -> Callable[[Body], bool]:
    text = call.query.get("filter", "").strip()
    if not text:
        return lambda _: True
    terms: list[tuple[str, str, str]] = []
    for part in re.split(r"\)\s*(?:AND)?\s*\(|\s+AND\s+", text.strip()):
        plain = part.strip().strip("()").strip()
        found = _TERM.fullmatch(plain)
        if found is None:
            raise ApiError("invalid", f"Invalid value for field 'filter': '{text}'. Invalid list filter expression.")
        terms.append((found[1], found[2], found[3].strip('"')))
    return lambda item: all(_holds(item, *each) for each in terms)


def _holds(item: Body, field: str, operator: str, wanted: str) -> bool:
    values = [str(each).lower() if isinstance(each, bool) else str(each) for each in _values(item, field.split("."))]
    match operator:
        case "=":
            return any(_like(each, wanted) for each in values)
        case "!=":
            return not any(_like(each, wanted) for each in values)
        case ":":
            return any(wanted == "*" or wanted.strip("*").lower() in each.lower() for each in values)
        case "eq":
            return any(re.fullmatch(wanted, each) for each in values)
        case _:
            return not any(re.fullmatch(wanted, each) for each in values)


def _like(value: str, wanted: str) -> bool:
    if "*" in wanted:
        return re.fullmatch(".*".join(map(re.escape, wanted.split("*"))), value) is not None
    return value == wanted


def _values(item: object, path: list[str]) -> list[Any]:
    if isinstance(item, list):
        return [each for part in cast("list[object]", item) for each in _values(part, path)]
    if not path:
        return [item]
    if not isinstance(item, dict):
        return []
    held = cast("dict[str, object]", item)
    name = path[0].removesuffix("[]")
    return _values(held[name], path[1:]) if name in held else []

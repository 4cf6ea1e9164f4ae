"""Putting live values into the user's inputs, so that a refresh shows drift and nothing but drift."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from confkube_sandbox.providers.handler import Properties

    Same = Callable[[object, object], bool]


class Projection:
    """How one type's live values go into its inputs.

    The real provider's schema says of each property whether the cloud fills it in (``Computed``). One that it does not
    fill in counts as removed when the program does not name it and the object has it.
    """

    def __init__(self, same: Mapping[str, Same], sets: Collection[str], watched: Collection[str]) -> None:
        """Take what the type says.

        Args:
            same: Path to what decides whether two spellings mean the same.
            sets: Paths of lists without an order.
            watched: Paths of what counts even when the program does not name it.
        """
        self._same = same
        self._sets = frozenset(sets)
        self._watched = frozenset(watched)

    def project(self, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> Properties:
        """Return the inputs with what the outputs say instead; what no output reports stays as it is."""
        result = {
            key: self._merged(key, value, outputs[key]) if key in outputs else value for key, value in inputs.items()
        }
        result |= self._added("", inputs, outputs)
        return {key: value for key, value in result.items() if value is not None}

    def kept(self, new: Properties, old: Mapping[str, Any]) -> Properties:
        """Return the new inputs in the spelling of the old ones where both mean the same (``DiffSuppressFunc``)."""
        return {key: self._respelled(key, value, old[key]) if key in old else value for key, value in new.items()}

    def _merged(self, path: str, mine: object, live: object) -> object:
        if path in self._same and live is not None and self._same[path](live, mine):
            return mine
        if path in self._sets and isinstance(mine, dict):
            return cast("object", mine) if (live or {}) == mine else live
        if isinstance(mine, dict) and isinstance(live, dict):
            return self._object(path, cast("dict[str, object]", mine), cast("dict[str, object]", live))
        if isinstance(mine, list) and isinstance(live, list):
            return self._list(path, cast("list[object]", mine), cast("list[object]", live))
        if live is None and mine in (False, 0, "", [], {}):
            # Google leaves out what is off or empty.
            return cast("object", mine)
        return live

    def _object(self, path: str, mine: dict[str, object], live: dict[str, object]) -> dict[str, object]:
        found = {key: self._merged(f"{path}.{key}", value, live.get(key)) for key, value in mine.items()}
        found |= self._added(path, mine, live)
        return {key: value for key, value in found.items() if value is not None}

    def _list(self, path: str, mine: list[object], live: list[object]) -> list[object]:
        if path in self._sets and sorted(map(str, mine)) == sorted(map(str, live)):
            return mine
        inside = f"{path}[*]"
        if len(mine) != len(live):
            return live
        if path not in self._sets:
            return [self._merged(inside, a, b) for a, b in zip(mine, live, strict=True)]
        # Every one of mine is looked for in any place.
        left = list(live)
        found: list[object] = []
        for each in mine:
            match = next((other for other in left if self._merged(inside, each, other) == each), None)
            if match is None:
                return live
            left.remove(match)
            found.append(each)
        return found

    def _added(self, path: str, mine: Mapping[str, object], live: Mapping[str, object]) -> dict[str, object]:
        before = f"{path}." if path else ""
        names = {each.removeprefix(before) for each in self._watched if each.startswith(before)}
        return {key: live[key] for key in names if key not in mine and live.get(key) and not re.search(r"[.\[]", key)}

    def _respelled(self, path: str, new: object, old: object) -> object:
        if path in self._same:
            return old if self._same[path](old, new) else new
        if isinstance(new, dict) and isinstance(old, dict):
            before = cast("dict[str, object]", old)
            pairs = cast("dict[str, object]", new).items()
            return {k: self._respelled(f"{path}.{k}", v, before[k]) if k in before else v for k, v in pairs}
        if isinstance(new, list) and isinstance(old, list):
            first, second = cast("list[object]", new), cast("list[object]", old)
            if path in self._sets and sorted(map(str, first)) == sorted(map(str, second)):
                return second
            if len(first) == len(second):
                return [self._respelled(f"{path}[*]", a, b) for a, b in zip(first, second, strict=True)]
        return cast("object", new)

"""What a change of inputs does: decided only by the facts in ``confkube/facts/replace``, never guessed."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, cast

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.schema import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Effect = Literal["update", "replace", "stop-start"]
Kind = Literal["ADD", "UPDATE", "DELETE"]
_EFFECTS: tuple[Effect, ...] = ("update", "replace", "stop-start")


@dataclass(frozen=True)
class Rules:
    """The facts about one resource type.

    Attributes:
        effects: Property path to effect; ``[*]`` stands for any list element. A path covers what lies below it,
            unless a longer path says otherwise.
        replace_when: Property to the boolean input that turns its update into a replacement.
        replace_to: Property to the new values that cannot be had by an update.
        replace_presence: Properties that can be updated, but not added or removed, in place.
        name: The property that carries a name unique in the cloud; a replacement that keeps a name chosen by the
            program must delete first.
        delete_first: Every replacement deletes first.
    """

    effects: dict[str, Effect]
    replace_when: dict[str, str]
    replace_to: dict[str, list[object]]
    replace_presence: frozenset[str]
    name: str
    delete_first: bool

    def effect(self, path: str) -> Effect | None:
        """Look up a concrete path such as ``ebsBlockDevices[0].volumeSize``."""
        general = re.sub(r"\[\d+\]", "[*]", path)
        while general:
            if general in self.effects:
                return self.effects[general]
            general = re.sub(r"(\.[^.\[]*|\[[^\[]*\])$|^[^.\[]+$", "", general)
        return None


@dataclass(frozen=True, kw_only=True)
class Change:
    """One property that differs."""

    path: str
    kind: Kind
    effect: Effect


@dataclass
class Difference:
    """All that differs between two sets of inputs."""

    changes: list[Change] = field(default_factory=list[Change])
    delete_first: bool = False

    def force(self, outputs: Collection[str]) -> None:
        """Add outputs that want a new object."""
        self.changes += [Change(path=key, kind="UPDATE", effect="replace") for key in sorted(outputs)]

    @property
    def replaces(self) -> list[str]:
        """Top-level properties that force a new object."""
        return sorted({_top(change.path) for change in self.changes if change.effect == "replace"})


@cache
def rules(package: str) -> Mapping[str, Rules]:
    """Read the facts of one package, by token."""
    file = resources.files("confkube.facts").joinpath("replace", f"{package}.toml")
    table = cast("dict[str, dict[str, Any]]", tomllib.loads(file.read_text(encoding="utf-8")))
    return {token: _rules(row) for token, row in table.items() if ":" in token}


def compare(token: str, old: Mapping[str, Any], new: Mapping[str, Any], ignored: Collection[str] = ()) -> Difference:
    """Compare old with new inputs.

    Args:
        token: The resource type.
        old: Inputs of the last update.
        new: Inputs as checked now.
        ignored: Property paths of ``ignore_changes``.

    Raises:
        CloudError: A property changed about which the facts say nothing.
    """
    package = token.split(":", maxsplit=1)[0]
    facts = rules(package)[token]
    result = Difference()
    for path, kind in _walk("", old, new):
        if any(_covers(pattern, path) for pattern in ignored):
            continue
        effect = facts.effect(path)
        if effect is None:
            raise CloudError(
                f"{token}: no fact says what a change of {path!r} does; add it to facts/replace/{package}.toml"
            )
        if _forced(facts, path, kind, new):
            effect = "replace"
        result.changes.append(Change(path=path, kind=kind, effect=effect))
    result.delete_first = bool(result.replaces) and (facts.delete_first or _keeps_name(facts.name, old, new))
    return result


def _forced(facts: Rules, path: str, kind: Kind, new: Mapping[str, Any]) -> bool:
    top = _top(path)
    return (
        new.get(facts.replace_when.get(top, "")) is True
        or (top in facts.replace_to and new.get(top) in facts.replace_to[top])
        or (path in facts.replace_presence and kind != "UPDATE")
    )


def _keeps_name(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    generated = cast("list[str]", new.get(DEFAULTS) or [])
    return bool(name) and name in new and name not in generated and old.get(name) == new.get(name)


def _rules(row: dict[str, Any]) -> Rules:
    effects: dict[str, Effect] = {}
    for effect in _EFFECTS:
        for path in cast("list[str]", row.get(effect, [])):
            effects[path] = effect
    return Rules(
        effects=effects,
        replace_when=cast("dict[str, str]", row.get("replace-when", {})),
        replace_to=cast("dict[str, list[object]]", row.get("replace-to", {})),
        replace_presence=frozenset(cast("list[str]", row.get("replace-presence", []))),
        name=str(row.get("name", "")),
        delete_first=bool(row.get("delete-first", False)),
    )


def _walk(path: str, old: object, new: object) -> Iterator[tuple[str, Kind]]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        before, after = cast("dict[str, object]", old), cast("dict[str, object]", new)
        for key in sorted(before.keys() | after.keys()):
            if key != DEFAULTS and (path or not key.startswith("__")):
                yield from _walk(_join(path, key), before.get(key), after.get(key))
    elif isinstance(old, list) and isinstance(new, list):
        first, second = cast("list[object]", old), cast("list[object]", new)
        for index in range(max(len(first), len(second))):
            yield from _walk(f"{path}[{index}]", _at(first, index), _at(second, index))
    elif old is None:
        yield path, "ADD"
    elif new is None:
        yield path, "DELETE"
    else:
        yield path, "UPDATE"


def _at(values: list[object], index: int) -> object:
    return values[index] if index < len(values) else None


def _join(path: str, key: str) -> str:
    if not re.fullmatch(r"[A-Za-z_$][\w$]*", key):
        escaped = key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{path}["{escaped}"]'
    return f"{path}.{key}" if path else key


def _top(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _covers(pattern: str, path: str) -> bool:
    wanted, found = _steps(pattern), _steps(path)
    return len(wanted) <= len(found) and all(a in ("*", b) for a, b in zip(wanted, found, strict=False))


def _steps(path: str) -> list[str]:
    steps = re.findall(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]]+)', path)
    return ["".join(step) for step in steps]

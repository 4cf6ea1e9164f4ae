"""The corpus of wrong requests, read from data files."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "refusals"
_REFERENCE = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One wrong request and the refusal that it must meet."""

    name: str
    rule: str
    service: str
    operation: str
    status: int
    code: str | int
    text: str
    source: str
    date: str
    evidence: str
    parameters: dict[str, Any] = field(default_factory=dict)
    wire: dict[str, Any] = field(default_factory=dict)
    region: str = ""
    settings: dict[str, Any] = field(default_factory=dict)

    def request(self, ids: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return parameters and extra fields with the fixture's ids put in."""
        return _filled(self.parameters, ids), _filled(self.wire, ids)


def cases(cloud: str) -> list[Case]:
    """Read all cases of one cloud."""
    found = [
        Case(**each)
        for path in sorted((_FOLDER / cloud).glob("*.toml"))
        for each in tomllib.loads(path.read_text("utf-8"))["case"]
    ]
    assert len({each.name for each in found}) == len(found)
    return found


def meets(case: Case, met: tuple[int, str, str], ids: dict[str, str]) -> bool:
    """Whether an answer is the one that the case expects; a text that starts with ``=`` has to be the whole one."""
    status, code, text = met
    wanted: str = _filled(case.text, ids)
    same = text == wanted[1:] if wanted.startswith("=") else wanted in text
    return (status, code) == (case.status, case.code) and same


def _filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, str):
        return _long(_REFERENCE.sub(lambda found: ids[found[1]], value))
    if isinstance(value, list):
        return [_filled(each, ids) for each in value]
    if isinstance(value, dict):
        return {name: _filled(each, ids) for name, each in value.items()}
    return value


def _long(text: str) -> str:
    """Spell out ``<x*300>`` as 300 times x, so that data files stay readable."""
    return re.sub(r"<(.+?)\*(\d+)>", lambda found: found[1] * int(found[2]), text)

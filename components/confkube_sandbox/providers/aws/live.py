"""Putting live values into the user's inputs, so that a refresh shows drift and nothing but drift."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from confkube_sandbox.providers.handler import Properties


def project(inputs: Mapping[str, Any], outputs: Mapping[str, Any], *, documents: Collection[str] = ()) -> Properties:
    """Return the inputs with what the outputs say instead.

    Only what the user set is looked at, except ``tags``, where additions by others count too. Inputs that no output
    reports stay as they are.

    Args:
        inputs: As the user gave them.
        outputs: The live object.
        documents: Properties that hold JSON text, which is compared by meaning.
    """
    result: Properties = {}
    for key, value in inputs.items():
        if key not in outputs:
            result[key] = value
        elif key in documents:
            result[key] = value if same_document(value, outputs[key]) else outputs[key]
        else:
            result[key] = merged(value, outputs[key])
    if outputs.get("tags"):
        result["tags"] = outputs["tags"]
    return {key: value for key, value in result.items() if value is not None}


def merged(mine: object, live: object) -> object:
    """Return the live value in the form and order of mine where they agree."""
    if isinstance(mine, dict) and isinstance(live, dict):
        found = cast("dict[str, object]", live)
        pairs = cast("dict[str, object]", mine).items()
        kept = {key: merged(value, found.get(key)) for key, value in pairs}
        return {key: value for key, value in kept.items() if value is not None}
    if isinstance(mine, list) and isinstance(live, list):
        return _merged_list(cast("list[object]", mine), cast("list[object]", live))
    if isinstance(mine, str) and isinstance(live, bool):
        return json.dumps(live)
    if isinstance(mine, bool | int) and live is None and not mine:
        # AWS leaves out what is off.
        return mine
    return live


def _merged_list(mine: list[object], live: list[object]) -> list[object]:
    if all(not isinstance(part, dict | list) for part in mine):
        return mine if sorted(map(str, mine)) == sorted(map(str, live)) else live
    if len(mine) == len(live):
        return [merged(a, b) for a, b in zip(mine, live, strict=True)]
    return live


def same_document(one: object, other: object) -> bool:
    """Whether two JSON texts mean the same."""
    try:
        return json.loads(str(one)) == json.loads(str(other))
    except ValueError:
        return one == other

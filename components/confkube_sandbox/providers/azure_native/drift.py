"""What a refresh writes into inputs: only what changed in the cloud since the last look.

After applyDiff and applyValueDiff in provider/pkg/provider/diff.go of github.com/pulumi/pulumi-azure-native at
03707ff7fc10, read on 2026-11-25: inputs cannot be read, since answers are full of values that the service chose.
"""

from __future__ import annotations

from typing import Any, cast

Values = dict[str, Any]


def drifted(inputs: Values, before: Values, now: Values) -> Values:
    """Return inputs with the differences between two projections of outputs.

    Args:
        inputs: What the program gave.
        before: What could be inputs in the outputs of the last look.
        now: The same in the outputs of this look.
    """
    result = {key: value for key, value in inputs.items() if key not in before or key in now}
    for key, value in now.items():
        if key not in before:
            result[key] = value
        elif before[key] != value:
            result[key] = _changed(inputs[key], before[key], value) if key in inputs else value
    return result


def _changed(given: object, before: object, now: object) -> object:
    if isinstance(given, dict) and isinstance(before, dict) and isinstance(now, dict):
        return drifted(cast("Values", given), cast("Values", before), cast("Values", now))
    if isinstance(given, list) and isinstance(before, list) and isinstance(now, list):
        known = list(zip(cast("list[object]", given), cast("list[object]", before), strict=False))
        return [
            _changed(*known[index], part) if index < len(known) else part
            for index, part in enumerate(cast("list[object]", now))
        ]
    return now

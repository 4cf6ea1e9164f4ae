"""Checking inputs: what is not simulated, defaults and names, and what the real provider refuses while it plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.providers.gcp import naming, rules
from confkube_sandbox.providers.terraform import unsimulated
from confkube_sandbox.providers.terraform.bridge import located
from confkube_sandbox.providers.terraform.inputs import with_default

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.resource import Resource
    from confkube_sandbox.providers.handler import CheckFailure, Context, Properties


def check(
    handler: Resource, inputs: Properties, old: Properties, ctx: Context
) -> tuple[Properties, list[CheckFailure]]:
    """Check the inputs of one resource and return them as they will be used."""
    unserved = [*sorted(inputs.keys() - handler.supported), *rules.given(handler.unserved, inputs)]
    failures = unsimulated.properties(handler.token, unserved)
    filled = inputs
    for path, value in handler.defaults.items():
        filled = _with_default(filled, path, value)
    if handler.name is not None:
        filled, unnamed = naming.autoname(handler.name, filled, old, ctx)
        failures += unnamed
    refused = [
        *rules.conflicts(handler.conflicts, inputs),
        *(failure for keys in handler.choices for failure in rules.exactly_one(keys, inputs)),
        *(failure for keys in handler.some for failure in rules.at_least_one(keys, inputs)),
        *rules.violations(handler.rules, filled),
        *handler.refuse_(filled, old),
    ]
    if old:
        filled = handler.projection.kept(filled, old)
    return filled, failures + [located(failure, ctx.name) for failure in refused]


def _with_default(inputs: Properties, path: str, value: object) -> Properties:
    """Fill in one default; inside of objects and lists only where these are given."""
    if "." not in path:
        return with_default(inputs, path, value)
    head, _, rest = path.partition(".")
    if head not in inputs:
        return inputs
    return inputs | {head: _inside(inputs[head], rest, value)}


def _inside(found: object, path: str, value: object) -> Any:  # noqa: ANN401
    head, _, rest = path.partition(".")
    if head == "*":
        if not isinstance(found, list):
            return found
        return [_inside(part, rest, value) for part in cast("list[object]", found)]
    if not isinstance(found, dict):
        return found
    members = cast("dict[str, object]", found)
    if rest:
        return members | {head: _inside(members[head], rest, value)} if head in members else members
    return members if members.get(head) is not None else members | {head: value}

"""Names that the real provider makes when the program gives none: the logical name and seven hexadecimal digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.providers.terraform.inputs import kept_default, with_default
from confkube_sandbox.providers.terraform.naming import RANDOM, suffix

if TYPE_CHECKING:
    from confkube_sandbox.providers.handler import Context, Properties


def autoname(inputs: Properties, old: Properties, ctx: Context, *, longest: int) -> Properties:
    """Return inputs with ``name`` filled in, and noted as not chosen by the program."""
    if inputs.get("name") is not None or inputs.get("namePrefix") is not None:
        return inputs
    name = kept_default(old, "name") or f"{ctx.name[: longest - RANDOM - 1]}-{suffix(ctx)}"
    return with_default(inputs, "name", name)

"""Names that the real provider makes when the program gives none: the logical name and seven hexadecimal digits."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from confkube_sandbox.providers.schema import DEFAULTS

if TYPE_CHECKING:
    from confkube_sandbox.providers.handler import Context, Properties

# github.com/pulumi/pulumi-terraform-bridge pkg/tfbridge/names.go: separator "-", seven random characters.
_RANDOM = 7


def autoname(inputs: Properties, old: Properties, ctx: Context, *, longest: int) -> Properties:
    """Return inputs with ``name`` filled in, and noted as not chosen by the program."""
    if inputs.get("name") is not None or inputs.get("namePrefix") is not None:
        return inputs
    kept = old.get("name") if "name" in (old.get(DEFAULTS) or []) else None
    name = kept or f"{ctx.name[: longest - _RANDOM - 1]}-{_suffix(ctx)}"
    return with_default(inputs, "name", name)


def with_default(inputs: Properties, key: str, value: object) -> Properties:
    """Return inputs with a value the program did not give, noted as such like the provider bridge does."""
    if inputs.get(key) is not None:
        return inputs
    return inputs | {key: value, DEFAULTS: sorted({*(inputs.get(DEFAULTS) or []), key})}


def _suffix(ctx: Context) -> str:
    if not ctx.random_seed:
        return secrets.token_hex(4)[:_RANDOM]
    # The engine's seed makes the name of a preview and of the update that follows the same.
    return hashlib.sha256(ctx.random_seed + ctx.urn.encode()).hexdigest()[:_RANDOM]


def unique() -> str:
    """Return the part that the real provider puts behind a ``namePrefix``."""
    # terraform-plugin-sdk helper/id: 26 hexadecimal digits from the time and a counter.
    return secrets.token_hex(13)

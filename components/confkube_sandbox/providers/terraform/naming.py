"""The parts of names that nobody chose: what the bridge puts behind a logical name, and Terraform behind a prefix."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from confkube_sandbox.providers.handler import Context

RANDOM = 7
"""How long the bridge's part is (pkg/tfbridge/info/autonaming.go of pulumi-terraform-bridge at 59de6c661df1)."""


def suffix(ctx: Context) -> str:
    """Return the hexadecimal digits that the bridge puts behind a logical name."""
    if not ctx.random_seed:
        return secrets.token_hex(4)[:RANDOM]
    # The engine's seed makes the name of a preview and of the update that follows the same.
    return hashlib.sha256(ctx.random_seed + ctx.urn.encode()).hexdigest()[:RANDOM]


def unique() -> str:
    """Return what terraform-plugin-sdk helper/id puts behind a prefix: 26 digits, a time and a counter there."""
    return secrets.token_hex(13)

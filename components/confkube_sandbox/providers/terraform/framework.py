"""How the Terraform plugin framework words its refusals; the real random and tls providers are bridged from it.

Source: hashicorp/terraform-plugin-framework-validators (``helpers/validatordiag``) and pulumi/pulumi-terraform-bridge
(``pkg/pf/tfbridge/detect_check_failures.go``, ``pkg/tfbridge/check_failures.go``), read 2026-11.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.terraform.bridge import examine
from confkube_sandbox.providers.terraform.schema import known, snake
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from confkube_sandbox.providers.handler import Context

RETRY = (
    "Retry the Terraform operation. If the error still occurs or happens regularly, please contact the provider "
    "developer with hardware and operating system information.\n\n"
)


def failure(summary: str, detail: str) -> CloudError:
    """Build the error of an operation from a diagnostic's two parts."""
    return CloudError(f"{summary}: {detail}")


def refusal(ctx: Context, path: str, summary: str, detail: str) -> CheckFailure:
    """Build a check failure. The real bridge leaves its property empty and puts the path into the text."""
    return CheckFailure(property="", reason=examine(f"{summary}. {detail}", ctx.name, path))


def at_least(inputs: Mapping[str, Any], name: str, least: int, ctx: Context) -> Iterable[CheckFailure]:
    """Refuse a number below ``least``."""
    value = inputs.get(name, UNKNOWN)
    if known(value) and value < least:
        detail = f"Attribute {snake(name)} value must be at least {least}, got: {value}"
        yield refusal(ctx, name, "Invalid Attribute Value", detail)


def one_of(value: object, path: str, good: Collection[str], ctx: Context) -> Iterable[CheckFailure]:
    """Refuse a string outside a closed set. ``path`` is ``algorithm`` or, in a list, ``allowedUses[0]``."""
    if known(value) and value not in good:
        listed = " ".join(json.dumps(item) for item in good)
        detail = f"Attribute {snake(path)} value must be one of: [{listed}], got: {json.dumps(value)}"
        yield refusal(ctx, path, "Invalid Attribute Value Match", detail)


def not_empty(value: object, path: str, ctx: Context) -> Iterable[CheckFailure]:
    """Refuse an empty string."""
    if value == "":
        detail = f"Attribute {snake(path)} string length must be at least 1, got: 0"
        yield refusal(ctx, path, "Invalid Attribute Value Length", detail)

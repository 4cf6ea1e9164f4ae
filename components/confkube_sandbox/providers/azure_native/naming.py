"""What the real provider fills in before it checks: the name, the location, the API version.

After getDefaultName, getDefaultLocation and applyDefaults in provider/pkg/provider/provider.go of
github.com/pulumi/pulumi-azure-native at 006a62afe453, read on 2026-11-25. Not simulated: the engine's own autonaming
configuration (``pulumi:autonaming``), which the framework of these providers does not pass on.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.azure_native.api import ArmError
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from confkube_sandbox.providers.azure_native.connection import Connection
    from confkube_sandbox.providers.azure_native.kinds import Kind
    from confkube_sandbox.providers.handler import Context, Properties

# Written into the inputs of an object with a random name: its replacement can be made before it is deleted.
CREATE_FIRST = "__createBeforeDelete"
# For looking up a group's location; the real provider asks with 2020-10-01, which answers the same.
_GROUPS = "2024-03-01"
# resource.NewUniqueName(randomSeed, name, 8, …): hexadecimal digits directly behind the logical name.
_DIGITS = 8


def named(kind: Kind, inputs: Properties, old: Properties, ctx: Context) -> Properties:
    """Return inputs with the object's name."""
    key = kind.name
    if inputs.get(key) is not None:
        return inputs
    if key in old:
        kept = {CREATE_FIRST: True} if old.get(CREATE_FIRST) else {}
        return inputs | {key: old[key]} | kept
    if kind.naming == "copy":
        return inputs | {key: ctx.name}
    digits = _random(ctx)
    name = str(uuid.UUID(digits[:32])) if kind.naming == "uuid" else f"{ctx.name}{digits[:_DIGITS]}"
    return inputs | {key: name, CREATE_FIRST: True}


def located(azure: Connection, inputs: Properties, old: Properties) -> Properties:
    """Return inputs with a location: that of before, of the configuration, or of the resource group."""
    if inputs.get("location") is not None:
        return inputs
    found = old.get("location") or azure.location or _of_group(azure, inputs.get("resourceGroupName"))
    return inputs | {"location": found} if found else inputs


def _of_group(azure: Connection, group: Any) -> str | None:  # noqa: ANN401
    if group is None or group == UNKNOWN:
        return group
    try:
        answer = azure.api.get(f"/subscriptions/{azure.subscription}/resourceGroups/{group}", _GROUPS)
    except ArmError:
        # The group may not exist yet; then the property is simply missing.
        return None
    location = answer.get("location")
    return location if isinstance(location, str) else None


def _random(ctx: Context) -> str:
    if not ctx.random_seed:
        return secrets.token_hex(16)
    # The engine's seed makes the name of a preview and of the update that follows the same.
    return hashlib.sha256(ctx.random_seed + ctx.urn.encode()).hexdigest()

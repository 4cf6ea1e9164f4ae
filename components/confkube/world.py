"""A stack belongs to the world and the account in which it was first brought up."""

import time
from collections.abc import Mapping
from typing import Any, cast

import pulumi

from confkube.clouds import resolve
from confkube.errors import Refusal

_BEING_WRITTEN = "failed to load checkpoint"
"""The engine writes the state at the start of an update, and not in one step: a reader may find it half written."""
_ATTEMPTS, _PAUSE = 50, 0.02


def require_same_world(args: Mapping[str, Any]) -> None:
    """Refuse to go on when this stack's resources are in another world or account than the provider's.

    Raises:
        Refusal: Naming both, and what to do.
    """
    recorded = _outputs_of_this_stack()
    if not recorded.get("world"):
        return
    block = args.get("platform")
    here = resolve(block if isinstance(block, Mapping) else {}).account()  # pyright: ignore[reportUnknownArgumentType]
    there = (recorded["world"], recorded.get("account"))
    if there != (here.world, here.account_id):
        raise Refusal(
            f"stack {pulumi.get_stack()} lives in the {there[0]} account {there[1]}, but the credentials here are for "
            f"the {here.world} account {here.account_id}; switch back, or use a new stack"
        )


def _outputs_of_this_stack() -> Mapping[str, Any]:
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    for attempt in range(_ATTEMPTS):
        try:
            found = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name}).value
        except Exception as error:
            if _BEING_WRITTEN not in str(error) or attempt == _ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE)
        else:
            return cast("Mapping[str, Any]", cast("Mapping[str, Any]", found or {}).get("outputs") or {})
    return {}

"""A stack belongs to the world, the account and the place in which it was first brought up, until its end."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pulumi

from confkube.clouds import resolve
from confkube.errors import Refusal
from confkube.parse import parse
from confkube.platform import Account
from confkube.spec import NEVER, Addresses, lifetime

_BEING_WRITTEN = "failed to load checkpoint"
"""The engine writes the state at the start of an update, and not in one step: a reader may find it half written."""
_ATTEMPTS, _PAUSE = 50, 0.02


def require_same_world(args: Mapping[str, Any]) -> None:
    """Refuse what cannot become of this stack's cluster: another account, another place, a life after its end.

    Raises:
        Refusal: Naming what is recorded, what is asked for, and what to do.
    """
    recorded = _outputs_of_this_stack()
    if not recorded.get("world"):
        return
    block = args.get("platform")
    platform = resolve(cast("Mapping[str, Any]", block) if isinstance(block, Mapping) else {})
    _same_place(recorded, platform.place, parse(Addresses, args.get("addresses", {}), "args.addresses"))
    _same_account(recorded, platform.account())
    _alive(recorded, args.get("ttl", NEVER))


def _same_account(recorded: Mapping[str, Any], here: Account) -> None:
    there = (recorded["world"], recorded.get("account"))
    if there != (here.world, here.account_id):
        raise Refusal(
            f"stack {pulumi.get_stack()} lives in the {there[0]} account {there[1]}, but the credentials here are for "
            f"the {here.world} account {here.account_id}; switch back, or use a new stack"
        )


def _same_place(recorded: Mapping[str, Any], here: Mapping[str, str], addresses: Addresses) -> None:
    """A network cannot move: its ranges and addresses would be taken by the old one while the new one is made."""
    place = cast("Mapping[str, str]", recorded.get("place") or {})
    asked = {**here, "cidr": str(addresses.cidr)}
    for what, old in place.items():
        if old != asked.get(what):
            named = what.replace("_", " ")
            raise Refusal(
                f"stack {pulumi.get_stack()}: its {named} is {old} and cannot become {asked.get(what)} while it is up; "
                "run pulumi destroy first, or use a new stack"
            )


def _alive(recorded: Mapping[str, Any], ttl: object) -> None:
    """An update after the end would make a new administrator's certificate for a cluster that should be gone."""
    duration = lifetime(ttl) if isinstance(ttl, str) else None
    created = recorded.get("created_at")
    if duration is None or not created:
        return
    end = datetime.fromisoformat(str(created)) + duration
    if end < datetime.now(UTC):
        raise Refusal(
            f"stack {pulumi.get_stack()}: its lifetime ended at {end:%Y-%m-%dT%H:%M:%SZ}; "
            f"run pulumi destroy, or raise args.ttl above {ttl}"
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

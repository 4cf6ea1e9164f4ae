"""Reading operations and waiting for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses, operations
from confkube_sandbox.daemon.gcp.compute.listing import listed
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.model import Key
from confkube_sandbox.daemon.gcp.operations import OPERATIONS
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from datetime import datetime

    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Body

WAITING = frozenset({"zoneOperations.wait", "regionOperations.wait", "globalOperations.wait"})


@serves(
    "compute.zoneOperations.get",
    "compute.regionOperations.get",
    "compute.globalOperations.get",
    "compute.zoneOperations.wait",
    "compute.regionOperations.wait",
    "compute.globalOperations.wait",
)
def get(call: Call) -> Body:
    """Show an operation as it is now."""
    return operations.shown(call.project, _find(call), call.now)


@serves("compute.zoneOperations.list", "compute.regionOperations.list", "compute.globalOperations.list")
def list_(call: Call) -> Body:
    """List the operations of a place."""
    keys = [key for key in call.project.operations if key.place == call.place]
    return listed(call, "compute#operationList", [operations.shown(call.project, key, call.now) for key in keys])


def ends(call: Call) -> datetime | None:
    """Return when the operation that the path names ends; None when it has ended."""
    return call.project.finish.get(_find(call))


def _find(call: Call) -> Key:
    name = call.path["operation"]
    for key, held in call.project.operations.items():
        if key.place == call.place and name in {key.name, held["id"]}:
            return key
    missing = addresses.short(call.project.id, Key(OPERATIONS, call.place, name))
    raise ApiError("notFound", f"The resource '{missing}' was not found", 404)

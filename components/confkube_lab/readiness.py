"""Waits until every machine of a cluster that should be a node is one, and ready."""

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

from confkube.errors import Refusal
from confkube.names import CONTROL_PLANE, TRUST
from confkube_lab import enter
from confkube_lab.inventory import Inventory

_PAUSE = 0.5


def nodes(inventory: Inventory) -> dict[str, bool]:
    """The nodes that the API knows: name -> ready; empty while it does not answer."""
    control_plane = inventory.single(CONTROL_PLANE)
    if control_plane is None or inventory.leader(control_plane) is None:
        return {}
    try:
        answer = enter.run(inventory, control_plane, "kubectl", "get", "nodes", "-o", "json", timeout=10)
        listed: list[dict[str, Any]] = json.loads(answer.stdout)["items"]
    except (subprocess.TimeoutExpired, ValueError, KeyError, Refusal):
        return {}
    return {node["metadata"]["name"]: _ready(node) for node in listed}


def wait(inventory: Inventory, seconds: float, say: Callable[[dict[str, bool]], None]) -> dict[str, float]:
    """Wait for all; returns how long each took, in seconds, and calls ``say`` whenever something has changed.

    Raises:
        Refusal: Not all are ready in time; names those that are not.
    """
    wanted = [machine.name for machine in inventory if machine.tier != TRUST]
    if not wanted:
        raise Refusal("no machine is in the lab; bring one up with: make up STACK=cvm-nodes-lab")
    begun, took, last = time.monotonic(), dict[str, float](), dict[str, bool]()
    while True:
        found = nodes(inventory)
        if found != last:
            say({name: found.get(name, False) for name in wanted})
            last = found
        took |= {name: time.monotonic() - begun for name in wanted if found.get(name) and name not in took}
        if all(found.get(name) for name in wanted):
            return took
        if time.monotonic() - begun > seconds:
            missing = [name for name in wanted if not found.get(name)]
            raise Refusal(f"{', '.join(missing)} not ready after {seconds:.0f} s; see: confkube lab logs {missing[0]}")
        time.sleep(_PAUSE)


def _ready(node: dict[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)

"""States of resources, and how long each lasts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.daemon.aws.context import Call

# Simulated seconds. AWS documents two of them: terminated instances stay visible "for a short while", usually an hour,
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html, and deleted NAT gateways "for about an
# hour", https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-working-with.html (2026-11). The others are
# ordinary experience.
SECONDS: Mapping[str, float] = {
    "instance-start": 20,
    "instance-stop": 30,
    "instance-termination": 40,
    "instance-memory": 3600,
    "nat-creation": 90,
    "nat-deletion": 60,
    "nat-memory": 3600,
    "group-retry": 60,
    "snapshot-import": 300,
}
_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}


def set_state(instance: Any, name: str) -> None:  # noqa: ANN401
    """Put an instance into a state."""
    instance._state.name, instance._state.code = name, _CODES[name]  # noqa: SLF001  moto has no other way


def schedule(call: Call, name: str, state: str, what: str) -> None:
    """Plan a resource's next state."""
    call.memory.due[call.key(name)] = (state, call.now + timedelta(seconds=SECONDS[what] / call.settings.speed))

"""Repairs of moto where it is kinder than AWS or forgets what it was told. Each is applied once for the process."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws.patches import (
    addresses,
    autoscaling,
    images,
    imports,
    instances,
    interfaces,
    security,
    templates,
    users,
)
from confkube_sandbox.daemon.aws.patches.identity import caller_identity

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

__all__ = ["caller_identity", "install"]


class _Clock:
    """The sandbox's clock in the place of moto's."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now().replace(tzinfo=None)


def install(now: Callable[[], datetime]) -> None:
    """Apply all patches; ``now`` becomes moto's clock."""
    _install_clock(_Clock(now))
    for module in (instances, addresses, security, templates, autoscaling, images, imports, interfaces, users):
        module.install()


def _install_clock(time: _Clock) -> None:
    for name, module in list(sys.modules.items()):
        held: Any = vars(module).get("utcnow") if name.startswith("moto.") else None
        if held is not None:
            vars(module)["utcnow"] = time

"""The command package of the sandbox: commands really run on this computer, as with pulumi-command 1.2.

Of its types only the local ones exist here: the sandbox has no machines that a remote command could reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.providers.command.local import Command, Run
from confkube_sandbox.providers.command.process import cancel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkube_sandbox.providers.handler import FunctionHandler, ResourceHandler

__all__ = ["SDK", "cancel", "functions", "handlers"]

SDK = "pulumi_command"


def handlers() -> Iterable[ResourceHandler]:
    """All resource types of the package."""
    return (Command(),)


def functions() -> Iterable[FunctionHandler]:
    """All functions of the package."""
    return (Run(),)

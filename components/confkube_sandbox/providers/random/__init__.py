"""The random package of the sandbox: real randomness with the behaviour of pulumi-random 4.21."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.providers.random.raw import RandomBytes, RandomId, RandomUuid
from confkube_sandbox.providers.random.text import RandomPassword, RandomString

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkube_sandbox.providers.handler import FunctionHandler, ResourceHandler

SDK = "pulumi_random"


def handlers() -> Iterable[ResourceHandler]:
    """All resource types of the package."""
    return (RandomBytes(), RandomId(), RandomPassword(), RandomString(), RandomUuid())


def functions() -> Iterable[FunctionHandler]:
    """The package has no functions."""
    return ()

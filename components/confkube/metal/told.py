"""What the commands of the platform are told: which hosts, in the environment, and the shapes of standard input."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from confkube.errors import Refusal
from confkube.metal.hosts import Host, Hosts
from confkube.parse import parse

VARIABLE = "CONFKUBE_METAL"
"""Names the hosts that a command works on, and how they are reached, as JSON."""
_BEFORE = "PULUMI_COMMAND_STDOUT"
"""What the same resource's last command answered: https://www.pulumi.com/registry/packages/command/, 2026-11-27."""


@dataclass(frozen=True, kw_only=True)
class SecretSpec:
    """A document that the machine alone may read."""

    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """The cluster whose hosts are looked at."""

    name: str
    cluster: str


@dataclass(frozen=True, kw_only=True)
class MachinesSpec:
    """A machine or a pool."""

    name: str
    cluster: str
    user_data: str
    secret: SecretSpec | None = None


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Hosts, and how they are reached; fewer than a whole block may name no host for a control plane."""

    hosts: tuple[Host, ...]
    control_plane: str | None = None
    ssh_config: str | None = None


def block(environ: Mapping[str, str] = os.environ) -> Hosts:
    """All hosts of a cluster.

    Raises:
        Refusal: The environment does not name them.
    """
    return parse(Hosts, _named(environ), VARIABLE)


def reach(environ: Mapping[str, str] = os.environ) -> Reach:
    """The hosts of a machine or a pool.

    Raises:
        Refusal: The environment does not name them.
    """
    return parse(Reach, _named(environ), VARIABLE)


def before(environ: Mapping[str, str] = os.environ) -> tuple[Host, ...]:
    """The hosts that the same machine or pool was on before; none where nothing is known."""
    try:
        known = cast("dict[str, Any]", json.loads(environ.get(_BEFORE) or "{}"))
        return parse(Reach, {"hosts": known.get("hosts", [])}, _BEFORE).hosts
    except (ValueError, AttributeError):
        return ()


def _named(environ: Mapping[str, str]) -> object:
    try:
        return json.loads(environ[VARIABLE])
    except KeyError:
        raise Refusal(f"{VARIABLE} is not set; this command is for the platform, use: confkube metal check") from None
    except ValueError as error:
        raise Refusal(f"{VARIABLE} is not JSON: {error}") from None

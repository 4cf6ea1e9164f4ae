"""The commands that the platform's resources run; what they are told comes as JSON on standard input."""

import json
import os
from typing import Any

import click

from confkube import standard_input
from confkube.names import digest
from confkube_lab.home import LabHome


@click.command("network-up", hidden=True)
@click.pass_obj
def network_up(home: LabHome) -> None:
    """Make the network that standard input describes (for the platform)."""
    from confkube_lab import labs, spec  # noqa: PLC0415

    _answer(labs.up(home, spec.network(standard_input.read()), os.environ))


@click.command("network-down", hidden=True)
@click.argument("name")
@click.pass_obj
def network_down(home: LabHome, name: str) -> None:
    """Remove the network NAME with all that is in it (for the platform)."""
    from confkube_lab import labs  # noqa: PLC0415

    labs.down(home, name)


@click.command("machines-up", hidden=True)
@click.pass_obj
def machines_up(home: LabHome) -> None:
    """Make the machine or pool that standard input describes (for the platform)."""
    from confkube_lab import machines, spec  # noqa: PLC0415

    wanted = spec.machines(standard_input.read())
    _answer(machines.apply(home, wanted) | {"loopback": home.loopback, "boot_digest": digest(wanted["user_data"])})


@click.command("machines-down", hidden=True)
@click.argument("name")
@click.pass_obj
def machines_down(home: LabHome, name: str) -> None:
    """Remove the machine or pool NAME (for the platform)."""
    from confkube_lab import machines  # noqa: PLC0415

    machines.remove(home, name)


def _answer(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, sort_keys=True))


COMMANDS = (network_up, network_down, machines_up, machines_down)
"""For the group."""

"""The commands that the platform's resources run."""

import json
from collections.abc import Sequence
from typing import Any

import click

from confkube import standard_input
from confkube.errors import Refusal
from confkube.metal import told
from confkube.metal.hosts import Host
from confkube.parse import parse


@click.command("network-up", hidden=True)
def network_up() -> None:
    """Check all hosts of a cluster, and change none (for the platform)."""
    from confkube.metal import checks  # noqa: PLC0415

    spec, block = parse(told.NetworkSpec, standard_input.read(), "standard input"), told.block()
    for each in checks.require(block, spec.cluster):
        unknown = [row.check for row in each.findings if row.ok is None]
        if unknown:
            click.echo(f"{each.host.name}: not known: {', '.join(unknown)}", err=True)
    _answer({"network_id": spec.name})


@click.command("network-down", hidden=True)
def network_down() -> None:
    """Give back what a run that was cut off has left on the hosts of a cluster (for the platform)."""
    from confkube.metal import preparation  # noqa: PLC0415

    spec, block = parse(told.NetworkSpec, standard_input.read(), "standard input"), told.block()
    preparation.down(spec.cluster, "", block.hosts, block.ssh_config)


@click.command("machines-up", hidden=True)
def machines_up() -> None:
    """Make the hosts machines, and give back those that were and are not named any more (for the platform)."""
    from confkube.metal import preparation  # noqa: PLC0415

    spec, reach = _machines()
    left = _not_among(told.before(), reach.hosts)
    if left:
        preparation.down(spec.cluster, spec.name, left, reach.ssh_config)
    secret = {"name": spec.secret.name, "value": spec.secret.value} if spec.secret else None
    machine = preparation.Machine(cluster=spec.cluster, name=spec.name, user_data=spec.user_data, secret=secret)
    digests = preparation.up(machine, reach.hosts, reach.ssh_config)
    _answer(
        {
            "boot_digest": digests[reach.hosts[0].name],
            "hosts": [_plain(host) for host in reach.hosts],
        }
    )


@click.command("machines-down", hidden=True)
def machines_down() -> None:
    """Give the hosts of a machine or pool back as they were (for the platform)."""
    from confkube.metal import preparation  # noqa: PLC0415

    spec, reach = _machines()
    hosts = (*reach.hosts, *_not_among(told.before(), reach.hosts))
    preparation.down(spec.cluster, spec.name, hosts, reach.ssh_config)


def _machines() -> tuple[told.MachinesSpec, told.Reach]:
    spec, reach = parse(told.MachinesSpec, standard_input.read(), "standard input"), told.reach()
    if not reach.hosts:
        raise Refusal(f"{told.VARIABLE} names no host")
    return spec, reach


def _not_among(hosts: Sequence[Host], others: Sequence[Host]) -> tuple[Host, ...]:
    """By their keys: a name or an address may go to another host."""
    keys = {host.public_key for host in others}
    return tuple(host for host in hosts if host.public_key not in keys)


def _plain(host: Host) -> dict[str, Any]:
    return {**vars(host), "tee": host.tee.value if host.tee else None}


def _answer(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, sort_keys=True))


COMMANDS = (network_up, network_down, machines_up, machines_down)
"""For the group."""

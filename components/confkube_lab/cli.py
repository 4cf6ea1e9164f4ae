"""``confkube lab``: real machines on this computer, nothing confidential."""

import json
import os
import sys
from typing import Any, cast

import click

from confkube.errors import Refusal
from confkube.names import digest
from confkube_lab.home import LabHome

LABEL = "lab: real machines on this computer; TEEs are emulated and nothing here is confidential"


@click.group()
@click.pass_context
def lab(context: click.Context) -> None:
    """Real machines on this computer: TEEs are emulated, nothing is confidential."""
    context.obj = LabHome.locate(os.environ)


@lab.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object instead of a table.")
@click.pass_obj
def check(home: LabHome, as_json: bool) -> None:
    """List what a lab needs and whether this computer has it; exit status 1 where something is missing."""
    from confkube_lab import check as checks  # noqa: PLC0415
    from confkube_lab import show  # noqa: PLC0415

    found = list(checks.requirements(home, os.environ))
    missing = [each for each in found if each.met is False]
    if as_json:
        reason = f"{missing[0].name}: {missing[0].found}; {missing[0].remedy}" if missing else ""
        rows = [vars(each) for each in found]
        click.echo(json.dumps({"computer": checks.computer(), "reason": reason, "requirements": rows}, indent=1))
        return
    show.requirements(found)
    sys.exit(bool(missing))


@lab.command()
@click.option("--times", is_flag=True, help="Print how long each part took.")
def image(times: bool) -> None:
    """Build the image that machines boot from, once: Debian, Kubernetes, SPIRE and container images, from source."""
    from confkube_lab import show  # noqa: PLC0415
    from confkube_lab.image import build  # noqa: PLC0415

    root, took = build.ensure(os.environ)
    click.echo(f"the lab image is {root}")
    if times:
        show.times(took.rows)


@lab.command("network-up", hidden=True)
@click.pass_obj
def network_up(home: LabHome) -> None:
    """Make the network that standard input describes (for the platform)."""
    from confkube_lab import labs  # noqa: PLC0415

    _answer(labs.up(home, _spec(), os.environ))


@lab.command("network-down", hidden=True)
@click.argument("name")
@click.pass_obj
def network_down(home: LabHome, name: str) -> None:
    """Remove the network NAME with all that is in it (for the platform)."""
    from confkube_lab import labs  # noqa: PLC0415

    labs.down(home, name)


@lab.command("machines-up", hidden=True)
@click.pass_obj
def machines_up(home: LabHome) -> None:
    """Make the machine or pool that standard input describes (for the platform)."""
    from confkube_lab import machines  # noqa: PLC0415

    spec = _spec()
    _answer(machines.apply(home, spec) | {"loopback": home.loopback, "boot_digest": digest(spec["user_data"])})


@lab.command("machines-down", hidden=True)
@click.argument("name")
@click.pass_obj
def machines_down(home: LabHome, name: str) -> None:
    """Remove the machine or pool NAME (for the platform)."""
    from confkube_lab import machines  # noqa: PLC0415

    machines.remove(home, name)


def _spec() -> dict[str, Any]:
    try:
        found: object = json.load(sys.stdin)
    except ValueError as error:
        raise Refusal(f"standard input is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise Refusal("standard input is not a JSON object")
    return cast("dict[str, Any]", found)


def _answer(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, sort_keys=True))


@lab.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("machine")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def shell(home: LabHome, machine: str, command: tuple[str, ...]) -> None:
    """Open a root shell in MACHINE, or run COMMAND there; a name may be shortened to its end, such as workers-1."""
    from confkube_lab import enter  # noqa: PLC0415
    from confkube_lab.inventory import Inventory  # noqa: PLC0415

    inventory = Inventory(home)
    term = {"TERM": os.environ["TERM"]} if "TERM" in os.environ else {}
    line = enter.command(inventory, inventory.find(machine), command or ("bash", "--login"), **term)
    os.execvp(line[0], line)  # noqa: S606  the user's own command

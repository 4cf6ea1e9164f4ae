"""``confkube lab``: real machines on this computer, nothing confidential."""

import json
import os
import sys

import click

from confkube.errors import Refusal
from confkube_lab import breaking, provider
from confkube_lab.home import LabHome

_FOR_EVERYBODY = ("check", "image")

LABEL = "lab: real machines on this computer; TEEs are emulated and nothing here is confidential"


@click.group()
@click.pass_context
def lab(context: click.Context) -> None:
    """Real machines on this computer: TEEs are emulated, nothing is confidential."""
    if os.geteuid() != 0 and context.invoked_subcommand not in _FOR_EVERYBODY:
        raise Refusal("the lab belongs to root; run this as root, for example with sudo")
    context.obj = LabHome.locate(os.environ)


@lab.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object instead of a table.")
@click.pass_obj
def check(home: LabHome, as_json: bool) -> None:
    """List what a lab needs and whether this computer has it; exit status 1 where something is missing."""
    from confkube_lab import check as checks  # noqa: PLC0415
    from confkube_lab import show  # noqa: PLC0415

    found = list(checks.requirements(home, os.environ))
    reason = checks.missing(found)
    if as_json:
        rows = [vars(each) for each in found]
        click.echo(json.dumps({"computer": checks.computer(), "reason": reason, "requirements": rows}, indent=1))
        return
    show.requirements(found)
    sys.exit(bool(reason))


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


@lab.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("machine")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def shell(home: LabHome, machine: str, command: tuple[str, ...]) -> None:
    """Open a root shell in MACHINE, or run COMMAND there; a name may be shortened to its end, such as workers-1."""
    from confkube_lab import enter  # noqa: PLC0415
    from confkube_lab.inventory import Inventory  # noqa: PLC0415

    inventory = Inventory(home)
    command = command[1:] if command[:1] == ("--",) else command
    term = {"TERM": os.environ["TERM"]} if "TERM" in os.environ else {}
    line = enter.command(inventory, inventory.find(machine), command or ("bash", "--login"), **term)
    os.execvp(line[0], line)  # noqa: S606  the user's own command


@lab.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object instead of a table.")
@click.pass_obj
def status(home: LabHome, as_json: bool) -> None:
    """Show the lab of this computer: its machines, their addresses, whether they run and are ready."""
    from confkube_lab import labs, readiness, show, trust  # noqa: PLC0415
    from confkube_lab.inventory import Inventory  # noqa: PLC0415

    there, inventory = labs.running(home), Inventory(home)
    ready = readiness.nodes(inventory) if there else {}
    standing = trust.standing(inventory)
    rows = [{**row, "ready": ready.get(row["name"])} for row in inventory.overview()]
    if as_json:
        found = {
            "label": LABEL,
            "lab": there.lab if there else None,
            "loopback": home.loopback,
            "trust_server": standing,
            "machines": rows,
        }
        click.echo(json.dumps(found, indent=1))
        return
    show.machines(there, home, rows)
    if standing:
        click.echo(f"trust server: {standing}")
    click.echo(LABEL)


@lab.command()
@click.argument("machine")
@click.option(
    "--unit", "-u", "units", multiple=True, help="Only this unit, or '*' for all; may be given several times."
)
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes.")
@click.option("--console", is_flag=True, help="What it wrote to its console; works while it is switched off too.")
@click.pass_obj
def logs(home: LabHome, machine: str, units: tuple[str, ...], follow: bool, console: bool) -> None:
    """Show what MACHINE has written down."""
    from confkube_lab import logs as written  # noqa: PLC0415
    from confkube_lab.inventory import Inventory  # noqa: PLC0415

    inventory = Inventory(home)
    found = inventory.find(machine)
    if console or inventory.leader(found) is None:
        if not console:
            click.echo(f"{found.name} is switched off; this is its console", err=True)
        click.echo(written.console(inventory, found), nl=False)
        return
    line = written.command(inventory, found, units=units, follow=follow)
    os.execvp(line[0], line)  # noqa: S606  a fixed command


@lab.command()
@click.option("--timeout", default=300, show_default=True, metavar="SECONDS", help="Give up after so long.")
@click.pass_obj
def wait(home: LabHome, timeout: int) -> None:
    """Wait until all nodes are ready."""
    from confkube_build.progress import Reporter  # noqa: PLC0415
    from confkube_lab import labs, readiness  # noqa: PLC0415
    from confkube_lab.inventory import Inventory  # noqa: PLC0415

    if labs.running(home) is None:
        raise Refusal(
            "no lab is running; where its stack says that it is up, as after a restart of this computer, "
            "destroy it and bring it up again: make down STACK=cvm-nodes-lab, make up STACK=cvm-nodes-lab"
        )
    reporter = Reporter()
    last: list[int] = [-1]

    def say(nodes: dict[str, bool]) -> None:
        ready = sum(nodes.values())
        if ready != last[0]:
            last[0] = ready
            reporter.note(f"{ready} of {len(nodes)} nodes are ready")

    with reporter.step("waiting for the nodes"):
        took = readiness.wait(Inventory(home), timeout, say)
    click.echo(f"all {len(took)} nodes are ready")


@lab.command()
@click.argument("machine")
@click.argument("port", type=click.IntRange(1, 65535))
@click.option("--local", type=click.IntRange(1, 65535), help="Port of this computer; the same by default.")
@click.pass_obj
def tunnel(home: LabHome, machine: str, port: int, local: int | None) -> None:
    """Forward a port of this computer to PORT of MACHINE, until interrupted."""
    from confkube_lab import forward, labs  # noqa: PLC0415
    from confkube_lab.inventory import Inventory  # noqa: PLC0415

    found = Inventory(home).find(machine)
    listening = forward.listen("127.0.0.1", local or port)
    click.echo(f"127.0.0.1:{local or port} leads to {found.name}:{port}; stop with Ctrl-C", err=True)
    forward.tunnel(listening, labs.inside(home), found.address, port)


@lab.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def kubectl(home: LabHome, arguments: tuple[str, ...]) -> None:
    """Run kubectl on the control plane, as its administrator, for example: kubectl get pods -A."""
    from confkube.names import CONTROL_PLANE  # noqa: PLC0415
    from confkube_lab import enter  # noqa: PLC0415
    from confkube_lab.inventory import Inventory  # noqa: PLC0415

    inventory = Inventory(home)
    machine = inventory.single(CONTROL_PLANE)
    if machine is None:
        raise Refusal("no control plane is in the lab; bring one up with: make up STACK=cvm-nodes-lab")
    line = enter.command(inventory, machine, ("kubectl", *arguments))
    os.execvp(line[0], line)  # noqa: S606  the user's own command


@lab.command()
@click.option("--yes", is_flag=True, help="Do it; without this option only say what would go.")
@click.pass_obj
def reset(home: LabHome, yes: bool) -> None:
    """Clear away the lab of this computer, running or left behind (a dry run unless --yes is given).

    Pulumi is not told: destroy the stack instead where that works, or else afterwards.
    """
    from confkube_lab import labs  # noqa: PLC0415
    from confkube_lab.inventory import Inventory  # noqa: PLC0415

    verb = "removed" if yes else "would go"
    held = [machine.name for machine in Inventory(home)]
    there = home.root.exists()
    if yes:
        labs.reset(home)
    for name in held:
        click.echo(f"{verb}: machine {name}")
    click.echo(f"{verb}: {home.root}" if there else f"there is no lab in {home.root}")
    if there and not yes:
        click.echo("nothing was changed; add --yes to do it")


for command in (*provider.COMMANDS, *breaking.COMMANDS):
    lab.add_command(command)

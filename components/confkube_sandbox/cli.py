"""``confkube sandbox``: run the real Pulumi engine against simulated clouds."""

import os
import shlex
import sys
from datetime import timedelta
from pathlib import Path

import click

from confkube.errors import Refusal
from confkube_build.progress import Reporter
from confkube_sandbox import clock as sandbox_clock
from confkube_sandbox.home import SandboxHome


@click.group()
@click.option(
    "--home",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The sandbox to use; by default $CONFKUBE_SANDBOX_HOME, else .confkube/sandbox beside Pulumi.yaml.",
)
@click.pass_context
def sandbox(context: click.Context, folder: Path | None) -> None:
    """Run Pulumi against simulated clouds: no account, no network, nothing confidential."""
    context.obj = SandboxHome(folder.absolute()) if folder else SandboxHome.locate(os.environ)


@sandbox.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def execute(home: SandboxHome, command: tuple[str, ...]) -> None:
    """Run COMMAND inside the sandbox, for example: exec -- pulumi up -s STACK."""
    from confkube_sandbox.activation import make_ready, project_of  # noqa: PLC0415  loads the engine's parts
    from confkube_sandbox.run import run  # noqa: PLC0415
    from confkube_sandbox.stackfiles import preserved  # noqa: PLC0415

    make_ready(home, os.environ, Reporter())
    with preserved(home, project_of(Path.cwd())):
        status = run(command, home.activate(os.environ))
    sys.exit(status)


@sandbox.command("env")
@click.pass_obj
def environment(home: SandboxHome) -> None:
    """Print shell commands that enter the sandbox: eval "$(confkube sandbox env)"."""
    from confkube_sandbox.activation import make_ready  # noqa: PLC0415

    make_ready(home, os.environ, Reporter())
    for name in home.misleading(os.environ):
        click.echo(f"unset {name}")
    for name, value in home.environment(os.environ).items():
        click.echo(f"export {name}={shlex.quote(value)}")


@sandbox.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object instead of a table.")
@click.pass_obj
def status(home: SandboxHome, as_json: bool) -> None:
    """Show what this sandbox holds."""
    from confkube_sandbox import report  # noqa: PLC0415

    found = report.gather(home)
    if as_json:
        click.echo(report.as_json(found))
    else:
        report.show(found)


@sandbox.command()
@click.option("--yes", is_flag=True, help="Do it; without this option only say what would go.")
@click.option("--stacks", is_flag=True, help="Remove the stacks' state too.")
@click.pass_obj
def reset(home: SandboxHome, yes: bool, stacks: bool) -> None:
    """Empty the simulated clouds (a dry run unless --yes is given)."""
    from confkube_sandbox import state  # noqa: PLC0415
    from confkube_sandbox.activation import daemon  # noqa: PLC0415
    from confkube_sandbox.daemon import client  # noqa: PLC0415

    held = state.stacks(home)
    verb = "removed" if yes else "would go"
    try:
        resources, unreadable = daemon(home).inventory(), None
    except Refusal as refusal:
        resources, unreadable = [], refusal
    if yes:
        if stacks:
            state.remove_all(home)
        client.reset(home)
    if unreadable is not None:
        click.echo(f"{verb}: what the simulated clouds hold, which cannot be listed: {unreadable}")
    for resource in resources:
        click.echo(f"{verb}: {resource}")
    for stack in held:
        name = f"{stack.project}/{stack.name} ({stack.resources} resources)"
        if stacks:
            click.echo(f"{verb}: state of stack {name}")
        else:
            click.echo(f"kept: state of stack {name}; --stacks removes it too, `pulumi refresh` brings it up to date")
    if unreadable is None:
        click.echo(f"{verb}: {len(resources)} resources of the simulated clouds")
    if not yes:
        click.echo("nothing was changed; add --yes to do it")


@sandbox.command()
@click.pass_obj
def stop(home: SandboxHome) -> None:
    """Stop the daemon; what the clouds hold is kept."""
    from confkube_sandbox.daemon.client import DaemonUnreachableError, connect  # noqa: PLC0415

    try:
        connect(home).stop()
    except DaemonUnreachableError:
        click.echo("the sandbox daemon is not running")
    else:
        click.echo("the sandbox daemon has stopped; what the simulated clouds hold is kept")


@sandbox.command("clock")
@click.option("--advance", "by", metavar="DURATION", help="Move the clock forward, for example by 365d or 12h.")
@click.option("--reset", "back", is_flag=True, help="Return to real time.")
@click.pass_obj
def move_clock(home: SandboxHome, by: str | None, back: bool) -> None:
    """Show or move the sandbox's clock."""
    if by and back:
        raise Refusal("--advance and --reset exclude each other; give one of them")
    if back:
        sandbox_clock.reset(home)
    if by:
        sandbox_clock.advance(home, sandbox_clock.parse_duration(by))
    ahead = sandbox_clock.offset(home)
    remark = f"{ahead} ahead of real time" if ahead > timedelta() else "real time"
    click.echo(f"{sandbox_clock.now(home):%Y-%m-%dT%H:%M:%SZ} ({remark})")


@sandbox.command()
@click.pass_obj
def engine(home: SandboxHome) -> None:
    """Find or get the Pulumi engine and print its path and version."""
    from confkube_sandbox.engine import pulumi  # noqa: PLC0415

    found = pulumi.ensure(os.environ, home.bin, Reporter())
    click.echo(f"{found.binary} {found.version} ({found.origin})")

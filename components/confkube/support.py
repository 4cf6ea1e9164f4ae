"""``confkube support``: what runs where, and why not elsewhere."""

import json
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from confkube.clouds import buildable
from confkube.errors import Refusal
from confkube.facts.docs import matrix
from confkube.facts.records import Support
from confkube.registry import MODELS as BUILDABLE_MODELS

_COLOURS = {"ga": "green", "absent": "dim", "unknown": "dim", "retired": "red"}
_UNSURE = "yellow"
_PIPE_WIDTH = 240
"""Columns when the output is no terminal: wide enough that a reason is not cut into many lines."""


class _Refused(click.ClickException):
    """A refusal in one line, with the exit code of a wrong argument."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        del file
        click.echo(self.message, err=True)


@click.command("support")
@click.option("--model", help="Only this deployment model.")
@click.option("--cloud", help="Only this cloud.")
@click.option("--tee", help="Only this TEE.")
@click.option("--json", "as_json", is_flag=True, help="A list of objects instead of a table.")
def support(model: str | None, cloud: str | None, tee: str | None, *, as_json: bool) -> None:
    """Print which deployment model runs where, with reason, date and source."""
    try:
        found = matrix(model, cloud, tee)
    except Refusal as refusal:
        raise _Refused(str(refusal)) from None
    if as_json:
        click.echo(json.dumps([_record(each) for each in found], indent=2))
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PIPE_WIDTH)
    console.print(_table(found))
    console.print(
        f"\nstatus tells what the clouds and their software offer; this version builds {', '.join(BUILDABLE_MODELS)} "
        f"on {', '.join(buildable())}"
    )


def _record(found: Support) -> dict[str, str]:
    return {key: value if isinstance(value, str) else value.isoformat() for key, value in asdict(found).items()}


def _table(found: tuple[Support, ...]) -> Table:
    table = Table("model", "cloud", "tee", "status", "reason", "read", "source", box=None, pad_edge=False)
    for column in table.columns[:4]:
        column.no_wrap = True
    table.columns[5].no_wrap = True
    table.columns[6].overflow = "fold"
    for each in found:
        colour = _COLOURS.get(each.status, _UNSURE)
        status = f"[{colour}]{each.status}[/]"
        table.add_row(each.model, each.cloud, each.tee, status, each.reason, each.checked.isoformat(), each.source)
    return table

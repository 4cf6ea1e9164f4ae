"""``confkube metal``: hosts of the user's own, looked at before anything is changed."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import cast

import click
import yaml

from confkube.errors import Refusal
from confkube.metal import provider
from confkube.metal.hosts import Hosts
from confkube.parse import parse

_ARGUMENTS = "confkube:args"


@click.group()
def metal() -> None:
    """Hosts of your own: see whether they are ready for a cluster."""


@metal.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of tables.")
def check(file: Path, as_json: bool) -> None:
    """Check the hosts that FILE names, over SSH, changing nothing; exit status 1 where one is not ready.

    FILE is a stack's configuration (Pulumi.<stack>.yaml), or the block alone: hosts, control_plane, ssh_config.
    """
    from confkube.metal import checks, show  # noqa: PLC0415

    found = checks.look(_block(file))
    lacking = {each.host.name: each.problems(each.owner) for each in found}
    if as_json:
        rows = [
            {
                "host": each.host.name,
                "role": each.role,
                "tee": each.host.tee_name,
                "cluster": each.owner,
                "ready": not lacking[each.host.name],
                "unreached": each.unreached,
                "findings": [asdict(row) for row in each.findings],
            }
            for each in found
        ]
        click.echo(json.dumps(rows, indent=1))
    else:
        show.readiness(found, lacking)
    sys.exit(any(lacking.values()))


def _block(file: Path) -> Hosts:
    try:
        given: object = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Refusal(f"{file}: not YAML: {error}") from None
    where = str(file)
    for key in ("config", _ARGUMENTS, "platform", "metal"):
        if isinstance(given, dict) and key in given:
            given, where = cast("dict[str, object]", given)[key], f"{where}: {key}"
    return parse(Hosts, cast("object", given), where)


for command in provider.COMMANDS:
    metal.add_command(command)

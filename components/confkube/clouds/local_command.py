"""A ``confkube`` command of this computer as a Pulumi resource: what it is told goes to its standard input, as JSON."""

import json
from collections.abc import Mapping
from typing import Any, cast

import pulumi
from pulumi_command import local


def resource(
    name: str,
    commands: tuple[str, str],
    spec: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
    *,
    environment: Mapping[str, str] | None = None,
) -> tuple[local.Command, pulumi.Output[dict[str, Any]]]:
    """Make a resource that the first command creates and updates and the second deletes; returns it and the answer.

    Standard input is secret in the state: it carries boot text and keys. The answer holds neither. With an environment
    of its own, the next command is told the previous answer too.
    """
    up, down = commands
    made = local.Command(
        name,
        create=f"confkube {up}",
        update=f"confkube {up}",
        delete=f"confkube {down}",
        stdin=pulumi.Output.secret(pulumi.Output.json_dumps(spec)),
        environment=environment,
        add_previous_output_in_env=environment is not None,
        opts=opts,
    )
    answer = pulumi.Output.unsecret(made.stdout).apply(lambda text: cast("dict[str, Any]", json.loads(text or "{}")))
    return made, answer

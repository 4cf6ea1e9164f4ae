"""One ``confkube lab`` command as a Pulumi resource: what it is told goes to its standard input, as JSON."""

import json
from collections.abc import Mapping
from typing import Any, cast

import pulumi
from pulumi_command import local


def resource(
    name: str, up: str, down: str, spec: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> tuple[local.Command, pulumi.Output[dict[str, Any]]]:
    """Make a resource that ``up`` creates and updates and ``down`` deletes; returns it and what ``up`` answered.

    Standard input is secret in the state: it carries boot text and keys. The answer holds neither.
    """
    made = local.Command(
        name,
        create=f"confkube lab {up}",
        update=f"confkube lab {up}",
        delete=f"confkube lab {down}",
        stdin=pulumi.Output.secret(pulumi.Output.json_dumps(spec)),
        add_previous_output_in_env=False,
        opts=opts,
    )
    answer = pulumi.Output.unsecret(made.stdout).apply(lambda text: cast("dict[str, Any]", json.loads(text or "{}")))
    return made, answer

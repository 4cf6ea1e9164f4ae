"""``command:local:Command`` and ``command:local:run``.

Source: pulumi/pulumi-command ``provider/pkg/provider/local/{commandController,runController,base}.go``.
"""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.command import process
from confkube_sandbox.providers.command.assets import archive, assets
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.handler import Created, Plain, Read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.providers.handler import Context, Properties

_RESULTS = frozenset({"archive", "assets", "stderr", "stdout"})


class Command(Plain):
    """``command:local:Command``: shell commands tied to a resource's life. All results may depend on all inputs."""

    token = "command:local:Command"  # noqa: S105  (a resource type)
    computed = _RESULTS
    secret_outputs = frozenset[str]()

    def changed(self, old: Properties, new: Properties) -> frozenset[str]:
        """Name all results: any change of inputs runs ``update``, or ``create`` where there is no ``update``."""
        return _RESULTS if old != new else frozenset()

    def create(self, inputs: Properties, ctx: Context) -> Created:
        """Run ``create``; without one there is nothing to do. A failure leaves nothing in the state."""
        return Created(id=f"{ctx.name}{secrets.token_hex(4)}", outputs=_ran(inputs.get("create"), inputs, {}, ctx))

    def read(self, id_: str, inputs: Properties, outputs: Properties, ctx: Context) -> Read | None:
        """Return what the state holds: what a command has done cannot be looked at, and so not imported."""
        if not outputs:
            raise CloudError(f"{ctx.name}: {id_!r} cannot be imported: a command leaves nothing to look at")
        return Read(inputs=inputs, outputs=outputs)

    def update(
        self,
        id_: str,  # noqa: ARG002
        old_inputs: Properties,  # noqa: ARG002
        old_outputs: Properties,
        new_inputs: Properties,
        ctx: Context,
    ) -> Properties:
        """Run ``update``, or else ``create`` again; without either the old results stay."""
        update = new_inputs.get("update")
        return _ran(new_inputs.get("create") if update is None else update, new_inputs, old_outputs, ctx)

    def delete(self, id_: str, outputs: Properties, ctx: Context) -> None:  # noqa: ARG002
        """Run ``delete`` as it was when the resource was last created or updated."""
        _ran(outputs.get("delete"), outputs, outputs, ctx)


class Run:
    """``command:local:run``: a command that every preview and every update runs."""

    token = "command:local:run"  # noqa: S105  (a function's name)

    def invoke(self, args: Properties, ctx: Context) -> Properties:
        """Run the command."""
        return _ran(args["command"], args, {}, ctx)


def _ran(command: str | None, inputs: Properties, before: Mapping[str, Any], ctx: Context) -> Properties:
    """Run ``command`` and return all outputs; ``before`` holds the results of the last run, empty for the first."""
    kept = {"stdout": "", "stderr": ""} | {key: before[key] for key in _RESULTS if key in before}
    if command is None:
        return inputs | kept
    job = process.Job(
        command=command,
        interpreter=inputs.get("interpreter") or process.SHELL,
        folder=inputs.get("dir"),
        environment=inputs.get("environment", {}) | _previous(inputs, kept),
        stdin=inputs.get("stdin", ""),
        timeout=ctx.timeout,
    )
    try:
        stdout, stderr = process.run(job)
        found = _left_behind(inputs)
    except process.CommandError as error:
        raise CloudError(str(error)) from error
    except (OSError, ValueError) as error:
        raise CloudError(str(error)) from error
    return inputs | kept | found | {"stdout": stdout, "stderr": stderr}


def _previous(inputs: Properties, kept: Mapping[str, Any]) -> dict[str, str]:
    if not inputs.get("addPreviousOutputInEnv", True):
        return {}
    named = {"PULUMI_COMMAND_STDOUT": kept["stdout"], "PULUMI_COMMAND_STDERR": kept["stderr"]}
    return {name: value for name, value in named.items() if value}


def _left_behind(inputs: Properties) -> Properties:
    folder = inputs.get("dir", os.getcwd())  # noqa: PTH109  (a text, as the real provider joins it)
    found: Properties = {}
    if inputs.get("assetPaths") is not None:
        found["assets"] = assets(folder, inputs["assetPaths"])
    if inputs.get("archivePaths") is not None:
        found["archive"] = archive(assets(folder, inputs["archivePaths"]))
    return found

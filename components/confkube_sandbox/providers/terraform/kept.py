"""What all resources share that live in the stack's state and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.handler import Read

if TYPE_CHECKING:
    from confkube_sandbox.providers.handler import Context, Properties


class Kept:
    """A resource without an outside object: the state is the truth, and deleting it forgets it."""

    def read(self, id_: str, inputs: Properties, outputs: Properties, ctx: Context) -> Read | None:
        """Return what the state holds.

        Raises:
            CloudError: Nothing is held, which means an import; the sandbox has no outside objects to import.
        """
        if not outputs:
            raise CloudError(f"{ctx.name}: {id_!r} cannot be imported into the sandbox; let the stack create it")
        return Read(inputs=inputs, outputs=outputs)

    def update(
        self,
        id_: str,  # noqa: ARG002
        old_inputs: Properties,  # noqa: ARG002
        old_outputs: Properties,
        new_inputs: Properties,
        ctx: Context,  # noqa: ARG002
    ) -> Properties:
        """Keep the value and record the changed settings; what would need a new value replaces the resource."""
        return {**old_outputs, **new_inputs}

    def delete(self, id_: str, outputs: Properties, ctx: Context) -> None:
        """Nothing to remove."""

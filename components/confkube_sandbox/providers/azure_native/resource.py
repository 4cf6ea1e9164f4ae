"""The life of an azure-native resource, the same for all types.

After Check, Diff, Create, Read, Update and Delete in provider/pkg/provider/provider.go (006a62afe453) and
provider/pkg/provider/crud/crud.go (0354c94d74f1) of github.com/pulumi/pulumi-azure-native, read on 2026-11-25.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from confkube_sandbox.providers import sdk
from confkube_sandbox.providers.azure_native import checks, models, naming, replacement, shapes, subresources
from confkube_sandbox.providers.azure_native.api import ArmError
from confkube_sandbox.providers.azure_native.connection import Connection, connect
from confkube_sandbox.providers.azure_native.drift import drifted
from confkube_sandbox.providers.azure_native.paths import parsed
from confkube_sandbox.providers.azure_native.words import WORDS
from confkube_sandbox.providers.errors import CloudError, PartialFailure
from confkube_sandbox.providers.handler import CheckFailure, Context, Created, Plain, Properties, Read

if TYPE_CHECKING:
    from confkube_sandbox.providers.azure_native.kinds import Kind
    from confkube_sandbox.providers.diff import Difference

SDK = "pulumi_azure_native"
VERSION = "azureApiVersion"
# What an update never changes, so a preview may tell it to others (provider.go, Update).
_STABLE = ("name", "location")


class Resource(Plain):
    """One type of ``kinds``."""

    words = WORDS
    added = frozenset({VERSION, naming.CREATE_FIRST})
    # The real provider keeps in its outputs only what the cloud answers.
    echoes = False

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.token = kind.type

    # ---- types, loaded when they are first needed

    @cached_property
    def args(self) -> dict[str, Any]:
        """Inputs that belong into the body."""
        everything = sdk.resource_shape(SDK, self.token).properties
        return {name: annotation for name, annotation in everything.items() if name not in self.kind.parameters}

    @cached_property
    def results(self) -> dict[str, Any]:
        """Outputs, but for the API's version, which no answer holds."""
        return {name: value for name, value in sdk.result_types(SDK, self.token).items() if name != VERSION}

    # ---- the protocol

    def check(self, inputs: Properties, old: Properties, ctx: Context) -> tuple[Properties, list[CheckFailure]]:
        """Fill in name, location and version; refuse what is missing or badly named."""
        filled = naming.named(self.kind, inputs, old, ctx)
        if "location" in self.args and filled.get("location") is None:
            filled = naming.located(connect(ctx), filled, old)
        filled = {VERSION: self.kind.version} | filled
        return filled, checks.failures(self.kind, filled)

    def settle(self, found: Difference, old: Properties, new: Properties, outputs: Properties) -> None:
        """Drop equal spellings, and decide what goes first when the object is replaced."""
        replacement.settle(found, old, new, outputs)

    def promised(self, inputs: Properties) -> Properties:
        """Given values stay, all other outputs are unknown, also inside of objects."""
        return shapes.promised(self.results, inputs) | {VERSION: self.kind.version}

    def promised_change(self, old: Properties, new: Properties, outputs: Properties) -> Properties:  # noqa: ARG002
        """Like that of a new object, but for what never changes."""
        return self.promised(new) | {key: outputs[key] for key in _STABLE if key in outputs}

    def create(self, inputs: Properties, ctx: Context) -> Created:
        """Make the object if it is not there; a failure after the call was accepted keeps it in the state."""
        azure = connect(ctx)
        id_ = self.id_of(azure, inputs)
        body = shapes.to_body(self.args, models.model(*self.kind.body), inputs, id_)
        subresources.empty(self.kind, body)
        try:
            azure.api.must_not_exist(id_, self.kind.version)
            answer = azure.api.put(id_, self.kind.version, body, waits="put" in self.kind.waits)
        except ArmError as error:
            raise self._failed(azure, id_, inputs, error) from None
        id_ = str(answer.get("id") or id_)
        return Created(id=id_, outputs=self._written(azure, id_, answer))

    def read(self, id_: str, inputs: Properties, outputs: Properties, ctx: Context) -> Read | None:
        """Look at the object; inputs change only where the cloud's answer has."""
        azure = connect(ctx)
        try:
            answer = azure.api.get(id_, self.kind.version)
        except ArmError as error:
            if error.status == _NOT_FOUND:
                return None
            raise CloudError(str(error), error.code) from None
        found = self.outputs_of(answer)
        if not inputs:
            imported = parsed(id_, self.kind.path) | shapes.to_inputs(self.args, found)
            return Read(inputs=imported | {VERSION: self.kind.version}, outputs=found)
        visible = subresources.without_unset(self.kind, found, inputs)
        before, now = shapes.to_inputs(self.args, outputs), shapes.to_inputs(self.args, visible)
        return Read(inputs=drifted(inputs, before, now), outputs=found)

    def update(
        self,
        id_: str,
        old_inputs: Properties,
        old_outputs: Properties,  # noqa: ARG002
        new_inputs: Properties,
        ctx: Context,
    ) -> Properties:
        """Send the whole object anew; whether it may change like that is the cloud's to say."""
        azure = connect(ctx)
        # Like the real provider, which forgets the spelling that the cloud gave the id.
        id_ = self.id_of(azure, new_inputs)
        body = shapes.to_body(self.args, models.model(*self.kind.body), new_inputs, id_, old_inputs)
        try:
            subresources.maintain(self.kind, body, lambda: azure.api.get(id_, self.kind.version))
        except ArmError as error:
            text = f"failed maintaining unset sub-resource properties: reading cloud state: {error}"
            raise CloudError(text, error.code) from None
        try:
            answer = azure.api.put(id_, self.kind.version, body, waits="put" in self.kind.waits)
        except ArmError as error:
            raise self._failed(azure, id_, new_inputs, error) from None
        return self._written(azure, id_, answer)

    def delete(self, id_: str, outputs: Properties, ctx: Context) -> None:  # noqa: ARG002
        """Remove the object and wait; one that is gone already is fine."""
        try:
            connect(ctx).api.delete(id_, self.kind.version, waits="delete" in self.kind.waits)
        except ArmError as error:
            raise CloudError(str(error), error.code) from None

    # ---- shared steps

    def id_of(self, azure: Connection, inputs: Properties) -> str:
        """Put the parameters into the path; a scope is itself a path."""
        id_ = self.kind.path.replace("{subscriptionId}", azure.subscription)
        for name in self.kind.parameters:
            value = str(inputs[name])
            id_ = id_.replace(f"{{{name}}}", value.strip("/") if name == "scope" else quote(value, safe=""))
        return id_

    def outputs_of(self, answer: Properties) -> Properties:
        """Turn an answer into outputs."""
        return shapes.to_outputs(self.results, models.model(*self.kind.responds), answer) | {VERSION: self.kind.version}

    def _written(self, azure: Connection, id_: str, answer: Properties) -> Properties:
        """Read what was written, as later refreshes will; a failure of this look is ignored."""
        if azure.reads:
            with suppress(ArmError):
                answer = azure.api.get(id_, self.kind.version)
        return self.outputs_of(answer)

    def _failed(self, azure: Connection, id_: str, inputs: Properties, error: ArmError) -> Exception:
        """Tell a clean refusal from an operation that may have left something."""
        if not error.accepted:
            return CloudError(str(error), error.code)
        reason, outputs = str(error), Properties()
        try:
            outputs = self.outputs_of(azure.api.get(id_, self.kind.version))
        except ArmError as unread:
            # The time is over for this look too, and then the real provider says nothing else.
            reason = reason if unread.code == "Timeout" else f"resource created but read failed {unread}: {error}"
        return PartialFailure(id=id_, outputs=outputs, inputs=inputs, reasons=[reason])


_NOT_FOUND = 404

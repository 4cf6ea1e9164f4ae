"""``RandomId``, ``RandomBytes`` and ``RandomUuid``: random bytes in several notations.

Source: hashicorp/terraform-provider-random ``internal/provider/resource_{id,bytes,uuid}.go``.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from confkube_sandbox.providers.handler import CheckFailure, Created, Plain
from confkube_sandbox.providers.random.generate import encodings, uuid
from confkube_sandbox.providers.terraform.framework import at_least
from confkube_sandbox.providers.terraform.kept import Kept

if TYPE_CHECKING:
    from confkube_sandbox.providers.handler import Context, Properties


class RandomId(Kept, Plain):
    """``random:index/randomId:RandomId``; its id is the URL-safe notation without the prefix."""

    token = "random:index/randomId:RandomId"  # noqa: S105  (a resource type)
    computed = frozenset({"b64Std", "b64Url", "dec", "hex"})
    secret_outputs = frozenset[str]()

    def check(self, inputs: Properties, old: Properties, ctx: Context) -> tuple[Properties, list[CheckFailure]]:  # noqa: ARG002
        """Refuse fewer than one byte; the real provider has no such validator and then fails for want of an id."""
        return inputs, [*at_least(inputs, "byteLength", 1, ctx)]

    def create(self, inputs: Properties, ctx: Context) -> Created:  # noqa: ARG002
        """Draw the bytes."""
        notations = encodings(secrets.token_bytes(inputs["byteLength"]))
        prefix = inputs.get("prefix", "")
        shown = {name: prefix + text for name, text in notations.items()}
        return Created(id=notations["b64Url"], outputs={**inputs, **shown})


class RandomBytes(Kept, Plain):
    """``random:index/randomBytes:RandomBytes``.

    Its id is the base64 notation, in clear: so it is in the real provider (pulumi-random ``computeRandomBytesID``), and
    an id cannot be a secret. Use ``RandomPassword`` where the state must not show the value.
    """

    token = "random:index/randomBytes:RandomBytes"  # noqa: S105  (a resource type)
    computed = frozenset({"base64", "hex"})
    secret_outputs = frozenset({"base64", "hex"})

    def check(self, inputs: Properties, old: Properties, ctx: Context) -> tuple[Properties, list[CheckFailure]]:  # noqa: ARG002
        """Refuse fewer than one byte."""
        return inputs, [*at_least(inputs, "length", 1, ctx)]

    def create(self, inputs: Properties, ctx: Context) -> Created:  # noqa: ARG002
        """Draw the bytes."""
        notations = encodings(secrets.token_bytes(inputs["length"]))
        base64 = notations["b64Std"]
        return Created(id=base64, outputs={**inputs, "base64": base64, "hex": notations["hex"]})


class RandomUuid(Kept, Plain):
    """``random:index/randomUuid:RandomUuid``; its id is the UUID."""

    token = "random:index/randomUuid:RandomUuid"  # noqa: S105  (a resource type)
    computed = frozenset({"result"})
    secret_outputs = frozenset[str]()

    def create(self, inputs: Properties, ctx: Context) -> Created:  # noqa: ARG002
        """Draw the UUID."""
        result = uuid()
        return Created(id=result, outputs={**inputs, "result": result})

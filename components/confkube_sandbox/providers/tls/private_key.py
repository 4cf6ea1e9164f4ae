"""``PrivateKey``.

Source: hashicorp/terraform-provider-tls ``internal/provider/resource_private_key.go``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.providers.handler import CheckFailure, Created, Plain
from confkube_sandbox.providers.terraform.framework import failure, one_of
from confkube_sandbox.providers.terraform.kept import Kept
from confkube_sandbox.providers.tls import keys

if TYPE_CHECKING:
    from confkube_sandbox.providers.handler import Context, Properties

_DEFAULTS = {"rsaBits": 2048, "ecdsaCurve": "P224"}


class PrivateKey(Kept, Plain):
    """``tls:index/privateKey:PrivateKey``; its id is the SHA-1 of the public key."""

    token = "tls:index/privateKey:PrivateKey"  # noqa: S105  (a resource type)
    secret_outputs = frozenset({"privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"})
    computed = secret_outputs | {
        "publicKeyFingerprintMd5",
        "publicKeyFingerprintSha256",
        "publicKeyOpenssh",
        "publicKeyPem",
    }

    def check(self, inputs: Properties, old: Properties, ctx: Context) -> tuple[Properties, list[CheckFailure]]:  # noqa: ARG002
        """Fill in size and curve, and refuse unknown algorithms and curves."""
        filled = _DEFAULTS | inputs
        failures = [
            *one_of(filled["algorithm"], "algorithm", keys.ALGORITHMS, ctx),
            *one_of(filled["ecdsaCurve"], "ecdsaCurve", keys.CURVES.keys(), ctx),
        ]
        return filled, failures

    def create(self, inputs: Properties, ctx: Context) -> Created:  # noqa: ARG002
        """Make the key."""
        try:
            key = keys.generate(inputs["algorithm"], inputs["rsaBits"], inputs["ecdsaCurve"])
        except ValueError as error:
            raise failure("Unable to generate Key from configuration", str(error)) from error
        public = key.public_key()
        outputs = {**inputs, **keys.private_forms(key), **keys.public_forms(public)}
        return Created(id=keys.identity(keys.public_der(public)), outputs=outputs)

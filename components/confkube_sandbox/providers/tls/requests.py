"""``CertRequest``.

Source: hashicorp/terraform-provider-tls ``internal/provider/resource_cert_request.go``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.providers.handler import CheckFailure, Created, Plain
from confkube_sandbox.providers.terraform.kept import Kept
from confkube_sandbox.providers.tls import inputs as shared
from confkube_sandbox.providers.tls import issue
from confkube_sandbox.providers.tls.keys import identity
from confkube_sandbox.providers.tls.pem import algorithm, armour

if TYPE_CHECKING:
    from confkube_sandbox.providers.handler import Context, Properties

_KEY = "privateKeyPem"


class CertRequest(Kept, Plain):
    """``tls:index/certRequest:CertRequest``; its id is the SHA-1 of the request."""

    token = "tls:index/certRequest:CertRequest"  # noqa: S105  (a resource type)
    computed = frozenset({"certRequestPem", "keyAlgorithm"})
    secret_outputs = frozenset({_KEY, f"{_KEY}Wo"})

    def check(self, inputs: Properties, old: Properties, ctx: Context) -> tuple[Properties, list[CheckFailure]]:  # noqa: ARG002
        """Refuse a missing key and empty names."""
        return inputs, [*shared.key_refusals(inputs, _KEY, ctx), *shared.name_refusals(inputs, ctx)]

    def create(self, inputs: Properties, ctx: Context) -> Created:  # noqa: ARG002
        """Sign the request."""
        key = shared.private_key(inputs, _KEY, "Failed to parse private key PEM")
        subject, names = shared.requested(inputs, "Error creating certificate request")
        der = issue.request(subject, names, key)
        signed = {"certRequestPem": armour("CERTIFICATE REQUEST", der), "keyAlgorithm": algorithm(key)}
        return Created(id=identity(der), outputs=shared.without_write_only(inputs, _KEY) | signed)

    def update(
        self,
        id_: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ctx: Context,
    ) -> Properties:
        """Record a new write-only key that came without a new version: the request stays as it is."""
        return shared.without_write_only(super().update(id_, old_inputs, old_outputs, new_inputs, ctx), _KEY)

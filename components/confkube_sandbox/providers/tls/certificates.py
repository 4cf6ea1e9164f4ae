"""``SelfSignedCert`` and ``LocallySignedCert``.

Source: hashicorp/terraform-provider-tls ``internal/provider/resource_{self_signed,locally_signed}_cert.go``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from cryptography.hazmat.primitives.serialization import Encoding

from confkube_sandbox import clock
from confkube_sandbox.providers.handler import CheckFailure, Created, Plain, Read
from confkube_sandbox.providers.terraform.framework import at_least, failure
from confkube_sandbox.providers.terraform.kept import Kept
from confkube_sandbox.providers.tls import inputs as shared
from confkube_sandbox.providers.tls import issue, names, pem, renewal

if TYPE_CHECKING:
    from confkube_sandbox.providers.handler import Context, Properties

_COMPUTED = frozenset({"certPem", "readyForRenewal", "validityEndTime", "validityStartTime"})
_DEFAULTS = {"earlyRenewalHours": 0, "isCaCertificate": False, "setSubjectKeyId": False}


class _Certificate(Kept, Plain):
    """What both certificates share: their checks, their life, their end. The id is the serial number in decimal."""

    key: ClassVar[str]
    defaults: ClassVar[Properties] = _DEFAULTS

    def check(self, inputs: Properties, old: Properties, ctx: Context) -> tuple[Properties, list[CheckFailure]]:
        """Fill in the defaults and refuse what the provider's validators refuse."""
        filled = self.defaults | inputs
        if "maxPathLength" in old:
            # Computed in the real schema: leaving it out keeps what it was.
            filled.setdefault("maxPathLength", old["maxPathLength"])
        failures = [
            *shared.key_refusals(inputs, self.key, ctx),
            *shared.use_refusals(inputs, ctx),
            *shared.name_refusals(inputs, ctx),
            *at_least(inputs, "validityPeriodHours", 0, ctx),
            *at_least(inputs, "earlyRenewalHours", 0, ctx),
            *at_least(inputs, "maxPathLength", -1, ctx),
        ]
        return filled, failures

    def forced(self, new: Properties, outputs: Properties, ctx: Context) -> frozenset[str]:
        """Name the output that forces a new certificate although no input changed: the old one is due for renewal."""
        end, early = outputs.get("validityEndTime"), new.get("earlyRenewalHours")
        if end is None or not renewal.due(end, early if isinstance(early, int) else 0, clock.now(ctx.home)):
            return frozenset()
        return frozenset({"readyForRenewal"})

    def read(self, id_: str, inputs: Properties, outputs: Properties, ctx: Context) -> Read | None:
        """Return what the state holds, marked when the certificate is due for renewal."""
        held = super().read(id_, inputs, outputs, ctx)
        if held is None or not self.forced(self.defaults | outputs, outputs, ctx):
            return held
        return Read(inputs=held.inputs, outputs={**held.outputs, "readyForRenewal": True})

    def update(
        self,
        id_: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ctx: Context,
    ) -> Properties:
        """Record new hours of early renewal; the certificate stays as it is."""
        kept = shared.without_write_only(super().update(id_, old_inputs, old_outputs, new_inputs, ctx), self.key)
        return kept | {"readyForRenewal": renewal.born_due(new_inputs)}

    def _issued(self, inputs: Properties, template: issue.Template, issuer: issue.Issuer) -> Created:
        try:
            certificate = issue.certificate(template, issuer)
        except issue.IssueError as error:
            raise failure(error.summary, str(error)) from error
        outputs = shared.without_write_only(inputs, self.key) | {
            "certPem": certificate.public_bytes(Encoding.PEM).decode(),
            "readyForRenewal": renewal.born_due(inputs),
            "validityStartTime": renewal.written(template.start),
            "validityEndTime": renewal.written(template.end),
        }
        return Created(id=str(certificate.serial_number), outputs=outputs)


class SelfSignedCert(_Certificate):
    """``tls:index/selfSignedCert:SelfSignedCert``."""

    token = "tls:index/selfSignedCert:SelfSignedCert"  # noqa: S105  (a resource type)
    key = "privateKeyPem"
    defaults = _DEFAULTS | {"setAuthorityKeyId": False}
    computed = _COMPUTED | {"keyAlgorithm"}
    secret_outputs = frozenset({key, f"{key}Wo"})

    def create(self, inputs: Properties, ctx: Context) -> Created:
        """Sign a certificate with its own key."""
        key = shared.private_key(inputs, self.key, "Failed to parse private key PEM")
        subject, alternatives = shared.requested(inputs, "Failed to create certificate")
        template = issue.Template(
            subject=subject,
            names=alternatives,
            key=key.public_key(),
            start=clock.now(ctx.home),
            hours=inputs["validityPeriodHours"],
            uses=inputs["allowedUses"],
            is_ca=inputs["isCaCertificate"],
            max_path_length=inputs.get("maxPathLength"),
            set_subject_key_id=inputs["setSubjectKeyId"],
            set_authority_key_id=inputs["setAuthorityKeyId"],
        )
        made = self._issued(inputs, template, issue.Issuer(subject, template.key_id, key))
        return Created(id=made.id, outputs=made.outputs | {"keyAlgorithm": pem.algorithm(key)})


class LocallySignedCert(_Certificate):
    """``tls:index/locallySignedCert:LocallySignedCert``."""

    token = "tls:index/locallySignedCert:LocallySignedCert"  # noqa: S105  (a resource type)
    key = "caPrivateKeyPem"
    computed = _COMPUTED | {"caKeyAlgorithm"}
    secret_outputs = frozenset({key, f"{key}Wo"})

    def create(self, inputs: Properties, ctx: Context) -> Created:
        """Sign a request with the key of a certificate authority."""
        try:
            request = pem.certificate_request(inputs["certRequestPem"])
            certified = pem.supported(request.public_key())
        except pem.PemError as error:
            raise failure("Failed to parse certificate request PEM", str(error)) from error
        key = shared.private_key(inputs, self.key, "Failed to parse CA private key PEM")
        try:
            issuer = issue.Issuer.of(pem.certificate(inputs["caCertPem"]), key)
        except pem.PemError as error:
            raise failure("Failed to parse CA certificate PEM", str(error)) from error
        except issue.IssueError as error:
            raise failure(error.summary, str(error)) from error
        template = issue.Template(
            subject=names.requested_subject(request.subject),
            names=names.requested_names(request),
            key=certified,
            start=clock.now(ctx.home),
            hours=inputs["validityPeriodHours"],
            uses=inputs["allowedUses"],
            is_ca=inputs["isCaCertificate"],
            max_path_length=inputs.get("maxPathLength"),
            set_subject_key_id=inputs["setSubjectKeyId"],
        )
        made = self._issued(inputs, template, issuer)
        return Created(id=made.id, outputs=made.outputs | {"caKeyAlgorithm": pem.algorithm(key)})

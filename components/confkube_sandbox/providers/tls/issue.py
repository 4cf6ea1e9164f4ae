"""Signing certificates and certificate requests, as terraform-provider-tls and Go's ``crypto/x509`` do it.

Source: hashicorp/terraform-provider-tls ``internal/provider/common_cert.go`` (``createCertificate``) and Go 1.26
``x509.CreateCertificate``.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from confkube_sandbox.providers.tls.keys import public_der, subject_key_id
from confkube_sandbox.providers.tls.usages import extended_key_usage, key_usage

if TYPE_CHECKING:
    from datetime import datetime

    from confkube_sandbox.providers.tls.pem import PrivateKey, PublicKey

_SERIAL_BITS = 128


class IssueError(ValueError):
    """A certificate that cannot be made.

    Attributes:
        summary: The provider's headline.
    """

    def __init__(self, summary: str, detail: str) -> None:
        super().__init__(detail)
        self.summary = summary


@dataclass(frozen=True, kw_only=True)
class Template:
    """All that goes into a certificate except who signs it.

    Attributes:
        max_path_length: None and -1 set no limit. So does 0: the provider passes it to Go without Go's marker for a
            zero that is meant.
    """

    subject: x509.Name
    names: list[x509.GeneralName]
    key: PublicKey
    start: datetime
    hours: int
    uses: list[str] = field(default_factory=list[str])
    is_ca: bool = False
    max_path_length: int | None = None
    set_subject_key_id: bool = False
    set_authority_key_id: bool = False

    @property
    def end(self) -> datetime:
        """When the certificate ends.

        Raises:
            IssueError: Beyond the year 9999.
        """
        try:
            return self.start + timedelta(hours=self.hours)
        except OverflowError:
            raise IssueError("Failed to create certificate", f"{self.hours} hours end after the year 9999") from None

    @property
    def key_id(self) -> bytes:
        """The subject key identifier that goes in; empty for none."""
        return subject_key_id(self.key) if self.is_ca or self.set_subject_key_id else b""


@dataclass(frozen=True)
class Issuer:
    """Who signs: a name, a key identifier (empty for none) and the key."""

    subject: x509.Name
    key_id: bytes
    key: PrivateKey

    @classmethod
    def of(cls, certificate: x509.Certificate, key: PrivateKey) -> Issuer:
        """Sign with a certificate authority.

        Raises:
            IssueError: The key is not the certificate's.
        """
        try:
            held = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        except x509.ExtensionNotFound:
            held = b""
        if _certified(certificate) != public_der(key.public_key()):
            detail = "x509: provided PrivateKey doesn't match parent's PublicKey"
            raise IssueError("Failed to create certificate", detail)
        return cls(certificate.subject, held, key)


def certificate(template: Template, issuer: Issuer) -> x509.Certificate:
    """Sign a certificate.

    Raises:
        IssueError: The template contradicts itself.
    """
    _refuse(template, issuer)
    builder = (
        x509.CertificateBuilder()
        .serial_number(secrets.randbits(_SERIAL_BITS) or 1)
        .issuer_name(issuer.subject)
        .subject_name(template.subject)
        .public_key(template.key)
        .not_valid_before(template.start.replace(microsecond=0))
        .not_valid_after(template.end.replace(microsecond=0))
    )
    for extension, critical in _extensions(template, issuer):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer.key, _digest(issuer.key))


def request(subject: x509.Name, names: list[x509.GeneralName], key: PrivateKey) -> bytes:
    """Sign a certificate request and return its DER."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, _digest(key)).public_bytes(Encoding.DER)


def _refuse(template: Template, issuer: Issuer) -> None:
    if template.is_ca and not template.subject.rdns:
        detail = "Must contain at least one Distinguished Name when creating Certificate Authority (CA)"
        raise IssueError("Invalid Certificate Subject", detail)
    if template.set_authority_key_id and not issuer.key_id:
        raise IssueError("Invalid Certificate Authority", "Could not determine Authority Key Identifier")
    if not template.is_ca and (template.max_path_length or 0) > 0:
        raise IssueError("Failed to create certificate", "x509: only CAs are allowed to specify MaxPathLen")


def _extensions(template: Template, issuer: Issuer) -> list[tuple[x509.ExtensionType, bool]]:
    limit = template.max_path_length if (template.max_path_length or 0) > 0 else None
    basic = x509.BasicConstraints(ca=template.is_ca, path_length=limit if template.is_ca else None)
    subject_id = template.key_id
    inherited = issuer.subject.public_bytes() != template.subject.public_bytes()
    authority_id = issuer.key_id if inherited or template.set_authority_key_id else b""
    found: list[tuple[x509.ExtensionType | None, bool]] = [
        (key_usage(template.uses), True),
        (extended_key_usage(template.uses), False),
        (basic, True),
        (x509.SubjectKeyIdentifier(subject_id) if subject_id else None, False),
        (x509.AuthorityKeyIdentifier(authority_id, None, None) if authority_id else None, False),
        # RFC 5280, 4.2.1.6: critical where the subject is empty.
        (x509.SubjectAlternativeName(template.names) if template.names else None, not template.subject.rdns),
    ]
    return [(extension, critical) for extension, critical in found if extension is not None]


def _digest(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {384: hashes.SHA384(), 521: hashes.SHA512()}.get(key.curve.key_size, hashes.SHA256())
    return hashes.SHA256()


def _certified(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

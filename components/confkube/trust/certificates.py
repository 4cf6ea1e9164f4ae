"""What is signed and what is believed: pure functions over the request, the certificate and the offline root."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from confkube.errors import Refusal
from confkube.trust.words import told

UNVERIFIED = "enrolled without evidence"
"""Organisational unit of a certificate for a key of which nothing was proved; stands in it as long as it is used."""

_BACK = timedelta(minutes=5)
"""How much earlier than now a certificate begins, for machines whose clock is behind."""
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_LONGEST_NAME = 64
# The server's own authority, which SPIRE makes under this certificate, and nothing under that but workloads: nobody
# who takes the server over can found a further authority. There is no name constraint besides: RFC 5280 wants it
# critical, and verifiers without constraints on URIs then refuse every workload (rustls-webpki,
# src/subject_name/verify.rs, read 2026-11-27), while the root is trusted for this one trust domain anyway.
_AUTHORITIES_BELOW = 1
_SIGNS_ONLY = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


@dataclass(frozen=True, kw_only=True)
class Root:
    """The offline root of a trust domain, with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def root_certificate(pem: str) -> x509.Certificate:
    """Read the certificate of the root.

    Raises:
        Refusal: It is not a certificate.
    """
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise Refusal("the stack's root certificate (root_certificate in its output trust) cannot be read") from None


def root(certificate_pem: str, key_pem: str) -> Root:
    """Read the root, and see that its key is its own.

    Raises:
        Refusal: Either cannot be read, they do not belong together, or the root has ended.
    """
    certificate = root_certificate(certificate_pem)
    try:
        key = serialization.load_pem_private_key(key_pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refusal("the root's private key (the stack's output trust_root_key) cannot be read") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise Refusal(
            "the stack's outputs trust_root_key and trust do not belong together: the key is not that of the root "
            "certificate; run pulumi up once more"
        )
    if certificate.not_valid_after_utc <= datetime.now(UTC):
        raise Refusal(
            f"the stack's root ended at {moment(certificate.not_valid_after_utc)}, so nothing can be enrolled under "
            "it; bring up a new stack"
        )
    return Root(certificate=certificate, key=key)


def checked_request(document: bytes, domain: str) -> x509.CertificateSigningRequest:
    """Read the request, and see that it is for a key that made it, and for this trust domain alone.

    Raises:
        Refusal: It is not.
    """
    try:
        request = x509.load_pem_x509_csr(document)
        signed, key, names = request.is_signature_valid, request.public_key(), _names(request)
    except _UNREADABLE:
        raise Refusal("what the door handed out is not a certificate request; nothing was signed") from None
    if not signed:
        raise Refusal("the request is not signed with the key that it is for; nothing was signed")
    if not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)):
        raise Refusal("the request is not for a key on one of the curves P-256, P-384, P-521; nothing was signed")
    if names != [_identity(domain)]:
        raise Refusal(
            f"the request is for {_shown(names)}, but the stack's trust domain is spiffe://{domain}; nothing was signed"
        )
    return request


def signed(root: Root, request: x509.CertificateSigningRequest, domain: str, lifetime: timedelta) -> x509.Certificate:
    """Sign a certificate for the request's key, that says in its subject that nothing was verified.

    It does not live longer than the root.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    name = f"trust server of {domain}"
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "confkube"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, UNVERIFIED),
            x509.NameAttribute(NameOID.COMMON_NAME, name if len(name) <= _LONGEST_NAME else "trust server"),
        ]
    )
    key = request.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(root.certificate.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(max(now - _BACK, root.certificate.not_valid_before_utc))
        .not_valid_after(min(now + lifetime, root.certificate.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=True, path_length=_AUTHORITIES_BELOW), critical=True)
        .add_extension(_SIGNS_ONLY, critical=True)
        .add_extension(x509.SubjectAlternativeName([_identity(domain)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(_issued_by(root.certificate), critical=False)
        .sign(root.key, hashes.SHA256())
    )


def in_use(document: bytes, root: x509.Certificate, domain: str) -> x509.Certificate:
    """Read the certificate that a trust server uses, and see that it is under the root and for this trust domain.

    Raises:
        Refusal: It is not; then what answers is not the stack's trust server.
    """
    try:
        certificate = x509.load_pem_x509_certificate(document)
        names = _names(certificate)
        certificate.verify_directly_issued_by(root)
    except (*_UNREADABLE, InvalidSignature):
        names = []
        certificate = None
    if certificate is None or names != [_identity(domain)]:
        raise Refusal(
            f"what the door handed out is no certificate for spiffe://{domain} under this stack's root: what answers "
            "there is not this stack's trust server"
        )
    return certificate


def says_unverified(certificate: x509.Certificate) -> bool:
    """Whether the certificate itself says that nothing was verified."""
    units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    return [each.value for each in units] == [UNVERIFIED]


def pem(certificate: x509.Certificate) -> bytes:
    """Return the certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def moment(time: datetime) -> str:
    """Return a moment as every text of ours writes it."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _identity(domain: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(f"spiffe://{domain}")


def _names(document: x509.Certificate | x509.CertificateSigningRequest) -> list[x509.GeneralName]:
    try:
        return list(document.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return []


def _shown(names: list[x509.GeneralName]) -> str:
    return told(", ".join(str(each.value) for each in names)) or "no name at all"


def _issued_by(root: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    try:
        known = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        key = root.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(key)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known)

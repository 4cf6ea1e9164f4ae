"""Certifies machines of the lab, as a provider vouches for its instances. Its key lives in memory alone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_LIFETIME = timedelta(days=365)
_BACKWARD = timedelta(minutes=5)


class WrongRequestError(Exception):
    """What was sent is no certificate request, or not signed with its own key."""


@dataclass(frozen=True)
class Authority:
    """An authority of one lab."""

    key: ec.EllipticCurvePrivateKey
    root: x509.Certificate

    @classmethod
    def make(cls, lab: str) -> "Authority":
        """Make a new one."""
        key, name = ec.generate_private_key(ec.SECP256R1()), _name(f"confkube lab {lab}")
        root = (
            _begun(name, name)
            .public_key(key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(key, root)

    @property
    def certificate(self) -> str:
        """PEM certificate."""
        return self.root.public_bytes(serialization.Encoding.PEM).decode()

    def certify(self, machine: str, request: str) -> str:
        """Return the PEM certificate of ``machine`` for the key of ``request``; what else it asks for is ignored.

        Raises:
            WrongRequestError: It is malformed, or its signature is wrong.
        """
        try:
            asked = x509.load_pem_x509_csr(request.encode())
        except ValueError:
            raise WrongRequestError("this is no certificate request in PEM form") from None
        try:
            signed = asked.is_signature_valid
        except InvalidSignature:
            signed = False
        key = asked.public_key()
        if not signed or not isinstance(key, ec.EllipticCurvePublicKey):
            raise WrongRequestError("the request is not signed with its own elliptic-curve key")
        certificate = (
            _begun(_name(machine), self.root.subject)
            .public_key(key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _begun(subject: x509.Name, issuer: x509.Name) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKWARD)
        .not_valid_after(now + _LIFETIME)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )

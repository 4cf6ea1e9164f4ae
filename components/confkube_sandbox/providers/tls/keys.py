"""Making private keys and writing them, and their public halves, in all the forms of ``PrivateKey``.

Source: hashicorp/terraform-provider-tls ``internal/provider/{common_key,resource_private_key,common}.go``.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.providers.tls.pem import PrivateKey, PublicKey

ALGORITHMS = ("RSA", "ECDSA", "ED25519")
CURVES: dict[str, Callable[[], ec.EllipticCurve]] = {
    "P224": ec.SECP224R1,
    "P256": ec.SECP256R1,
    "P384": ec.SECP384R1,
    "P521": ec.SECP521R1,
}
_PUBLIC_EXPONENT = 65537
# Go's crypto/rsa refuses smaller keys.
_LEAST_RSA_BITS = 1024


def generate(algorithm: str, rsa_bits: int, ecdsa_curve: str) -> PrivateKey:
    """Make a key; of the two sizes only the one of the algorithm counts.

    Raises:
        ValueError: The RSA key would be too small.
    """
    if algorithm == "ECDSA":
        return ec.generate_private_key(CURVES[ecdsa_curve]())
    if algorithm == "ED25519":
        return ed25519.Ed25519PrivateKey.generate()
    if rsa_bits < _LEAST_RSA_BITS:
        hint = "https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size"
        raise ValueError(f"crypto/rsa: {rsa_bits}-bit keys are insecure (see {hint})")
    return rsa.generate_private_key(_PUBLIC_EXPONENT, rsa_bits)


def private_forms(key: PrivateKey) -> dict[str, str]:
    """Write the private key: PEM of its own kind, PKCS#8, OpenSSH (empty for P-224, which OpenSSH does not know)."""
    own = serialization.PrivateFormat.TraditionalOpenSSL
    if isinstance(key, ed25519.Ed25519PrivateKey):
        own = serialization.PrivateFormat.PKCS8
    openssh = _private(key, serialization.PrivateFormat.OpenSSH) if _in_openssh(key.public_key()) else ""
    return {
        "privateKeyPem": _private(key, own),
        "privateKeyPemPkcs8": _private(key, serialization.PrivateFormat.PKCS8),
        "privateKeyOpenssh": openssh,
    }


def public_forms(key: PublicKey) -> dict[str, str]:
    """Write the public key: PEM, OpenSSH line with its newline, and both fingerprints of the latter."""
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    line = md5 = sha256 = ""
    if _in_openssh(key):
        line = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
        wire = base64.b64decode(line.split(" ")[1])
        md5 = hashlib.md5(wire, usedforsecurity=False).hexdigest()
        sha256 = base64.b64encode(hashlib.sha256(wire).digest()).rstrip(b"=").decode()
    return {
        "publicKeyPem": pem,
        "publicKeyOpenssh": line and f"{line}\n",
        "publicKeyFingerprintMd5": ":".join(md5[i : i + 2] for i in range(0, len(md5), 2)),
        "publicKeyFingerprintSha256": sha256 and f"SHA256:{sha256}",
    }


def identity(der: bytes) -> str:
    """The id of a key or request: SHA-1 of its DER, from whose ends the provider strips bytes that look like spaces."""
    return hashlib.sha1(der.strip(), usedforsecurity=False).hexdigest()


def public_der(key: PublicKey) -> bytes:
    """The public key as SubjectPublicKeyInfo."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def subject_key_id(key: PublicKey) -> bytes:
    """SHA-1 of the public key in the encoding that the provider hashes (``generateSubjectKeyID``)."""
    if isinstance(key, rsa.RSAPublicKey):
        encoded = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        encoded = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    else:
        raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        # Go's asn1.Marshal writes the key, a byte slice, as an OCTET STRING.
        encoded = bytes((0x04, len(raw))) + raw
    return hashlib.sha1(encoded, usedforsecurity=False).digest()


def _private(key: PrivateKey, form: serialization.PrivateFormat) -> str:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _in_openssh(key: PublicKey) -> bool:
    try:
        key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True

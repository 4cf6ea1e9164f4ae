"""Reading PEM text the way terraform-provider-tls does, with its words when the text is no good.

Source: hashicorp/terraform-provider-tls ``internal/provider/{common_key,types,resource_locally_signed_cert}.go``.
"""

from __future__ import annotations

import base64
import re
import textwrap
from typing import TYPE_CHECKING, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

if TYPE_CHECKING:
    from collections.abc import Callable

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

_Parsed = TypeVar("_Parsed")

_BLOCK = re.compile(r"-----BEGIN ([A-Za-z0-9 ]+)-----\r?\n.+?\r?\n-----END \1-----", re.DOTALL)
_PRIVATE = ("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY")
_KNOWN = (*_PRIVATE, "PUBLIC KEY", "CERTIFICATE", "CERTIFICATE REQUEST")


class PemError(ValueError):
    """The text is not what it should be. The message never holds the text."""


def private_key(text: str) -> PrivateKey:
    """Read an unencrypted private key in PKCS#1, SEC 1 or PKCS#8 form.

    Raises:
        PemError: It is none, or of an algorithm other than RSA, ECDSA and Ed25519.
    """
    block = _BLOCK.search(text)
    if block is None:
        size = len(text.encode())
        raise PemError(f"failed to decode PEM block: decoded bytes 0, undecoded {size}")
    preamble = block[1]
    if preamble not in _KNOWN:
        raise PemError(f"unsupported PEM preamble/type: {preamble}")
    if preamble not in _PRIVATE:
        raise PemError(f"unable to determine parser for PEM preamble: {preamble}")
    try:
        key = load_pem_private_key(block[0].encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        reason = f"failed to parse private key given PEM preamble '{preamble}'"
        raise PemError(f"{reason}: {type(error).__name__}") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
        raise PemError(f"unsupported private key type: {type(key).__name__}")
    return key


def algorithm(key: PrivateKey) -> str:
    """Name the key's algorithm as the provider does."""
    if isinstance(key, rsa.RSAPrivateKey):
        return "RSA"
    return "ECDSA" if isinstance(key, ec.EllipticCurvePrivateKey) else "ED25519"


def supported(key: object) -> PublicKey:
    """Take a public key whose algorithm the provider supports.

    Raises:
        PemError: It is of another algorithm.
    """
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        raise PemError(f"unsupported public key type {type(key).__name__}")
    return key


def armour(preamble: str, der: bytes) -> str:
    """Write DER as PEM with the newline that Go appends."""
    lines = textwrap.wrap(base64.b64encode(der).decode(), 64)
    return "\n".join((f"-----BEGIN {preamble}-----", *lines, f"-----END {preamble}-----", ""))


def certificate(text: str) -> x509.Certificate:
    """Read one certificate.

    Raises:
        PemError: The text is none.
    """
    return _load(text, "CERTIFICATE", x509.load_pem_x509_certificate, "certificate")


def certificate_request(text: str) -> x509.CertificateSigningRequest:
    """Read a certificate request.

    Raises:
        PemError: The text is none.
    """
    return _load(text, "CERTIFICATE REQUEST", x509.load_pem_x509_csr, "certificate request")


def _load(text: str, wanted: str, load: Callable[[bytes], _Parsed], what: str) -> _Parsed:
    block = _BLOCK.search(text)
    if block is None:
        raise PemError(f'failed to decode PEM of expected type "{wanted}" from bytes')
    if block[1] != wanted:
        raise PemError(f'invalid PEM type - expected "{wanted}", got "{block[1]}"')
    try:
        return load(block[0].encode())
    except ValueError as error:
        raise PemError(f"failed to parse {what}: {error}") from None

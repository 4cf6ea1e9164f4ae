"""What an issuer of tokens publishes: a discovery document and the key that verifies its signatures."""

import base64
import hashlib
import json

from confkube.errors import Refusal

ALGORITHM = "RS256"
"""The only one that Entra ID is said to take; others may work and are untested.
Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations, 2026-11-27."""
DISCOVERY, KEYS = ".well-known/openid-configuration", "openid/v1/jwks"
"""Where both stand below the issuer's address. The first is fixed by OpenID Connect Discovery 1.0, section 4."""


def discovery(issuer: str) -> str:
    """The discovery document of an issuer whose address ends with a slash.

    After https://azure.github.io/azure-workload-identity/docs/installation/self-managed-clusters/oidc-issuer.html,
    2026-11-27.
    """
    document = {
        "issuer": issuer,
        "jwks_uri": f"{issuer}{KEYS}",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
    }
    return _text(document)


def key_set(public_key: str) -> str:
    """The JSON Web Key Set with one public key.

    Its ``kid`` is the one that Kubernetes writes into tokens: SHA-256 of the key in DER, base64url without padding
    (pkg/serviceaccount/jwt.go of https://github.com/kubernetes/kubernetes, 2026-11-27, recalled).

    Args:
        public_key: In PEM, ``SubjectPublicKeyInfo``.

    Raises:
        Refusal: It is no RSA public key of at least 2048 bits.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  in the extra of this cloud alone
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    try:
        key = serialization.load_pem_public_key(public_key.encode())
    except (ValueError, TypeError):
        raise Refusal("the key of service account tokens is no public key in PEM") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 2048:
        kind = type(key).__name__.strip("_")
        size = getattr(key, "key_size", 0)
        raise Refusal(f"azure takes tokens signed with RSA keys of at least 2048 bits, not with {kind} of {size} bits")
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    numbers = key.public_numbers()
    document = {
        "keys": [
            {
                "use": "sig",
                "kty": "RSA",
                "kid": _encoded(hashlib.sha256(key.public_bytes(*form)).digest()),
                "alg": ALGORITHM,
                "n": _number(numbers.n),
                "e": _number(numbers.e),
            }
        ]
    }
    return _text(document)


def _number(value: int) -> str:
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _text(document: object) -> str:
    return json.dumps(document, indent=2) + "\n"

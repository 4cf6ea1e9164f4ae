"""What a certificate may be used for: the provider's words and the bits and object identifiers behind them.

Source: hashicorp/terraform-provider-tls ``internal/provider/common_cert.go`` and Go's ``crypto/x509/x509.go``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

if TYPE_CHECKING:
    from collections.abc import Iterable

# The bit of KeyUsage (RFC 5280, 4.2.1.3).
KEY_USAGES = {
    "digital_signature": 0,
    "content_commitment": 1,
    "key_encipherment": 2,
    "data_encipherment": 3,
    "key_agreement": 4,
    "cert_signing": 5,
    "crl_signing": 6,
    "encipher_only": 7,
    "decipher_only": 8,
}
EXTENDED_KEY_USAGES = {
    "any_extended": "2.5.29.37.0",
    "server_auth": "1.3.6.1.5.5.7.3.1",
    "client_auth": "1.3.6.1.5.5.7.3.2",
    "code_signing": "1.3.6.1.5.5.7.3.3",
    "email_protection": "1.3.6.1.5.5.7.3.4",
    "ipsec_end_system": "1.3.6.1.5.5.7.3.5",
    "ipsec_tunnel": "1.3.6.1.5.5.7.3.6",
    "ipsec_user": "1.3.6.1.5.5.7.3.7",
    "timestamping": "1.3.6.1.5.5.7.3.8",
    "ocsp_signing": "1.3.6.1.5.5.7.3.9",
    "microsoft_server_gated_crypto": "1.3.6.1.4.1.311.10.3.3",
    "netscape_server_gated_crypto": "2.16.840.1.113730.4.1",
    "microsoft_commercial_code_signing": "1.3.6.1.4.1.311.2.1.22",
    "microsoft_kernel_code_signing": "1.3.6.1.4.1.311.61.1.1",
}
ALLOWED_USES = tuple(sorted(KEY_USAGES.keys() | EXTENDED_KEY_USAGES.keys()))


def key_usage(uses: Iterable[str]) -> x509.UnrecognizedExtension | None:
    """Build the KeyUsage extension; None where no use is a key usage.

    It is encoded here because ``x509.KeyUsage`` refuses combinations that Go signs, such as ``encipher_only`` alone.
    """
    bits = sorted({KEY_USAGES[use] for use in uses if use in KEY_USAGES})
    if not bits:
        return None
    size = bits[-1] // 8 + 1
    value = sum(1 << (size * 8 - 1 - bit) for bit in bits)
    unused = size * 8 - 1 - bits[-1]
    der = bytes((0x03, size + 1, unused)) + value.to_bytes(size, "big")
    return x509.UnrecognizedExtension(ExtensionOID.KEY_USAGE, der)


def extended_key_usage(uses: Iterable[str]) -> x509.ExtendedKeyUsage | None:
    """Build the ExtendedKeyUsage extension in the order given; None where no use is an extended one."""
    oids = [x509.ObjectIdentifier(EXTENDED_KEY_USAGES[use]) for use in uses if use in EXTENDED_KEY_USAGES]
    return x509.ExtendedKeyUsage(oids) if oids else None

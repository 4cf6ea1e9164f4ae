"""Who a certificate is for: its subject and its alternative names.

Source: hashicorp/terraform-provider-tls ``createSubjectDistinguishedNames`` and Go's ``crypto/x509/pkix.Name``, whose
order of attributes and treatment of several values (one multi-valued RDN) are kept.
"""

from __future__ import annotations

import ipaddress
import json
import urllib.parse
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# In the order in which Go writes them.
_ORDER: dict[str, x509.ObjectIdentifier] = {
    "country": NameOID.COUNTRY_NAME,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "streetAddresses": NameOID.STREET_ADDRESS,
    "postalCode": NameOID.POSTAL_CODE,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "commonName": NameOID.COMMON_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}
# Go holds one value of these, leaves them out when empty, and takes the last one of a request.
_SINGLE = frozenset({"commonName", "serialNumber"})


class NameRefusedError(ValueError):
    """A name that no certificate can carry.

    Attributes:
        summary: The provider's headline, for example ``Invalid IP address``; empty when the signing itself fails.
    """

    def __init__(self, summary: str, detail: str) -> None:
        super().__init__(detail)
        self.summary = summary


def subject(fields: Mapping[str, Any]) -> x509.Name:
    """Build a subject from the ``subject`` property; absent fields are left out."""
    values: dict[str, list[str]] = {}
    for field in _ORDER:
        given = fields.get(field)
        if given is not None:
            values[field] = list(given) if field == "streetAddresses" else [given]
    return _name(values)


def requested_subject(name: x509.Name) -> x509.Name:
    """Take a subject over from a request as Go does: reordered, and without the e-mail address, which Go drops."""
    values = {field: _values(name, oid) for field, oid in _ORDER.items() if field != "emailAddress"}
    return _name({field: found[-1:] if field in _SINGLE else found for field, found in values.items()})


def alternative_names(
    dns: Sequence[str] = (), ips: Sequence[str] = (), uris: Sequence[str] = ()
) -> list[x509.GeneralName]:
    """Read the three lists of names.

    Raises:
        NameRefusedError: One of them is not what its list says.
    """
    return [
        *(x509.DNSName(_ascii(name)) for name in dns),
        *(x509.IPAddress(_ip(text)) for text in ips),
        *(x509.UniformResourceIdentifier(_ascii(_uri(text))) for text in uris),
    ]


def requested_names(request: x509.CertificateSigningRequest) -> list[x509.GeneralName]:
    """Take the alternative names over from a request: DNS names, then addresses, then URIs, and no other kinds."""
    try:
        held = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    kinds = (x509.DNSName, x509.IPAddress, x509.UniformResourceIdentifier)
    return [name for kind in kinds for name in held if isinstance(name, kind)]


def _name(values: Mapping[str, Iterable[str]]) -> x509.Name:
    rdns: list[x509.RelativeDistinguishedName] = []
    for field, oid in _ORDER.items():
        present = [value for value in values.get(field, ()) if value or field not in _SINGLE]
        if present:
            # Go checks no lengths, so neither does this.
            attributes = [x509.NameAttribute(oid, value, _validate=False) for value in dict.fromkeys(present)]
            rdns.append(x509.RelativeDistinguishedName(attributes))
    return x509.Name(rdns)


def _values(name: x509.Name, oid: x509.ObjectIdentifier) -> list[str]:
    found = (attribute.value for attribute in name.get_attributes_for_oid(oid))
    return [value for value in found if isinstance(value, str)]


def _ascii(text: str) -> str:
    if not text.isascii():
        raise NameRefusedError("", f"x509: {json.dumps(text, ensure_ascii=False)} cannot be encoded as an IA5String")
    return text


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        address = None
    if address is None or "%" in text:
        raise NameRefusedError("Invalid IP address", f"Failed to parse {json.dumps(text)}")
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _uri(text: str) -> str:
    reason = ""
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        reason = "net/url: invalid control character in URL"
    elif text.startswith(":"):
        reason = "missing protocol scheme"
    else:
        try:
            urllib.parse.urlsplit(text)
        except ValueError as error:
            reason = str(error)
    if reason:
        quoted = json.dumps(text)
        raise NameRefusedError("Invalid URI", f"Failed to parse {quoted}: parse {quoted}: {reason}")
    return text

"""Decides by the X.509-SVID that a client has shown: TLS has verified it up to the root of the trust domain."""

import ssl
from typing import TYPE_CHECKING, Any, cast

from .chains import openssl, require_evidence, unentitled, unproved

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler


class Way:
    """By X.509-SVID (https://spiffe.io/docs/latest/spiffe-specs/x509-svid/, sections 2 to 5, read 2026-11-27)."""

    certificates = ssl.CERT_OPTIONAL
    challenge = "Mutual"

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings

    def who(self, visit: "BaseHTTPRequestHandler") -> str:
        """Return the SPIFFE ID of a client that the secret is for."""
        connection = cast("ssl.SSLSocket", visit.connection)
        certificate = cast("dict[str, Any] | None", connection.getpeercert())
        if not certificate:
            raise unproved("show an X.509-SVID as client certificate")
        chain = verified_chain(connection)
        names: list[tuple[str, str]] = list(certificate.get("subjectAltName", ()))
        found = [value for kind, value in names if kind == "URI"]
        if len(found) != 1:
            raise unproved("the client's certificate is no X.509-SVID: it does not have exactly one URI")
        good, text = openssl("x509", "-noout", "-ext", "basicConstraints,keyUsage", stdin=chain[0])
        if not good or "CA:TRUE" in text or "Certificate Sign" in text or "CRL Sign" in text:
            raise unproved("the client's certificate is no X.509-SVID of a workload: it may sign others")
        own, domain = found[0], self._settings["trust_domain"]
        if not own.startswith(f"spiffe://{domain}/"):
            raise unentitled(f"{own} is not of the trust domain {domain}")
        if own not in self._settings["identities"]:
            raise unentitled(f"{own} is not one of those that the secret is for")
        require_evidence(chain, self._settings["allow"])
        return own


def verified_chain(connection: ssl.SSLSocket) -> list[str]:
    """Return the chain by which a client's certificate was believed, the client's first."""
    # Public since Python 3.13; the same function is there before, below the socket.
    # https://docs.python.org/3/library/ssl.html#ssl.SSLSocket.get_verified_chain, read 2026-11-27
    holder: Any = connection if hasattr(connection, "get_verified_chain") else getattr(connection, "_sslobj", None)
    ask = cast("Callable[[], list[Any] | None]", getattr(holder, "get_verified_chain", lambda: None))
    chain = [_pem(each) for each in ask() or []]
    if not chain:
        raise unproved("the chain of the client's certificate cannot be seen")
    return chain


def _pem(certificate: Any) -> str:  # noqa: ANN401  bytes, or an object of the ssl module's own
    der: bytes = certificate if isinstance(certificate, bytes) else certificate.public_bytes(2)
    return ssl.DER_cert_to_PEM_cert(der)

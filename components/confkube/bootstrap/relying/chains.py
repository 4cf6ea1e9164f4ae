"""Chains of certificates, looked at with openssl; and what is said when something is not believed."""

import ssl
import subprocess
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Protocol

OPENSSL = "/usr/bin/openssl"
UNVERIFIED = "enrolled without evidence"
"""The mark of an authority of which nothing was proved when it was enrolled."""
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class RefusedError(Exception):
    """Nothing is released; with the reason, which holds nothing secret."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Way(Protocol):
    """A way to prove oneself."""

    certificates: ssl.VerifyMode
    """Whether TLS looks at a client's certificate."""
    challenge: str
    """What a client is asked for."""

    def who(self, visit: BaseHTTPRequestHandler) -> str:
        """Return in a few words who asks, if the secret is for it; else raise ``RefusedError``."""
        ...


def unproved(reason: str) -> RefusedError:
    """Who asks has not proved who it is."""
    return RefusedError(HTTPStatus.UNAUTHORIZED, reason)


def unentitled(reason: str) -> RefusedError:
    """Who asks has proved who it is, and that does not entitle it."""
    return RefusedError(HTTPStatus.FORBIDDEN, reason)


def openssl(*words: str, stdin: str | bytes = "", files: tuple[int, ...] = ()) -> tuple[bool, str]:
    """Run openssl; returns whether it succeeded, and what it printed."""
    data = stdin.encode() if isinstance(stdin, str) else stdin
    try:
        done = subprocess.run(  # noqa: S603  a fixed program, and words of this program's own
            [OPENSSL, *words], input=data, capture_output=True, check=False, timeout=10, pass_fds=files
        )
    except (OSError, subprocess.TimeoutExpired):
        return False, ""
    return done.returncode == 0, done.stdout.decode("utf-8", "replace")


def split(pem: str) -> list[str]:
    """Return the certificates of a text, one by one."""
    parts = pem.split(_BEGIN)[1:]
    return [f"{_BEGIN}{part.split(_END)[0]}{_END}\n" for part in parts]


def marks(certificates: list[str]) -> set[str]:
    """Return what a chain says of itself in the organisational units of its certificates."""
    found: set[str] = set()
    for pem in certificates:
        good, text = openssl("x509", "-noout", "-subject", "-nameopt", "multiline,utf8,esc_ctrl", stdin=pem)
        if not good:
            raise unproved("a certificate of the chain cannot be read")
        for line in text.splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "organizationalUnitName":
                found.add(value.strip())
    return found


def require_evidence(certificates: list[str], allow: list[str]) -> None:
    """Refuse a chain below an authority of which nothing was proved, unless that is allowed by name."""
    if UNVERIFIED in marks(certificates) and UNVERIFIED not in allow:
        raise unentitled(f"the authority behind it was {UNVERIFIED}, and that is not allowed here")

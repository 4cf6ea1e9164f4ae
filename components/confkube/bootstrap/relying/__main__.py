"""A demonstration of a relying party: releases one secret over HTTPS, to what has proved itself and to nobody else.

GET /secret: beside a SPIRE server with an X.509-SVID as client certificate, beside a Trustee with
``Authorization: DPoP <attestation token>`` and a header ``DPoP`` with a proof of possession (RFC 9449). Every decision
is a line of the log, without the secret.
"""

import base64
import importlib
import json
import os
import secrets
import ssl
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from .chains import RefusedError, Way

if TYPE_CHECKING:
    import socket

SETTINGS = os.environ.get("CONFKUBE_RELYING_PARTY", "/etc/confkube/relying-party.json")
PATH = "/secret"
_PATIENCE, _MOST_VISITS, _LONGEST_LINE = 20, 32, 400


def own_secret(folder: Path) -> bytes:
    """Return the secret, which is made once and never leaves but by an answer."""
    path = folder / "secret"
    if not path.exists():
        part = folder / "part"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
        part.replace(path)
    return path.read_bytes()


def tls(way: Way, root: str, credentials: Path) -> ssl.SSLContext:
    """Return the server's side of TLS: a client's certificate, where one is looked at, must be under the root."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(credentials / "chain.pem", credentials / "key.pem")
    context.load_verify_locations(root)
    context.verify_mode = way.certificates
    # A resumed session would bring a certificate that was verified long ago, and without its chain.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET
    return context


def told(text: object) -> str:
    """Return a text as one line of the log."""
    line = "".join(each if " " <= each <= "~" else "?" for each in str(text))
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}..."


def log(text: str) -> None:
    """Write a line of the log."""
    sys.stderr.write(f"{told(text)}\n")


class Visit(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    timeout = _PATIENCE

    def do_GET(self) -> None:
        """Decide, and say so."""
        server = cast("Service", self.server)
        if self.path != PATH:
            self._answer(HTTPStatus.NOT_FOUND, {"error": f"there is only GET {PATH}"})
            return
        try:
            who = server.way.who(self)
        except RefusedError as refused:
            log(f"refused {refused.status.value} to {self.client_address[0]}: {refused}")
            self._answer(refused.status, {"error": str(refused)})
            return
        log(f"released to {who}, at {self.client_address[0]}")
        self._answer(HTTPStatus.OK, {"secret": base64.b64encode(server.secret).decode("ascii")})

    def _answer(self, status: HTTPStatus, content: dict[str, str]) -> None:
        body = json.dumps(content).encode("ascii") + b"\n"
        self.send_response_only(status)
        if status == HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", cast("Service", self.server).way.challenge)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  named by its base class
        """Log what could not be read as a request."""
        log(f"{self.client_address[0]}: {format % args}")


class Service(ThreadingHTTPServer):
    """The service; each visit has a thread, and there are only so many at once."""

    daemon_threads = True
    request_queue_size = _MOST_VISITS

    def __init__(self, settings: dict[str, Any], way: Way, context: ssl.SSLContext, secret: bytes) -> None:
        self.way, self.context, self.secret = way, context, secret
        self._places = threading.BoundedSemaphore(_MOST_VISITS)
        super().__init__((settings.get("address", "0.0.0.0"), settings["port"]), Visit)  # noqa: S104  a network rule lets in who may come

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  as its base class has it
        """Do the handshake in the visit's own thread, so that a slow visitor holds up nobody."""
        if not self._places.acquire(blocking=False):
            log(f"turned away {client_address[0]}: too many at once")
            return
        try:
            request.settimeout(_PATIENCE)
            with self.context.wrap_socket(cast("socket.socket", request), server_side=True) as connection:
                super().finish_request(connection, client_address)
        except ssl.SSLCertVerificationError as error:
            reason = f"its certificate is not believed: {error.verify_message}"
            log(f"refused at the handshake to {client_address[0]}: {reason}")
        except (ssl.SSLError, OSError) as error:
            log(f"no answer to {client_address[0]}: {error}")
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002  as its base class has it
        """Log an error of this program's own without what was being handled."""
        log(f"error in an answer to {client_address[0]}: {sys.exc_info()[0]}")


def main() -> None:
    """Serve."""
    settings: dict[str, Any] = json.loads(Path(SETTINGS).read_text(encoding="ascii"))
    # Only the part that fits the trust server is on the machine.
    way: Way = importlib.import_module(f"{__package__}.{settings['by']}").Way(settings)
    context = tls(way, settings["root"], Path(os.environ["CREDENTIALS_DIRECTORY"]))
    secret = own_secret(Path(os.environ["STATE_DIRECTORY"]))
    with Service(settings, way, context, secret) as service:
        log(f"a demonstration of a relying party answers at port {service.server_address[1]}")
        service.serve_forever()


if __name__ == "__main__":
    main()

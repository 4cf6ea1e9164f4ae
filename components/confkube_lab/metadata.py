"""What a provider tells its machines: who they are, a certificate that says so, and the secrets that are theirs.

HTTP at the metadata address, inside the lab's network only. A machine is known by its address; the bridges drop
what it sends under another. Every request carries a header that a browser or a careless proxy does not send.
"""

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from confkube_lab.authority import Authority, WrongRequestError
from confkube_lab.home import LabHome, read_json, write_json
from confkube_lab.inventory import Inventory, Machine
from confkube_lab.network import METADATA, METADATA_PORT

_PREFIX = "/confkube-lab/v1"
_HEADER, _VALUE = "Confkube-Lab", "machine"
_TOKEN_SECONDS = 300
_LARGEST_BODY = 16384


class Answer(NamedTuple):
    """Status and body of an answer."""

    status: HTTPStatus
    body: str


@dataclass
class Tokens:
    """Who may ask the secret store, for some minutes; kept in memory alone."""

    given: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def give(self, machine: str) -> str:
        """A new token of a machine."""
        token, now = secrets.token_urlsafe(32), time.monotonic()
        with self.lock:
            self.given = {key: value for key, value in self.given.items() if value[1] > now}
            self.given[token] = (machine, now + _TOKEN_SECONDS)
        return token

    def owner(self, token: str) -> str | None:
        """The machine that a token was given to."""
        with self.lock:
            machine, end = self.given.get(token, ("", 0.0))
        return machine if end > time.monotonic() else None


def keep_secret(home: LabHome, name: str, owner: str, value: str) -> None:
    """Put a secret into the store; only the machine ``owner`` can read it."""
    write_json(home.secrets / f"{_stored(name)}.json", {"name": name, "owner": owner, "value": value})


def drop_secrets(home: LabHome, owner: str) -> None:
    """Remove the secrets of a machine from the store."""
    for path in home.secrets.glob("*.json"):
        if read_json(path).get("owner") == owner:
            path.unlink(missing_ok=True)


def _stored(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:32]


@dataclass
class Provider:
    """Answers machines."""

    inventory: Inventory
    authority: Authority
    tokens: Tokens = field(default_factory=Tokens)

    def answer(self, method: str, path: str, machine: Machine, token: str, body: str) -> Answer:
        """Answer one request of ``machine``."""
        match (method, path):
            case ("GET", "/machine"):
                return Answer(HTTPStatus.OK, json.dumps({"name": machine.name, "tier": machine.tier}))
            case ("GET", "/identity/authority"):
                return Answer(HTTPStatus.OK, self.authority.certificate)
            case ("POST", "/identity/certificate"):
                return self._certify(machine, body)
            case ("POST", "/token"):
                return Answer(HTTPStatus.OK, self.tokens.give(machine.name))
            case ("GET", _) if path.startswith("/secrets/"):
                return self._secret(path.removeprefix("/secrets/"), machine, token)
            case _:
                return Answer(HTTPStatus.NOT_FOUND, "no such thing\n")

    def _certify(self, machine: Machine, request: str) -> Answer:
        try:
            return Answer(HTTPStatus.OK, self.authority.certify(machine.name, request))
        except WrongRequestError as error:
            return Answer(HTTPStatus.BAD_REQUEST, f"{error}\n")

    def _secret(self, name: str, machine: Machine, token: str) -> Answer:
        owner = self.tokens.owner(token)
        if owner != machine.name:
            return Answer(HTTPStatus.UNAUTHORIZED, "no valid token of this machine\n")
        record = read_json(self.inventory.home.secrets / f"{_stored(name)}.json")
        if record.get("name") != name or record.get("owner") != owner:
            return Answer(HTTPStatus.FORBIDDEN, f"{owner} may not read this secret, or there is none of that name\n")
        return Answer(HTTPStatus.OK, str(record["value"]))


def serve(inventory: Inventory) -> None:
    """Start answering, in a thread of its own."""
    provider = Provider(inventory=inventory, authority=Authority.make(inventory.home.tag))
    server = ThreadingHTTPServer((METADATA, METADATA_PORT), _handler(provider.answer, inventory))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _handler(
    answer: Callable[[str, str, Machine, str, str], Answer], inventory: Inventory
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            self._reply("GET", "")

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "0")
            if not (length.isascii() and length.isdigit() and int(length) <= _LARGEST_BODY):
                self._send(Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large\n"))
                return
            self._reply("POST", self.rfile.read(int(length)).decode("ascii", errors="replace"))

        def _reply(self, method: str, body: str) -> None:
            machine = inventory.at(str(self.client_address[0]))
            if machine is None or self.headers.get(_HEADER) != _VALUE or not self.path.startswith(f"{_PREFIX}/"):
                self._send(Answer(HTTPStatus.FORBIDDEN, f"ask from a machine of the lab, with {_HEADER}: {_VALUE}\n"))
                return
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            self._send(answer(method, self.path.removeprefix(_PREFIX), machine, token, body))

        def _send(self, given: Answer) -> None:
            content = given.body.encode()
            self.send_response(given.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler

"""The control API: what the command line and the tests say to the daemon itself. Every call needs the bearer token."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

from confkube.errors import Refusal
from confkube_sandbox import clock
from confkube_sandbox.daemon.http import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.daemon.http import Incoming
    from confkube_sandbox.daemon.world import World
    from confkube_sandbox.home import SandboxHome

PREFIX = "/_confkube/"


class Control:
    """Answers the calls below ``/_confkube/``."""

    def __init__(self, home: SandboxHome, token: str, world: World, stop: Callable[[], None]) -> None:
        self._home = home
        self._token = token
        self._world = world
        self._stop = stop

    def handle(self, request: Incoming) -> Reply:
        """Answer one call."""
        given = request.header("authorization")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return _json(401, {"error": "a bearer token is needed"})
        parts = urlsplit(request.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        try:
            body = self._answer(request.method, parts.path.removeprefix(PREFIX), query, request.body)
        except Refusal as refusal:
            return _json(400, {"error": str(refusal)})
        return _json(404, {"error": "no such call"}) if body is None else _json(200, body)

    def _answer(self, method: str, name: str, query: dict[str, str], body: bytes) -> dict[str, Any] | None:
        match method, name:
            case "GET", "status":
                now = clock.now(self._home).isoformat(timespec="seconds")
                return {
                    "simulation": True,
                    "clock": now,
                    "settings": self._world.settings.as_json(),
                    "resources": self._world.counts(),
                }
            case "GET", "inventory":
                found = self._world.inventory(query.get("account"))
                return {"resources": [f"{owner}/{kind}/{name}" for owner, kind, name in found]}
            case "POST", "reset":
                self._world.reset()
                return {}
            case "POST", "settings":
                return self._world.change_settings(_table(body)).as_json()
            case "POST", "stop":
                self._stop()
                return {}
            case _:
                return None


def _table(body: bytes) -> dict[str, Any]:
    try:
        held = cast("object", json.loads(body or b"{}"))
    except ValueError:
        raise Refusal("the body is not JSON") from None
    if not isinstance(held, dict):
        raise Refusal("the body is not a JSON object")
    return cast("dict[str, Any]", held)


def _json(status: int, body: dict[str, Any]) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, json.dumps(body).encode())

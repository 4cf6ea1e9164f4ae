"""Official Google clients against the simulated Google Cloud: over HTTP, or straight into an application in-process.

Compute Engine is asked by google-cloud-compute. What its types cannot express, and the other APIs, go through
google-api-python-client.
"""

from __future__ import annotations

import inspect
import io
import json
import threading
import time
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import urlsplit

import httplib2
import requests
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import compute_v1
from google.oauth2.credentials import Credentials
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from requests.adapters import BaseAdapter

from confkube_sandbox.daemon.http import Incoming

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.app import Gcp

ACCOUNT = "confkube-sandbox-0001"
BASES = {
    "compute": "/compute/v1/",
    "iam": "/gcp/iam/",
    "secretmanager": "/gcp/secretmanager/",
    "cloudresourcemanager": "/gcp/cloudresourcemanager/",
}
OPERATIONS = {"zone": "zoneOperations", "region": "regionOperations", "global": "globalOperations"}


class Clients:
    """Makes clients of one project; ``app`` answers in this process when it is given, else ``url`` does."""

    def __init__(
        self, secret: str, url: str = "http://127.0.0.1:9", app: Gcp | None = None, account: str = ACCOUNT
    ) -> None:
        self.account = account
        self._secret, self._url, self._app = secret, url, app
        self._made: dict[str, Any] = {}
        self._own = threading.local()

    def compute(self, collection: str) -> Any:
        """Return google-cloud-compute's client of a collection such as ``instances``."""
        if collection not in self._made:
            kind = getattr(compute_v1, f"{collection[0].upper()}{collection[1:]}Client")
            made = kind(credentials=Credentials(token=self._secret), client_options={"api_endpoint": self._url})
            if self._app is not None:
                made.transport._session.mount("http://", _Adapter(self._app))
            self._made[collection] = made
            # The library makes its own clients of operations, and forgets the address for them.
            if hasattr(made.transport, "_extended_operations_services"):
                own = {f"{kind}_operations": self.compute(name) for kind, name in OPERATIONS.items()}
                made.transport._extended_operations_services.update(own)
        return self._made[collection]

    def api(self, service: str, version: str = "v1", location: str = "") -> Any:
        """Return google-api-python-client's client of a service (of one place); each thread has its own."""
        held = self._own.__dict__.setdefault("services", {})
        base = f"/gcp/{location}-{service}/" if location else BASES[service]
        if (service, version, base) not in held:
            held[service, version, base] = build(
                service,
                version,
                http=_Http(self),
                static_discovery=True,
                client_options={"api_endpoint": f"{self._url}{base}"},
            )
        return held[service, version, base]

    def run(self, operation: str, body: dict[str, Any] | None = None, **parameters: Any) -> dict[str, Any]:
        """Carry out a call of Compute Engine, wait for its operation, and return the call's own answer."""
        given = {"project": self.account, **parameters, **({} if body is None else {"body": body})}
        try:
            message = self.send(operation, given)
        except GoogleAPICallError as refused:
            raise AssertionError(refused.message) from refused
        answer = _plain(message)
        if answer.get("kind") == "compute#operation":
            done = self.wait(answer)
            assert "error" not in done, done["error"]
        return answer

    def send(self, operation: str, parameters: dict[str, Any]) -> Any:
        """Send one request of Compute Engine through google-cloud-compute."""
        collection, _, method = operation.partition(".")
        call = getattr(self.compute(collection), _snake(method))
        annotation = inspect.signature(call, eval_str=True).parameters["request"].annotation
        kind = next(each for each in get_args(annotation) if hasattr(each, "pb"))
        given = {name: value for name, value in parameters.items() if name != "body"}
        if "body" in parameters:
            field = next(name for name in kind.meta.fields if name.endswith("_resource"))
            given[field] = parameters["body"]
        request = kind()
        ParseDict(given, kind.pb(request))
        return call(request=request, retry=None)

    def wait(self, operation: dict[str, Any]) -> dict[str, Any]:
        """Wait until an operation ends and return it."""
        where, kind = {"project": self.account, "operation": operation["name"]}, "global"
        for name in ("zone", "region"):
            if name in operation:
                where[name], kind = operation[name].rpartition("/")[2], name
        while operation["status"] != "DONE":
            client = self.compute(OPERATIONS[kind])
            operation = _plain(client.wait(request=where, retry=None))
        return operation

    def answer(
        self, service: str, operation: str, parameters: dict[str, Any], region: str, wire: dict[str, Any]
    ) -> tuple[int, str, str]:
        """Send one request; return status, code and text of the refusal, or (200, "", "").

        Code is the reason of Compute Engine (or the code of an operation's error), and the status word of the others.
        ``wire`` is sent as it is: ``method``, ``path`` and ``text``, or ``headers`` in place of the usual ones.
        """
        if wire:
            return _refusal(service, self.raw(**wire))
        if service == "compute":
            return self._compute_answer(operation, parameters)
        version, location = parameters.pop("version", "v1"), parameters.pop("location", "")
        try:
            answer = self.call(service, operation, version, location, **parameters)
        except HttpError as refused:
            return _refusal(service, (refused.resp.status, refused.content))
        if not str(answer.get("name", "")).startswith("operations/"):
            return 200, "", ""
        error = self._ended(answer).get("error", {})
        return (200, error["code"], error["message"]) if error else (200, "", "")

    def _compute_answer(self, operation: str, parameters: dict[str, Any]) -> tuple[int, str, str]:
        given = {"project": self.account, **parameters}
        try:
            answer = _plain(self.send(operation, given))
        except GoogleAPICallError as refused:
            return _refusal("compute", (refused.response.status_code, refused.response.content))
        except (ParseError, AttributeError, StopIteration, TypeError):
            try:
                answer = self.call("compute", operation, "v1", **given)
            except HttpError as refused:
                return _refusal("compute", (refused.resp.status, refused.content))
        if answer.get("kind") != "compute#operation":
            return 200, "", ""
        done = self.wait(answer)
        if "error" not in done:
            return 200, "", ""
        error = done["error"]["errors"][0]
        return int(done["httpErrorStatusCode"]), error["code"], error["message"]

    def settled(self, operation: dict[str, Any]) -> dict[str, Any]:
        """Wait until a change of Resource Manager ends well, and return what it led to."""
        done = self._ended(operation)
        assert "error" not in done, done["error"]
        return done["response"]

    def _ended(self, operation: dict[str, Any]) -> dict[str, Any]:
        while not operation.get("done"):
            operation = self.call("cloudresourcemanager", "operations.get", "v3", name=operation["name"])
        return operation

    def call(
        self, service: str, operation: str, version: str = "v1", location: str = "", **parameters: Any
    ) -> dict[str, Any]:
        """Carry out one call through google-api-python-client; operation is the method's id without the service."""
        *collections, method = operation.split(".")
        found = self.api(service, version, location)
        for each in collections:
            found = getattr(found, each)()
        return getattr(found, method)(**parameters).execute(num_retries=0)

    def raw(
        self, path: str, method: str = "GET", text: str = "", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Send one request as it is written."""
        sent = {"Authorization": f"Bearer {self._secret}"} if headers is None else headers
        if self._app is not None:
            reply = self._app.handle(Incoming(method, path, sent, text.encode()))
            assert reply is not None
            return reply.status, reply.body
        answer = requests.request(method, f"{self._url}{path}", data=text.encode(), headers=sent, timeout=30)
        return answer.status_code, answer.content


class _Adapter(BaseAdapter):
    """Answers what google-cloud-compute sends by the application."""

    def __init__(self, app: Gcp) -> None:
        super().__init__()
        self._app = app

    def send(self, request: Any, **_: Any) -> requests.Response:
        parts = urlsplit(request.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        body = request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")
        reply = self._app.handle(Incoming(request.method, path, dict(request.headers), body))
        if reply is None:
            raise requests.ConnectionError
        made = requests.Response()
        made.status_code, made.headers, made.raw = reply.status, reply.headers, io.BytesIO(reply.body)
        made.url, made.request = request.url, request
        return made

    def close(self) -> None:
        """Nothing is open."""


class _Http:
    """What google-api-python-client sends its requests with."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def request(
        self, uri: str, method: str = "GET", body: Any = None, headers: dict[str, str] | None = None, **_: Any
    ) -> tuple[httplib2.Response, bytes]:
        parts = urlsplit(uri)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        text = body.decode() if isinstance(body, bytes) else body or ""
        sent = {**(headers or {}), "Authorization": f"Bearer {self._clients._secret}"}
        status, content = self._clients.raw(path, method, text, sent)
        return httplib2.Response({"status": str(status), "content-type": "application/json"}), content

    def close(self) -> None:
        """Nothing is open."""


def _refusal(service: str, answered: tuple[int, bytes]) -> tuple[int, str, str]:
    status, content = answered
    if status < 400:
        return status, "", ""
    error = json.loads(content)["error"]
    code = error["errors"][0]["reason"] if service == "compute" else error["status"]
    return status, code, error["message"]


def _plain(answer: Any) -> dict[str, Any]:
    """Return an answer of google-cloud-compute as JSON."""
    if hasattr(answer, "_extended_operation"):
        answer = answer._extended_operation
    if not hasattr(type(answer), "pb"):
        return {}
    return MessageToDict(type(answer).pb(answer))


def _snake(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)


def until(what: Any, *, seconds: float = 20.0) -> Any:
    """Ask until the answer is something, and return it."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return found

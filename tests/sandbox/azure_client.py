"""Official Azure clients against the simulated Azure: over HTTP, or straight into an application in this process."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import azure_world
import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.keyvault import KeyVaultManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
from requests import Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from confkube_sandbox.daemon.http import Incoming

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.app import Azure

REGION = "eastus"
ACCOUNT = "00000000-0000-4000-8000-000000001111"
_CLIENTS = {
    "resources": ResourceManagementClient,
    "network": NetworkManagementClient,
    "compute": ComputeManagementClient,
    "identity": ManagedServiceIdentityClient,
    "authorization": AuthorizationManagementClient,
    "keyvault": KeyVaultManagementClient,
    "storage": StorageManagementClient,
}


class Clients:
    """Makes clients of one subscription; ``app`` answers in this process when it is given, else ``url`` does."""

    def __init__(
        self, secret: str, url: str = "http://127.0.0.1:9", app: Azure | None = None, account: str = ACCOUNT
    ) -> None:
        self._secret, self._url, self._app, self.account = secret, url, app, account
        self._made: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Return the client of a service, without retries."""
        if service not in self._made:
            self._made[service] = _CLIENTS[service](
                _Credential(),
                self.account,
                base_url=self._url,
                authentication_policy=_Token(self._secret),
                transport=_transport(self._app),
                retry_total=0,
            )
        return self._made[service]

    def send(self, service: str, operation: str, parameters: dict[str, Any], wire: dict[str, Any] | None = None) -> Any:
        """Send one request through the SDK and wait until it has ended; a list is returned as a whole."""
        found = self.client(service)
        for name in operation.split("."):
            found = getattr(found, name)
        if "at" in parameters:
            body = [azure_world.changed(azure_world.body(parameters), wire or {})] if "like" in parameters else []
            result = found(*parameters["at"], *body, **parameters.get("options", {}))
        else:
            result = found(**parameters)
        if hasattr(result, "polling_method"):
            return result.result()
        return list(result) if hasattr(result, "by_page") else result

    def transport(self) -> RequestsTransport:
        """Return what leads to the application in this process, or to the network."""
        return _transport(self._app)

    def raw(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        """Send a request as it is, without the SDK; a header that is empty is not sent."""
        sent = {"Authorization": f"Bearer {self._secret}", "Host": urlsplit(self._url).netloc, **headers}
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode() if body is not None else b""
        sent = {name: value for name, value in sent.items() if value}
        if self._app is not None:
            reply = self._app.handle(Incoming(method, path, sent, content))
            assert reply is not None
            return reply.status, _read(reply.body)
        answered = requests.request(method, self._url + path, data=content, headers=sent, timeout=60)
        return answered.status_code, _read(answered.content)

    def answer(
        self, service: str, operation: str, parameters: dict[str, Any], region: str, wire: dict[str, Any]
    ) -> tuple[int, str, str]:
        """Send one request; return status, code and text of the refusal, or (200, "", "").

        Parameters are the operation's own, or ``at`` (names, in order), ``like`` (a correct body of ``azure_world``)
        and ``using`` (what that body is made from); ``wire`` changes the body, path by path, and ``-`` takes a
        property away. With service ``raw`` the operation is a method, and parameters are ``path``, ``body`` and
        ``headers``.
        """
        del region
        if service == "raw":
            sent = (parameters["path"], parameters.get("body"))
            status, body = self.raw(operation, *sent, **parameters.get("headers", {}))
            return (status, *_told(body)) if status >= 300 else (200, "", "")
        try:
            self.send(service, operation, parameters, wire)
        except HttpResponseError as refused:
            status = refused.status_code or 0
            try:
                body = json.loads(refused.response.text()) if refused.response is not None else {}
            except ValueError:
                body = {}
            return (status, *_told(body))
        return 200, "", ""


def _read(body: bytes) -> dict[str, Any]:
    """Read an answer; the blob service writes its errors in XML."""
    if not body.startswith(b"<?xml"):
        return json.loads(body or b"{}")
    parts = {name: re.search(f"<{name}>(.*?)</{name}>", body.decode(), re.DOTALL) for name in ("Code", "Message")}
    return {"error": {name.lower(): found[1] if found else "" for name, found in parts.items()}}


def _told(body: dict[str, Any]) -> tuple[str, str]:
    error = body.get("error") or {}
    details = " ".join(f"{each['code']}: {each['message']}" for each in error.get("details", []))
    return error.get("code", ""), " ".join(part for part in (error.get("message", ""), details) if part)


class _Credential:
    """Required by the clients; the policy below is what authenticates."""

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("", 0)


class _Token(SansIOHTTPPolicy):
    def __init__(self, secret: str) -> None:
        self._secret = secret

    def on_request(self, request: Any) -> None:
        request.http_request.headers["Authorization"] = f"Bearer {self._secret}"


class _InProcess(HTTPAdapter):
    """Hands every request to the application instead of a socket."""

    def __init__(self, app: Azure) -> None:
        super().__init__()
        self._app = app

    def send(self, request: Any, *_: Any, **__: Any) -> Response:
        parts = urlsplit(request.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        body = request.body or b""
        content = body.encode() if isinstance(body, str) else bytes(body)
        headers = {"Host": parts.netloc, **{name: str(value) for name, value in request.headers.items()}}
        reply = self._app.handle(Incoming(request.method, path, headers, content))
        if reply is None:
            raise requests.ConnectionError("connection reset")
        answered = Response()
        answered.status_code = reply.status
        answered.headers.update(reply.headers)
        answered.raw = HTTPResponse(
            body=io.BytesIO(reply.body), headers=reply.headers, status=reply.status, preload_content=False
        )
        answered.request = request
        answered.url = request.url
        return answered


def _transport(app: Azure | None) -> RequestsTransport:
    if app is None:
        return RequestsTransport()
    session = requests.Session()
    session.mount("http://", _InProcess(app))
    return RequestsTransport(session=session, session_owner=False)

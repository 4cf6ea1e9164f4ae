"""Official AWS clients against the simulated AWS: over HTTP, or straight into an application in this process."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from confkube_sandbox.daemon.http import Incoming

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.daemon.aws.app import Aws

REGION = "us-east-2"
ACCOUNT = "111111111111"


class Clients:
    """Makes clients of one account; ``app`` answers in this process when it is given, else ``url`` does."""

    def __init__(
        self, secret: str, url: str = "http://127.0.0.1:9", app: Aws | None = None, account: str = ACCOUNT
    ) -> None:
        self._secret, self._url, self._app, self._account = secret, url, app, account
        self._made: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = REGION) -> Any:
        """Return the client of a service, without its own checks and retries."""
        key = (service, region)
        if key not in self._made:
            made = boto3.client(
                service,
                region_name=region,
                endpoint_url=self._url,
                aws_access_key_id=f"CFKSIM{self._account}00",
                aws_secret_access_key=self._secret,
                config=Config(parameter_validation=False, retries={"total_max_attempts": 1, "mode": "standard"}),
            )
            if self._app is not None:
                made.meta.events.register("before-send", in_process(self._app))
            self._made[key] = made
        return self._made[key]

    def send(
        self,
        service: str,
        operation: str,
        params: dict[str, Any],
        region: str = REGION,
        wire: dict[str, Any] | None = None,
    ) -> Any:
        """Send one request; ``wire`` puts fields into it that the SDK itself would not send."""
        made = self.client(service, region)
        added = _adding(wire) if wire else None
        if added:
            made.meta.events.register_last("before-call", added)
        try:
            method = {made.meta.method_to_api_mapping[name]: name for name in made.meta.method_to_api_mapping}[
                operation
            ]
            return getattr(made, method)(**params)
        finally:
            if added:
                made.meta.events.unregister("before-call", added)

    def answer(
        self, service: str, operation: str, parameters: dict[str, Any], region: str, wire: dict[str, Any]
    ) -> tuple[int, str, str]:
        """Send one request; return status, code and text of the refusal, or (200, "", "")."""
        try:
            self.send(service, operation, parameters, region or REGION, wire)
        except ClientError as refused:
            error = refused.response["Error"]
            return refused.response["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error.get("Message", "")
        return 200, "", ""


def _adding(wire: dict[str, Any]) -> Callable[..., None]:
    def add(params: dict[str, Any], **_: Any) -> None:
        body = params["body"]
        params["body"] = (
            {**body, **wire} if isinstance(body, dict) else json.dumps({**json.loads(body), **wire}).encode()
        )

    return add


def in_process(app: Aws) -> Callable[..., AWSResponse]:
    """Answer a prepared request by the application."""

    def send(request: Any, **_: Any) -> AWSResponse:
        body = request.body.encode() if isinstance(request.body, str) else bytes(request.body or b"")
        headers = {
            name: value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()
        }
        headers.setdefault("host", request.url.split("/")[2])
        reply = app.handle(Incoming("POST", "/", headers, body))
        assert reply is not None
        return AWSResponse(request.url, reply.status, reply.headers, _Raw(reply.body))

    return send


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()

"""Calls to AWS through the official SDK, and its failures in the words of the real provider (AWS SDK for Go v2)."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol, cast

import botocore.config  # pyright: ignore[reportMissingTypeStubs]
import botocore.exceptions  # pyright: ignore[reportMissingTypeStubs]
import botocore.session  # pyright: ignore[reportMissingTypeStubs]

if TYPE_CHECKING:
    from collections.abc import Mapping

Answer = dict[str, Any]
_LOCK = threading.RLock()
# A provider serves as many calls at once as the engine starts; each may hold a connection.
_CONNECTIONS = 64
# The real provider retries throttled calls 25 times (terraform-provider-aws: max_retries).
_ATTEMPTS = 10


class ApiError(Exception):
    """A call that AWS refused.

    Attributes:
        code: For example ``InvalidVpcID.NotFound``.
        message: AWS's own sentence.
    """

    def __init__(self, call: str, code: str, message: str) -> None:
        """Word the refusal.

        Args:
            call: Service, operation, status and request, as the SDK for Go puts them in front.
            code: See the class.
            message: See the class.
        """
        super().__init__(f"operation error {call}, api error {code}: {message}")
        self.code = code
        self.message = message


class Shape(Protocol):
    """The part of botocore's model of a type that is used here."""

    type_name: str
    members: Mapping[str, Shape]
    member: Shape


class _Meta(Protocol):
    @property
    def service_model(self) -> Any: ...  # noqa: ANN401  (botocore has no types)


class _Client(Protocol):
    meta: _Meta

    def _make_api_call(self, operation_name: str, api_params: Mapping[str, Any]) -> Answer: ...


class Api:
    """One region as one identity sees it."""

    def __init__(
        self, *, endpoint: str, region: str, credentials: tuple[str, str, str | None] | None, profile: str
    ) -> None:
        self.region = region
        self._endpoint = endpoint
        self._credentials = credentials
        self._profile = profile
        self._clients: dict[str, _Client] = {}

    def call(self, service: str, operation: str, /, **parameters: Any) -> Answer:  # noqa: ANN401
        """Call one operation; parameters that are None are left out.

        Raises:
            ApiError: AWS refused, or the SDK refused to send.
        """
        client = self._client(service)
        given = {key: value for key, value in parameters.items() if value is not None}
        try:
            return client._make_api_call(operation, given)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        except botocore.exceptions.ClientError as error:
            raise _refused(client, operation, cast("dict[str, Any]", error.response)) from None
        except botocore.exceptions.ParamValidationError as error:
            text = " ".join(str(error).split())
            raise _local(client, operation, "InvalidParameter", text) from None
        except botocore.exceptions.BotoCoreError as error:
            raise _local(client, operation, "RequestError", f"send request failed, {error}") from None

    def pages(self, service: str, operation: str, key: str, /, **parameters: Any) -> list[Answer]:  # noqa: ANN401
        """Call an operation that lists, and join its pages."""
        found: list[Answer] = []
        token: str | None = None
        while True:
            answer = self.call(service, operation, **parameters, **({"NextToken": token} if token else {}))
            found += cast("list[Answer]", answer.get(key, []))
            token = cast("str | None", answer.get("NextToken"))
            if not token:
                return found

    def input_shape(self, service: str, operation: str) -> Shape:
        """The SDK's model of an operation's parameters."""
        return cast("Shape", self._client(service).meta.service_model.operation_model(operation).input_shape)

    def _client(self, service: str) -> _Client:
        with _LOCK:
            if service not in self._clients:
                self._clients[service] = self._new(service)
            return self._clients[service]

    def _new(self, service: str) -> _Client:
        session = cast("Any", botocore.session.Session(profile=self._profile or None))
        config = botocore.config.Config(
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            max_pool_connections=_CONNECTIONS,
            user_agent_extra="confkube-sandbox",
        )
        key, secret, token = self._credentials or (None, None, None)
        return cast(
            "_Client",
            session.create_client(
                service,
                region_name=self.region,
                endpoint_url=self._endpoint,
                config=config,
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                aws_session_token=token,
            ),
        )


def _name(client: _Client) -> str:
    # The Go SDK names a service by its id, for example "EC2", "Auto Scaling", "Secrets Manager".
    return str(client.meta.service_model.service_id)


def _refused(client: _Client, operation: str, response: dict[str, Any]) -> ApiError:
    error, meta = response.get("Error", {}), response.get("ResponseMetadata", {})
    status, request = meta.get("HTTPStatusCode", 0), meta.get("RequestId", "")
    call = f"{_name(client)}: {operation}, https response error StatusCode: {status}, RequestID: {request}"
    return ApiError(call, str(error.get("Code", "Unknown")), str(error.get("Message", "")))


def _local(client: _Client, operation: str, code: str, text: str) -> ApiError:
    return ApiError(f"{_name(client)}: {operation}", code, text)

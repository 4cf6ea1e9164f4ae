"""Azure's official SDK against the daemon: how it authenticates over plain HTTP, and how long it really waits."""

from __future__ import annotations

import importlib
import json
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import requests
import requests.adapters
from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import HeadersPolicy, RequestIdPolicy, RetryPolicy, SansIOHTTPPolicy, UserAgentPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.core import ARMPipelineClient
from azure.mgmt.core.polling.arm_polling import ARMPolling

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineRequest, PipelineResponse

    from confkube_sandbox.home import SandboxHome

# Packages of the official clients, in the order in which a person thinks of them.
_CLIENTS = {
    "resources": ("azure.mgmt.resource.resources", "ResourceManagementClient"),
    "network": ("azure.mgmt.network", "NetworkManagementClient"),
    "compute": ("azure.mgmt.compute", "ComputeManagementClient"),
    "msi": ("azure.mgmt.msi", "ManagedServiceIdentityClient"),
    "authorization": ("azure.mgmt.authorization", "AuthorizationManagementClient"),
    "keyvault": ("azure.mgmt.keyvault", "KeyVaultManagementClient"),
    "storage": ("azure.mgmt.storage", "StorageManagementClient"),
}
# The real provider's client: azcore with three retries, RetryDelay 20 s, MaxRetryDelay 120 s; it also repeats a
# conflict with an operation that is under way. pulumi-azure-native provider/pkg/azure/client_azcore.go at 006a62afe453.
_RETRIES = 3
_FIRST_PAUSE = 20.0
_LONGEST_PAUSE = 120.0
# The official clients' own default, where the cloud names no time.
_POLLED = 30.0
_REPEATED = frozenset({408, 429, 500, 502, 503, 504})
_CONFLICT = 409
_UNDER_WAY = "AnotherOperationInProgress"
# This computer's own work is not accelerated with the cloud.
_SHORTEST_PAUSE = 0.02
# A provider serves as many calls at once as the engine starts; each may hold a connection.
_CONNECTIONS = 64


@dataclass(frozen=True)
class Access:
    """Where Azure Resource Manager is, and who asks.

    Attributes:
        endpoint: The daemon's address.
        token: The daemon's token (secret).
        subscription: The subscription that calls work on.
        speed: How many times faster than real the simulated cloud runs.
    """

    endpoint: str
    token: str = field(repr=False)
    subscription: str
    speed: float = 1.0


class DeadlineExceededError(Exception):
    """The time for an operation is over."""


class Bearer(SansIOHTTPPolicy[Any, Any]):
    """Sends the daemon's token; the SDK's own policy refuses plain HTTP, also on loopback."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._value = f"Bearer {token}"

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Add the header."""
        request.http_request.headers["Authorization"] = self._value


class Credential:
    """What the official clients want to be given, although ``Bearer`` authenticates."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # noqa: ANN401, ARG002
        """Return the daemon's token, which never expires."""
        return AccessToken(self._token, int(time.time()) + 3600)


class Retry(RetryPolicy[Any, Any]):
    """Repeats what the real provider's client repeats, after simulated pauses."""

    def __init__(self, speed: float) -> None:
        super().__init__(retry_total=_RETRIES, retry_connect=_RETRIES, retry_read=_RETRIES, retry_status=_RETRIES)
        self._speed = speed

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """Only by status and code; Retry-After says when, not whether."""
        status = int(response.http_response.status_code)
        again = status in _REPEATED or (status == _CONFLICT and _code(response.http_response) == _UNDER_WAY)
        return bool(settings["total"] and again)

    def get_retry_after(self, response: PipelineResponse[Any, Any]) -> float | None:
        """Scale what the cloud asks for."""
        asked = super().get_retry_after(response)
        return None if asked is None else max(asked / self._speed, _SHORTEST_PAUSE)

    def get_backoff_time(self, settings: dict[str, Any]) -> float:
        """Scale the real provider's own pause."""
        pause = min(_FIRST_PAUSE * 2 ** (len(settings["history"]) - 1), _LONGEST_PAUSE)
        return max(pause / self._speed, _SHORTEST_PAUSE)


class Polling(ARMPolling):
    """Follows an operation by Retry-After or every ``seconds``, both simulated, until ``ends`` (``time.monotonic``)."""

    def __init__(self, seconds: float, speed: float, ends: float | None = None) -> None:
        # Relative addresses are completed only where there is something to fill in.
        super().__init__(timeout=seconds, path_format_arguments={"endpoint": ""})
        self._speed = speed
        self._ends = ends

    def _sleep(self, delay: float) -> None:
        pause = max(delay / self._speed, _SHORTEST_PAUSE)
        if self._ends is not None and time.monotonic() + pause > self._ends:
            raise DeadlineExceededError
        time.sleep(pause)


def connect(home: SandboxHome, subscription: str) -> Access:
    """Find the daemon of a sandbox, started if it does not run.

    Raises:
        Refusal: It cannot start.
        DaemonUnreachableError: It does not answer.
    """
    from confkube_sandbox.daemon.client import ensure_running  # noqa: PLC0415  (starting it is seldom needed)

    daemon = ensure_running(home)
    speed = float(daemon.status()["settings"]["speed"])
    return Access(daemon.url, daemon.token, subscription, max(speed, 1.0))


@lru_cache(maxsize=16)
def pipeline(access: Access) -> ARMPipelineClient[Any, Any]:
    """Make the client that all resource types can be asked through."""
    policies = [
        RequestIdPolicy(),
        HeadersPolicy({"Accept": "application/json"}),
        UserAgentPolicy("confkube-sandbox"),
        Retry(access.speed),
        Bearer(access.token),
    ]
    return ARMPipelineClient(base_url=access.endpoint, policies=policies, transport=transport())


def transport() -> Any:  # noqa: ANN401  (azure-core loads its class when it is asked for)
    """Make a transport that asks the daemon and nobody in between: a proxy of the shell's would see the token."""
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=_CONNECTIONS))
    return RequestsTransport(session=session)


def client(access: Access, service: str) -> Any:  # noqa: ANN401  (the clients share no type)
    """Make an official client, for example that of ``compute``.

    Args:
        access: Where and who.
        service: One of resources, network, compute, msi, authorization, keyvault, storage.
    """
    package, name = _CLIENTS[service]
    made = getattr(importlib.import_module(package), name)
    return made(
        Credential(access.token),
        access.subscription,
        base_url=access.endpoint,
        authentication_policy=Bearer(access.token),
        retry_policy=Retry(access.speed),
        polling_interval=max(_POLLED / access.speed, _SHORTEST_PAUSE),
        transport=transport(),
    )


def blob(access: Access, account: str, key: str, container: str, name: str) -> Any:  # noqa: ANN401  (as above)
    """Make the official client of one blob, which signs with a key of its account."""
    from azure.storage.blob import BlobClient, ExponentialRetry  # noqa: PLC0415  (few programs have blobs)

    return BlobClient(
        f"{access.endpoint}/azure-blob/{account}",
        container_name=container,
        blob_name=name,
        credential={"account_name": account, "account_key": key},
        retry_policy=ExponentialRetry(initial_backoff=1, retry_total=0),
        transport=transport(),
    )


def _code(response: Any) -> str:  # noqa: ANN401  (legacy and current responses share no type)
    header = response.headers.get("x-ms-error-code")
    if header:
        return str(header)
    try:
        body = cast("dict[str, Any]", json.loads(response.text()))
        return str(body["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""

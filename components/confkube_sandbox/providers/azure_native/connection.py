"""From the provider's configuration to the subscription and the client that a call works with."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from confkube.errors import Refusal
from confkube_sandbox import accounts
from confkube_sandbox.access import azure
from confkube_sandbox.providers.azure_native.api import Api
from confkube_sandbox.providers.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.home import SandboxHome
    from confkube_sandbox.providers.handler import Context

# azureContext in provider/pkg/provider/provider.go at 006a62afe453: two hours where the program sets no timeout.
_SECONDS = 7200.0
# Real seconds that even a strongly accelerated cloud is given, since this computer's own work is not accelerated.
_LEAST_SECONDS = 20.0
_LOCK = threading.RLock()


@dataclass(frozen=True)
class Connection:
    """What a handler works with.

    Attributes:
        api: The calls.
        subscription: The subscription's id.
        location: The location of the configuration; empty where it has none.
        reads: Whether an object is read again after it was written.
    """

    api: Api
    subscription: str
    location: str
    reads: bool

    def until(self, ends: float) -> Connection:
        """Return the same connection with another end of waiting."""
        return replace(self, api=replace(self.api, ends=ends))


def connect(ctx: Context) -> Connection:
    """Prepare one call, which may take as long as its ``custom_timeouts`` say.

    Raises:
        CloudError: The configuration leads nowhere.
    """
    world = look(ctx.home, ctx.config)
    limit = ctx.timeout or _SECONDS
    allowed = max(limit / world.api.access.speed, min(limit, _LEAST_SECONDS))
    return world.until(time.monotonic() + allowed)


def setting(config: Mapping[str, Any], name: str, variable: str) -> str:
    """Read a setting: the configuration comes before the environment."""
    value = config.get(name)
    if isinstance(value, bool):
        # Decoded on its way here; the real provider compares texts.
        return json.dumps(value)
    return str(value) if value not in (None, "") else os.environ.get(variable, "")


def look(home: SandboxHome, config: Mapping[str, Any]) -> Connection:
    """Find the daemon and read the configuration; the answer is kept for the life of the process.

    Raises:
        CloudError: The identity is not one of the sandbox, or the daemon does not run.
    """
    with _LOCK:
        return _look(home, json.dumps(config, sort_keys=True))


@lru_cache(maxsize=16)
def _look(home: SandboxHome, text: str) -> Connection:
    from confkube_sandbox.daemon.client import DaemonUnreachableError  # noqa: PLC0415  (the engine waits for a start)

    config = cast("dict[str, Any]", json.loads(text))
    subscription = setting(config, "subscriptionId", "ARM_SUBSCRIPTION_ID")
    if not subscription:
        raise CloudError(
            "A Subscription ID must be configured when authenticating as a Service Principal using a Client Secret."
        )
    _refuse_strangers(config)
    try:
        access = azure.connect(home, subscription)
    except (Refusal, DaemonUnreachableError) as failure:
        raise CloudError(str(failure), "DaemonUnreachable") from None
    return Connection(
        api=Api(azure.pipeline(access), access),
        subscription=subscription,
        location=setting(config, "location", "ARM_LOCATION"),
        reads=setting(config, "skipReadOnUpdate", "ARM_SKIP_READ_ON_UPDATE") != "true",
    )


def _refuse_strangers(config: Mapping[str, Any]) -> None:
    """Refuse tenants and applications that do not exist here, as Entra ID does when a token is asked for.

    Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes (2026-11-25, recalled).
    """
    tenant = setting(config, "tenantId", "ARM_TENANT_ID")
    if tenant and tenant.lower() != accounts.AZURE_TENANT:
        raise CloudError(
            f"AADSTS90002: Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are "
            "signing into the correct cloud.",
            "AADSTS90002",
        )
    client = setting(config, "clientId", "ARM_CLIENT_ID")
    if client and client.lower() != accounts.AZURE_CALLER:
        raise CloudError(
            f"AADSTS700016: Application with identifier '{client}' was not found in the directory "
            f"'{accounts.AZURE_TENANT}'.",
            "AADSTS700016",
        )

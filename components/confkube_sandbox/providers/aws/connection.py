"""From the provider's configuration and a resource's inputs to the region and identity that a call works with."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from confkube.errors import Refusal
from confkube_sandbox.providers.aws.api import Api
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.terraform.waiting import deadline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.home import SandboxHome
    from confkube_sandbox.providers.handler import Context, Properties

_NO_REGION = (
    "unable to validate AWS credentials: invalid AWS Region: missing region. Set it with "
    "`pulumi config set aws:region us-east-2`, the environment variable AWS_REGION or the resource's `region`"
)


@dataclass(frozen=True)
class World:
    """The simulated cloud as one provider configuration sees it."""

    endpoint: str
    speed: float
    region: str
    credentials: tuple[str, str, str | None] | None
    profile: str


@dataclass(frozen=True)
class Connection:
    """What a handler works with.

    Attributes:
        api: The calls.
        speed: How many times faster than real the simulated cloud runs.
        ends: When to stop waiting (``time.monotonic``).
    """

    api: Api
    speed: float
    ends: float

    @property
    def region(self) -> str:
        """For example ``us-east-2``."""
        return self.api.region

    @property
    def account(self) -> str:
        """The twelve digits of the caller's account."""
        return _account(self.api)

    def arn(self, service: str, rest: str, *, regional: bool = True) -> str:
        """Build an ARN in this account."""
        return f"arn:aws:{service}:{self.region if regional else ''}:{self.account}:{rest}"


def connect(ctx: Context, inputs: Properties, seconds: float = 600) -> Connection:
    """Choose region and identity for a call.

    Args:
        ctx: The call.
        inputs: The resource's inputs or outputs; its own ``region`` comes before the provider's.
        seconds: How long the real provider waits by default; ``custom_timeouts`` come before it.

    Raises:
        CloudError: No region is configured anywhere.
    """
    world = look(ctx.home, ctx.config)
    region = cast("str", inputs.get("region") or world.region)
    if not region:
        raise CloudError(_NO_REGION, "MissingRegion")
    api = _api(world.endpoint, region, world.credentials, world.profile)
    return Connection(api=api, speed=world.speed, ends=deadline(ctx, seconds, world.speed))


def look(home: SandboxHome, config: Mapping[str, Any]) -> World:
    """Find the daemon and read the configuration; the answer is kept for the life of the process."""
    return _world(home, json.dumps(config, sort_keys=True))


@lru_cache(maxsize=16)
def _world(home: SandboxHome, config_text: str) -> World:
    # Not needed until the first call, and the engine waits for this process's first line.
    from confkube_sandbox.daemon.client import DaemonUnreachableError, ensure_running  # noqa: PLC0415

    config = cast("dict[str, Any]", json.loads(config_text))
    try:
        daemon = ensure_running(home)
        speed = float(daemon.status()["settings"]["speed"])
    except (Refusal, DaemonUnreachableError) as failure:
        raise CloudError(str(failure), "DaemonUnreachable") from None
    # Whatever the caller's shell says, the SDK reads no other configuration than the sandbox's.
    os.environ["AWS_CONFIG_FILE"] = str(home.aws_config)
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(home.aws_credentials)
    for name in home.misleading(os.environ):
        if name.startswith("AWS_ENDPOINT_URL"):
            del os.environ[name]
    key, secret = config.get("accessKey"), config.get("secretKey")
    return World(
        endpoint=daemon.url,
        speed=max(speed, 1.0),
        region=str(config.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""),
        credentials=(str(key), str(secret), config.get("token")) if key and secret else None,
        profile=str(config.get("profile") or ""),
    )


@lru_cache(maxsize=64)
def _api(endpoint: str, region: str, credentials: tuple[str, str, str | None] | None, profile: str) -> Api:
    return Api(endpoint=endpoint, region=region, credentials=credentials, profile=profile)


@lru_cache(maxsize=64)
def _account(api: Api) -> str:
    return str(api.call("sts", "GetCallerIdentity")["Account"])

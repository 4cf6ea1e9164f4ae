"""From the provider's configuration and a resource's inputs to the project, place and identity of a call."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from confkube.errors import Refusal
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp.links import name_of
from confkube_sandbox.providers.terraform.waiting import deadline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.home import SandboxHome
    from confkube_sandbox.providers.gcp.api import Api
    from confkube_sandbox.providers.handler import Context, Properties

# github.com/pulumi/pulumi-gcp provider/resources.go at ed6078aacc64: the environment that stands in for a setting.
_ENVIRONMENT: Mapping[str, tuple[str, ...]] = {
    "project": ("GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"),
    "region": ("GOOGLE_REGION", "GCLOUD_REGION", "CLOUDSDK_COMPUTE_REGION"),
    "zone": ("GOOGLE_ZONE", "GCLOUD_ZONE", "CLOUDSDK_COMPUTE_ZONE"),
}


@dataclass(frozen=True)
class World:
    """The simulated cloud as one provider configuration sees it."""

    api: Api
    speed: float
    project: str
    region: str
    zone: str
    config: Mapping[str, Any]


@dataclass(frozen=True)
class Connection:
    """What a handler works with.

    Attributes:
        world: The provider's configuration.
        inputs: The resource's own inputs or outputs, which come before the provider's configuration.
        ends: When to stop waiting (``time.monotonic``).
    """

    world: World
    inputs: Properties
    ends: float

    @property
    def speed(self) -> float:
        """How many times faster than real the simulated cloud runs."""
        return self.world.speed

    @property
    def project(self) -> str:
        """The project of the call (tpgresource/field_helpers.go: GetProjectFromSchema)."""
        found = self.inputs.get("project") or self.world.project
        if not found:
            raise CloudError("project: required field is not set", "MissingProject")
        return str(found)

    @property
    def zone(self) -> str:
        """The zone of the call (tpgresource/regional_utils.go: GetZone)."""
        found = self.inputs.get("zone") or self.world.zone
        if not found:
            text = "Cannot determine zone: set in this resource, or set provider-level zone."
            raise CloudError(text, "MissingZone")
        return name_of(str(found))

    @property
    def region(self) -> str:
        """The region of the call (tpgresource/field_helpers.go: GetRegionFromSchema)."""
        own, zone = self.inputs.get("region"), self.inputs.get("zone")
        if own:
            return name_of(str(own))
        if zone:
            return region_of(name_of(str(zone)))
        if self.world.region:
            return self.world.region
        if self.world.zone:
            return region_of(self.world.zone)
        text = "Cannot determine region: set in this resource, or set provider-level 'region' or 'zone'."
        raise CloudError(text, "MissingRegion")

    def compute(self, method: str, /, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401
        """Call Compute Engine in this project."""
        return self.call("compute", method, **{"project": self.project, **parameters})

    def call(self, service: str, method: str, /, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401
        """Call another API."""
        return self.world.api.call(service, method, ends=self.ends, **parameters)

    def at(self, inputs: Properties) -> Connection:
        """Return the same connection for other inputs."""
        return Connection(self.world, inputs, self.ends)


def connect(ctx: Context, inputs: Properties, seconds: float = 1200) -> Connection:
    """Prepare a call.

    Args:
        ctx: The call.
        inputs: The resource's inputs or outputs.
        seconds: How long the real provider waits by default; ``custom_timeouts`` come before it.
    """
    world = look(ctx.home, ctx.config)
    return Connection(world=world, inputs=inputs, ends=deadline(ctx, seconds, world.speed))


def look(home: SandboxHome, config: Mapping[str, Any]) -> World:
    """Find the daemon and read the configuration; the answer is kept for the life of the process."""
    return _world(home, json.dumps(config, sort_keys=True))


def region_of(zone: str) -> str:
    """Return the region that a zone lies in."""
    return zone.rpartition("-")[0]


@lru_cache(maxsize=16)
def _world(home: SandboxHome, config_text: str) -> World:
    # Not needed until the first call, and the engine waits for this process's first line.
    from confkube_sandbox.access.gcp import Access  # noqa: PLC0415
    from confkube_sandbox.daemon.client import DaemonUnreachableError, ensure_running  # noqa: PLC0415
    from confkube_sandbox.providers.gcp.api import Api  # noqa: PLC0415

    config = cast("dict[str, Any]", json.loads(config_text))
    try:
        daemon = ensure_running(home)
        speed = max(float(daemon.status()["settings"]["speed"]), 1.0)
    except (Refusal, DaemonUnreachableError) as failure:
        raise CloudError(str(failure), "DaemonUnreachable") from None
    return World(
        api=Api(Access(daemon.url, daemon.token), speed),
        speed=speed,
        project=_setting(config, "project"),
        region=_setting(config, "region"),
        zone=_setting(config, "zone"),
        config=config,
    )


def _setting(config: Mapping[str, Any], name: str) -> str:
    named = (os.environ.get(variable) for variable in _ENVIRONMENT[name])
    return str(config.get(name) or next(filter(None, named), ""))

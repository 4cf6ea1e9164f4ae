"""All simulated clouds behind one address: each is loaded when it is first asked, and each keeps its own state."""

from __future__ import annotations

import importlib
import json
import threading
from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.daemon.settings import Settings
from confkube_sandbox.home import write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from confkube_sandbox.daemon.cloud import Cloud, Found
    from confkube_sandbox.daemon.http import Incoming, Reply
    from confkube_sandbox.home import SandboxHome


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A cloud: how its requests are told from others', and where the function ``load(home, token)`` is."""

    target: str
    prefixes: tuple[str, ...] = ()
    """What its paths begin with; none for the one cloud that gets all the rest."""


CLOUDS: Mapping[str, Entry] = MappingProxyType(
    {
        "azure": Entry(
            target="confkube_sandbox.daemon.azure.app", prefixes=("/subscriptions", "/providers", "/azure-blob/")
        ),
        "gcp": Entry(target="confkube_sandbox.daemon.gcp.app", prefixes=("/compute/", "/gcp/")),
        "aws": Entry(target="confkube_sandbox.daemon.aws.app"),
    }
)


class World:
    """The clouds of one sandbox home."""

    def __init__(self, home: SandboxHome, token: str) -> None:
        """Load the clouds that were used before; the others when they are asked for.

        Raises:
            Refusal: A kept state cannot be read.
        """
        self._home, self._token = home, token
        self._lock = threading.RLock()
        self._loaded: dict[str, Cloud] = {}
        self._settings = _kept(self._settings_file)
        for name in CLOUDS:
            if (home.cloud / f"{name}.state").exists():
                self._cloud(name)

    @property
    def settings(self) -> Settings:
        """What the user has set, for all clouds."""
        return self._settings

    def handle(self, request: Incoming) -> Reply | None:
        """Answer one request with the cloud that it is for."""
        return self._cloud(_owner(request.path)).handle(request)

    def change_settings(self, wanted: dict[str, Any]) -> Settings:
        """Apply new settings to every cloud.

        Raises:
            Refusal: An unknown setting or a value of the wrong kind.
        """
        with self._lock:
            self._settings = self._settings.changed(wanted)
            write_private(self._settings_file, json.dumps(self._settings.as_json()) + "\n")
            for cloud in self._loaded.values():
                cloud.change_settings(wanted)
            return self._settings

    def inventory(self, account: str | None = None) -> list[Found]:
        """List what is alive in one account, or in all, of every cloud."""
        return sorted(found for cloud in self._clouds() for found in cloud.inventory(account))

    def counts(self) -> dict[str, dict[str, int]]:
        """Count what is alive by account and kind."""
        found: dict[str, Counter[str]] = {}
        for account, kind, _ in self.inventory():
            found.setdefault(account, Counter())[kind] += 1
        return {account: dict(kinds) for account, kinds in found.items()}

    def reset(self) -> None:
        """Delete everything in all clouds; settings return to their defaults."""
        with self._lock:
            self._settings = Settings()
            self._settings_file.unlink(missing_ok=True)
            for cloud in self._loaded.values():
                cloud.reset()

    @property
    def _settings_file(self) -> Path:
        return self._home.cloud / "settings.json"

    def _clouds(self) -> list[Cloud]:
        with self._lock:
            return list(self._loaded.values())

    def _cloud(self, name: str) -> Cloud:
        with self._lock:
            if name not in self._loaded:
                load = cast("Callable[[SandboxHome, str], Cloud]", importlib.import_module(CLOUDS[name].target).load)
                cloud = load(self._home, self._token)
                if cloud.settings != self._settings:
                    cloud.change_settings(self._settings.as_json())
                self._loaded[name] = cloud
            return self._loaded[name]


def _owner(path: str) -> str:
    lowered = path.lower()
    return next(name for name, entry in CLOUDS.items() if not entry.prefixes or lowered.startswith(entry.prefixes))


def _kept(path: Path) -> Settings:
    return Settings().changed(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else Settings()

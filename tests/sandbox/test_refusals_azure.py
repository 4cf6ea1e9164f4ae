"""The simulated Azure refuses what Azure refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import azure_world
from azure_client import Clients
from refusal_suite import Refusals

from confkube_sandbox.daemon.azure.app import Azure
from confkube_sandbox.daemon.azure.blobs import SWITCHES as BLOB_SWITCHES
from confkube_sandbox.daemon.azure.frontdoor import SWITCHES
from confkube_sandbox.daemon.azure.rules import rules
from confkube_sandbox.daemon.azure.validate import MODEL_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from confkube_sandbox.daemon.client import DaemonClient
    from confkube_sandbox.daemon.rules import Rule
    from confkube_sandbox.home import SandboxHome


class TestAzure(Refusals):
    cloud = "azure"
    switches = (*SWITCHES, *MODEL_RULES, *BLOB_SWITCHES)
    # What is no check of a request but the service itself: reads of what does not exist, allocations that fail.
    elsewhere = frozenset({"service"})

    @staticmethod
    def rules() -> Iterable[Rule]:
        return rules()

    @staticmethod
    def over_http(daemon: DaemonClient) -> Clients:
        return Clients(daemon.token, daemon.url)

    @staticmethod
    def build(clients: Any, settings: Callable[..., object]) -> dict[str, str]:
        return azure_world.build(clients, settings)

    @staticmethod
    def application(home: SandboxHome, disabled: frozenset[str]) -> Azure:
        return Azure(home, "secret", disabled)

    @staticmethod
    def in_process(application: Azure) -> Clients:
        return Clients("secret", app=application)

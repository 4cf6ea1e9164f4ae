"""The simulated Google Cloud refuses what Google Cloud refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gcp_world
from gcp_client import Clients
from refusal_suite import Refusals

from confkube_sandbox.daemon.gcp import rules
from confkube_sandbox.daemon.gcp.app import REQUEST_ID, Gcp
from confkube_sandbox.daemon.gcp.authenticate import TOKEN
from confkube_sandbox.daemon.gcp.routing import PROJECT
from confkube_sandbox.daemon.gcp.validate import ALLOW_LIST, MODEL_RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkube_sandbox.daemon.client import DaemonClient
    from confkube_sandbox.daemon.rules import Rule
    from confkube_sandbox.home import SandboxHome


class TestGcp(Refusals):
    cloud = "gcp"
    switches = (*MODEL_RULES, ALLOW_LIST, PROJECT, TOKEN, REQUEST_ID)
    build = staticmethod(gcp_world.build)

    @staticmethod
    def rules() -> Iterable[Rule]:
        return rules.rules()

    @staticmethod
    def over_http(daemon: DaemonClient) -> Clients:
        return Clients(daemon.token, daemon.url)

    @staticmethod
    def application(home: SandboxHome, disabled: frozenset[str]) -> Gcp:
        return Gcp(home, "secret", disabled)

    @staticmethod
    def in_process(application: Gcp) -> Clients:
        return Clients("secret", app=application)

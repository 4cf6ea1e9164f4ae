from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from azure_estate import Estate
from azure_parts import HANDLERS, LOCATION, SUBSCRIPTION, kind
from driver import Engine
from fake_arm import TOKEN, FakeArm

from confkube_sandbox.access import azure as access
from confkube_sandbox.home import SandboxHome
from confkube_sandbox.providers.handler import Context


@pytest.fixture
def arm():
    """A resource manager that does as it is told."""
    found = FakeArm()
    yield found
    found.stop()


@pytest.fixture
def ctx(arm, monkeypatch, tmp_path):
    """The context of calls that go to ``arm``, a thousand times as fast as real ones."""

    def connect(home, subscription):
        return access.Access(arm.url, TOKEN, subscription, 1000.0)

    monkeypatch.setattr(access, "connect", connect)
    config = {"subscriptionId": SUBSCRIPTION, "location": LOCATION}
    return Context(home=SandboxHome(tmp_path), config=config, urn="urn:x::y::z::thing", name="thing", random_seed=b"1")


@pytest.fixture
def impatient(ctx):
    """The same with a time-out that is over before a slow operation."""
    return replace(ctx, timeout=0.2)


@pytest.fixture
def handler():
    return lambda name: HANDLERS[kind(name)]


@pytest.fixture(scope="module")
def shared_provider(home):
    engine = Engine("azure-native", home, {"subscriptionId": SUBSCRIPTION, "location": LOCATION}).configure()
    yield engine
    assert engine.stop() == 0


@pytest.fixture
def azure(shared_provider, cloud):
    """The azure-native provider against an empty cloud."""
    return shared_provider


@pytest.fixture
def estate(azure):
    """A resource group and what a cluster needs in it, made as a test asks for it."""
    return Estate(azure)


@pytest.fixture
def official(home, cloud):
    """The official SDK against the same cloud: ``official("compute")``."""
    return lambda service: access.client(access.connect(home, SUBSCRIPTION), service)

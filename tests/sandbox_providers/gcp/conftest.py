"""The gcp provider against the simulated cloud."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from driver import Engine
from gcp_resources import PROJECT, REGION, ZONE, World

from confkube_sandbox.access.gcp import Access


@pytest.fixture(scope="module")
def engine(home):
    started = Engine("gcp", home, {"project": PROJECT, "region": REGION, "zone": ZONE}).configure()
    yield started
    assert started.stop() == 0


@pytest.fixture
def gcp(engine, cloud):
    """The gcp provider against an empty cloud."""
    return engine


@pytest.fixture
def world(gcp):
    return World(gcp)


@pytest.fixture
def google(cloud):
    """The official clients against the same cloud: ``google("compute")``."""
    return Access(cloud.url, cloud.token).service

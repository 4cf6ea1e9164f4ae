from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from driver import Engine

from confkube_sandbox.daemon import client
from confkube_sandbox.home import SandboxHome

REGION = "us-east-2"


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """One sandbox with one daemon for all tests here."""
    found = SandboxHome(tmp_path_factory.mktemp("sandbox") / "home")
    running = client.ensure_running(found)
    running.settings(speed=600.0)
    yield found
    running.stop()


@pytest.fixture
def cloud(home):
    """The simulated cloud, empty before and after."""
    running = client.connect(home)
    running.reset()
    running.settings(speed=600.0)
    yield running
    running.reset()


@pytest.fixture(scope="module")
def shared_engine(home):
    engine = Engine("aws", home, {"region": REGION}).configure()
    yield engine
    assert engine.stop() == 0


@pytest.fixture
def aws(shared_engine, cloud):
    """The aws provider against an empty cloud."""
    return shared_engine


@pytest.fixture
def boto(home, cloud, monkeypatch):
    """The official SDK against the same cloud: ``boto("ec2")``."""
    import boto3

    for name in home.misleading(os.environ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(home.aws_config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home.aws_credentials))
    session = boto3.Session(region_name=REGION)
    return lambda service: session.client(service, endpoint_url=cloud.url)

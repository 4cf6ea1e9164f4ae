"""One daemon for the session, in a home of its own, with the fixture world in one of its accounts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import aws_client
import corpus
import fixture_world

from confkube_sandbox.daemon import client
from confkube_sandbox.daemon.aws.app import Aws
from confkube_sandbox.home import SandboxHome

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the refusal suite of each cloud the cases of that cloud."""
    cloud = getattr(metafunc.cls, "cloud", None)
    if cloud and "case" in metafunc.fixturenames:
        metafunc.parametrize("case", corpus.cases(cloud), ids=lambda each: each.name)


@pytest.fixture
def home(tmp_path: Path) -> SandboxHome:
    """A home of its own, without a daemon."""
    made = SandboxHome(tmp_path / "sandbox")
    made.prepare()
    return made


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[client.DaemonClient]:
    """The session's daemon process; waiting times are next to nothing."""
    started = client.ensure_running(SandboxHome(tmp_path_factory.mktemp("daemon") / "sandbox"))
    started.settings(speed=fixture_world.INSTANT)
    yield started
    started.stop()


@pytest.fixture(scope="session")
def clients(daemon: client.DaemonClient) -> aws_client.Clients:
    """Clients of the account that holds the fixture world."""
    return aws_client.Clients(daemon.token, daemon.url)


@pytest.fixture(scope="session")
def world(daemon: client.DaemonClient, clients: aws_client.Clients) -> dict[str, str]:
    """Ids of the fixture world."""
    return fixture_world.build(clients, daemon.settings)


@pytest.fixture
def app(home: SandboxHome) -> Aws:
    """The simulated AWS in this process."""
    made = Aws(home, "secret")
    made.store.load()
    made.change_settings({"speed": fixture_world.INSTANT})
    return made

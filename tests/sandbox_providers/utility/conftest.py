import subprocess
from pathlib import Path

import pytest

from confkube_sandbox.home import SandboxHome
from confkube_sandbox.providers.handler import Context


@pytest.fixture
def home(tmp_path: Path) -> SandboxHome:
    found = SandboxHome(tmp_path / "home")
    found.prepare()
    return found


@pytest.fixture
def ctx(home: SandboxHome) -> Context:
    return Context(home=home, config={}, urn="urn:pulumi:s::p::t::x", name="x")


@pytest.fixture
def openssl(tmp_path: Path):
    """Run openssl; texts given by name are put into files that the arguments can name as ``{name}``."""

    def run(*arguments: str, **files: str) -> str:
        paths = {}
        for name, text in files.items():
            paths[name] = tmp_path / name
            paths[name].write_text(text)
            paths[name].chmod(0o600)
        command = ["openssl", *(argument.format(**paths) for argument in arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return run

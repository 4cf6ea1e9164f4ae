"""Plugin launchers stand where the engine looks for them, at the versions the SDKs ask for."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from confkube.errors import Refusal
from confkube_sandbox import plugins
from confkube_sandbox.home import SandboxHome

# tryPlugin in sdk/go/common/workspace/plugins.go of pulumi v3.259.0
ENGINE_PATTERN = re.compile(r"^(?P<kind>[a-z]+)-(?P<name>[a-zA-Z0-9-_.]*[a-zA-Z0-9])-v(?P<version>\d+\.\d+\.\d+)$")


def test_every_launcher_is_where_the_engine_looks(tmp_path: Path) -> None:
    home = SandboxHome(tmp_path)
    plugins.install(home)
    folders = sorted((home.pulumi_home / "plugins").iterdir())
    assert len(folders) == len(plugins.PACKAGES) + 1
    for folder in folders:
        found = ENGINE_PATTERN.match(folder.name)
        assert found is not None
        launcher = folder / f"pulumi-{found['kind']}-{found['name']}"
        assert stat.S_IMODE(launcher.stat().st_mode) == 0o700
        assert sys.executable in launcher.read_text()


def test_versions_are_read_without_importing_the_sdk() -> None:
    code = (
        "import sys; from confkube_sandbox.plugins import sdk_version; "
        "assert sdk_version('aws'); assert 'pulumi_aws' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_sdk_that_is_not_installed_has_no_version() -> None:
    assert plugins.sdk_version("nowhere") is None


def test_a_broken_sdk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "pulumi_broken"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "pulumi-plugin.json").write_text("{}")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(Refusal, match="pulumi-broken"):
        plugins.sdk_version("broken")


def test_installing_again_touches_nothing(tmp_path: Path) -> None:
    home = SandboxHome(tmp_path)
    plugins.install(home)
    before = {path: path.stat().st_mtime_ns for path in home.root.rglob("*")}
    plugins.install(home)
    assert {path: path.stat().st_mtime_ns for path in home.root.rglob("*")} == before


def test_a_stale_launcher_is_replaced(tmp_path: Path) -> None:
    home = SandboxHome(tmp_path)
    plugins.install(home)
    launcher = next((home.pulumi_home / "plugins").glob("*/pulumi-resource-random"))
    good = launcher.read_text()
    launcher.write_text("#!/bin/false\n")
    plugins.install(home)
    assert launcher.read_text() == good

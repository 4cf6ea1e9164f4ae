"""The sandbox home: where it is, who may read it, and the environment that leads into it."""

import stat
from pathlib import Path

import pytest

from confkube_sandbox.home import SandboxHome, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_named_home_wins(tmp_path: Path) -> None:
    assert SandboxHome.locate({"CONFKUBE_SANDBOX_HOME": str(tmp_path)}).root == tmp_path


def test_home_is_beside_the_nearest_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / "stacks" / "deep"
    deep.mkdir(parents=True)
    (tmp_path / "Pulumi.yaml").write_text("name: x\n")
    monkeypatch.chdir(deep)
    assert SandboxHome.locate({}).root == tmp_path / ".confkube" / "sandbox"


def test_prepare_is_private_and_keeps_the_passphrase(tmp_path: Path) -> None:
    home = SandboxHome(tmp_path / "a" / "sandbox")
    home.prepare()
    first = home.passphrase.read_text()
    home.prepare()
    assert home.passphrase.read_text() == first
    assert len(first) >= 32
    assert mode(home.passphrase) == 0o600
    for folder in (home.root, home.pulumi_home, home.state, home.bin, home.cloud, home.aws_config.parent):
        assert mode(folder) == 0o700
    assert [entry.name for entry in home.root.iterdir() if entry.name.startswith(".")] == []


def test_two_homes_have_two_passphrases(tmp_path: Path) -> None:
    one, other = SandboxHome(tmp_path / "one"), SandboxHome(tmp_path / "other")
    one.prepare()
    other.prepare()
    assert one.passphrase.read_text() != other.passphrase.read_text()


def test_activation_drops_what_leads_out(tmp_path: Path) -> None:
    home = SandboxHome(tmp_path)
    inherited = {
        "PATH": "/usr/bin",
        "HOME": "/h",
        "AWS_ACCESS_KEY_ID": "real",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ENDPOINT_URL": "https://elsewhere.example",
        "AWS_ENDPOINT_URL_EC2": "https://elsewhere.example",
        "AWS_PROFILE": "production",
        "PULUMI_ACCESS_TOKEN": "real",
        "PULUMI_BACKEND_URL": "https://elsewhere.example",
        "PULUMI_CONFIG_PASSPHRASE": "other",
    }
    active = home.activate(inherited)
    assert not [value for value in active.values() if value == "real" or "elsewhere" in value]
    assert "PULUMI_CONFIG_PASSPHRASE" not in active
    assert active["AWS_PROFILE"] == "default"
    assert active["HOME"] == "/h"
    assert active["PULUMI_BACKEND_URL"] == f"file://{home.state}"


def test_activation_twice_is_activation_once(tmp_path: Path) -> None:
    home = SandboxHome(tmp_path)
    once = home.activate({"PATH": "/usr/bin"})
    first, *others, last = once["PATH"].split(":")
    assert (first, others) == (str(home.bin), ["/usr/bin"])
    assert (Path(last) / "confkube").is_file()
    assert home.activate(once) == once


def test_write_private_replaces_whole_files(tmp_path: Path) -> None:
    target = tmp_path / "secret"
    target.write_text("old")
    target.chmod(0o644)
    write_private(target, "new")
    assert target.read_text() == "new"
    assert mode(target) == 0o600
    assert list(tmp_path.iterdir()) == [target]

"""Rendered boot text against the real programs that will read it."""

import os
import re
from pathlib import Path

import pytest
import yaml
from boot import samples, tools

from confkube import bootstrap, facts
from confkube.bootstrap.document import written
from confkube.bootstrap.software import PAUSE_IMAGE

RENDER = {
    "control-plane": lambda **changes: bootstrap.control_plane(samples.control_plane(**changes)),
    "worker": lambda **changes: bootstrap.worker(samples.worker(**changes)),
    "trust-server": lambda **changes: bootstrap.trust_server(samples.trust_server(**changes)),
}
UNIT_PROBLEMS = re.compile(r"(Unknown (section|key|lvalue)|Failed to parse|Invalid|not absolute|missing '=').*")


def file_of(text, path):
    return next(file.text for file in written(text) if file.path == path)


@pytest.mark.parametrize("role", RENDER)
def test_cloud_init_accepts_it(role, tmp_path):
    data = tmp_path / "user-data"
    data.write_text(RENDER[role]())
    result = tools.cloud_init_schema(data)
    assert result.returncode == 0, result.stdout + result.stderr


def test_cloud_init_refuses_a_wrong_type(tmp_path):
    data = tmp_path / "user-data"
    data.write_text(RENDER["worker"]().replace("permissions: '0600'", "permissions: 600", 1))
    assert tools.cloud_init_schema(data).returncode != 0


@pytest.mark.parametrize("role", ["control-plane", "worker"])
def test_kubeadm_accepts_it(role, tmp_path):
    config = tmp_path / "kubeadm.yaml"
    config.write_text(file_of(RENDER[role](), "/etc/confkube/kubeadm.yaml"))
    result = tools.run(tools.kubeadm(), "config", "validate", "--config", str(config))
    assert result.returncode == 0, result.stderr
    assert "warning" not in result.stderr.lower(), result.stderr


def test_kubeadm_accepts_the_token_that_the_machine_adds(tmp_path):
    config = tmp_path / "kubeadm.yaml"
    text = file_of(RENDER["control-plane"](), "/etc/confkube/kubeadm.yaml")
    config.write_text(text + f'bootstrapTokens:\n- token: "{samples.TOKEN}"\n  ttl: 86400s\n')
    result = tools.run(tools.kubeadm(), "config", "validate", "--config", str(config))
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("role", "old", "new"),
    [
        ("control-plane", "podSubnet:", "podSubnets:"),
        ("control-plane", "certSANs:", "certSans:"),
        ("control-plane", "advertiseAddress:", "address:"),
        ("control-plane", "controlPlaneEndpoint: ", "controlPlaneEndpoint: x//"),
        ("control-plane", "seccompDefault:", "seccompDefaults:"),
        ("control-plane", "conntrack:", "contrack:"),
        ("worker", "caCertHashes:", "caHashes:"),
        ("worker", f'token: "{samples.TOKEN}"', 'token: "short"'),
        ("worker", "taints:", "taint:"),
    ],
)
def test_kubeadm_refuses_a_mutation(role, old, new, tmp_path):
    text = file_of(RENDER[role](), "/etc/confkube/kubeadm.yaml")
    assert old in text
    config = tmp_path / "kubeadm.yaml"
    config.write_text(text.replace(old, new, 1))
    assert tools.run(tools.kubeadm(), "config", "validate", "--config", str(config)).returncode != 0


def test_the_sandbox_image_is_the_one_that_kubeadm_expects():
    version = facts.artifact("kubeadm").version
    listed = tools.run(tools.kubeadm(), "config", "images", "list", "--kubernetes-version", version)
    assert PAUSE_IMAGE in listed.stdout.split()


SCRIPTS = [
    *sorted(samples.SCRIPTS.glob("*.sh")),
    *sorted(samples.COMPONENTS.glob("clouds/*/boot/*.sh")),
    *sorted(samples.COMPONENTS.with_name("confkube_lab").rglob("*/usr/**/*.sh")),
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(samples.COMPONENTS.parent)))
def test_shellcheck_finds_nothing(script):
    checked = ["shellcheck", "--shell=sh", "--severity=style", "--exclude=SC1091"]
    result = tools.run(*checked, str(script), env=with_venv())
    assert result.returncode == 0, result.stdout


def test_stripping_comments_changes_no_script(tmp_path):
    """A stripped script still parses, and its here-documents hold no line that would be taken for a comment."""
    for render in RENDER.values():
        for file in written(render()):
            if file.path.endswith((".sh", "fetch-secret")):
                (tmp_path / "script").write_text(file.text)
                assert tools.run("sh", "-n", str(tmp_path / "script")).returncode == 0, file.path
    for script in samples.SCRIPTS.glob("*.sh"):
        for body in re.findall(r"<<EOF\n(.*?)\nEOF\n", script.read_text(), re.DOTALL):
            assert not re.search(r"^\s*#", body, re.MULTILINE)


@pytest.mark.parametrize("role", RENDER)
def test_systemd_understands_the_units(role, tmp_path):
    if not Path("/usr/bin/systemd-analyze").exists():
        pytest.skip("systemd-analyze is not here")
    files = [file for file in written(RENDER[role]()) if file.path.startswith("/etc/systemd/system/")]
    for file in files:
        (tmp_path / Path(file.path).name).write_text(file.text)
    units = [str(tmp_path / Path(file.path).name) for file in files if "@" not in file.path]
    result = tools.run("systemd-analyze", "verify", "--man=no", *units)
    problems = [line for line in result.stderr.splitlines() if UNIT_PROBLEMS.search(line) and "RestartMode" not in line]
    assert not [line for line in problems if str(tmp_path) in line or "confkube" in line], problems


@pytest.mark.parametrize("role", RENDER)
def test_every_enabled_unit_is_written_and_installable(role):
    text = RENDER[role]()
    units = {Path(f.path).name: f.text for f in written(text) if f.path.startswith("/etc/systemd/system/")}
    command = yaml.safe_load(text)["runcmd"][-1]
    assert command[:4] == ["systemctl", "enable", "--now", "--no-block"]
    for unit in command[4:]:
        name = unit if "." in unit else f"{unit}.service"
        assert "[Install]" in units[name]


@pytest.mark.parametrize("role", RENDER)
def test_every_unit_runs_a_file_that_is_written(role):
    files = written(RENDER[role]())
    paths = {file.path for file in files}
    for file in files:
        for path in re.findall(r"(/(?:usr/local/lib|etc)/confkube/[A-Za-z0-9._/-]+)", file.text):
            made_later = path.endswith(("encryption.yaml", "encryption.yaml.part", ".env", "/apiserver"))
            assert path in paths or made_later, f"{file.path} names {path}"


def with_venv():
    return os.environ | {"PATH": f"{tools.REPOSITORY / '.venv/bin'}:{os.environ['PATH']}"}

"""The boot text of a Trustee and of a relying party against the real programs that will read it."""

import re
from pathlib import Path

import pytest
import yaml
from boot import relying, tools
from boot import trustee as values
from boot.test_checkers import UNIT_PROBLEMS

from confkube.bootstrap import RelyingParty
from confkube.bootstrap.document import written

PARTY = RelyingParty(names=(values.ADDRESS,), spiffe_ids=(f"spiffe://{values.DOMAIN}/demo",))
RENDER = {
    "trustee": lambda: relying.by_token(None),
    "trustee-with-a-relying-party": lambda: relying.by_token(values.party()),
    "spire-with-a-relying-party": lambda: relying.by_identity(PARTY),
}
MADE_LATER = ("node.env", "/downloads", "/etc/confkube/leaves", "/usr/local/lib/confkube/relying")


@pytest.mark.parametrize("role", RENDER)
def test_cloud_init_accepts_it(role, tmp_path):
    (tmp_path / "user-data").write_text(RENDER[role]())
    result = tools.cloud_init_schema(tmp_path / "user-data")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("role", RENDER)
def test_systemd_understands_the_units(role, tmp_path):
    if not Path("/usr/bin/systemd-analyze").exists():
        pytest.skip("systemd-analyze is not here")
    files = [file for file in written(RENDER[role]()) if file.path.startswith("/etc/systemd/system/")]
    for file in files:
        (tmp_path / Path(file.path).name).write_text(file.text)
    names = [Path(file.path).name.replace("@.", "@trustee.") for file in files if "door@" not in file.path]
    result = tools.run("systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in names))
    problems = [line for line in result.stderr.splitlines() if UNIT_PROBLEMS.search(line) and "RestartMode" not in line]
    assert not [line for line in problems if str(tmp_path) in line or "confkube" in line], problems


@pytest.mark.parametrize("role", RENDER)
def test_every_enabled_unit_is_written_and_installable(role):
    text = RENDER[role]()
    units = {Path(file.path).name: file.text for file in written(text) if file.path.startswith("/etc/systemd/system/")}
    command = yaml.safe_load(text)["runcmd"][-1]
    for unit in command[4:]:
        name = re.sub(r"@[^.]+", "@", unit if "." in unit else f"{unit}.service")
        assert "[Install]" in units[name], unit


@pytest.mark.parametrize("role", RENDER)
def test_every_file_that_is_named_is_written(role):
    files = written(RENDER[role]())
    paths = {file.path for file in files}
    for file in files:
        for path in re.findall(r"(/(?:usr/local/lib|etc)/confkube/[A-Za-z0-9._/-]+)", file.text):
            known = path in paths or path.endswith(MADE_LATER) or any(each.startswith(f"{path}/") for each in paths)
            assert known, f"{file.path} names {path}"


@pytest.mark.parametrize("role", RENDER)
def test_every_script_parses(role, tmp_path):
    for file in written(RENDER[role]()):
        (tmp_path / "script").write_text(file.text)
        if file.path.endswith(".sh"):
            assert tools.run("sh", "-n", str(tmp_path / "script")).returncode == 0, file.path
        if file.path.endswith(".py"):
            compile(file.text, file.path, "exec")

"""The readiness script, unmodified, on good hosts and on hosts with one defect each."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import confkube.metal

FIXTURES = Path(__file__).with_name("fixtures")
SCRIPT = Path(confkube.metal.__file__).parent / "host" / "readiness.sh"
FAILURES = tomllib.loads((FIXTURES / "failures.toml").read_text())["failure"]


def checked(root, role="worker", tee="snp", shell="sh"):
    done = subprocess.run(
        [shell, "-s", "--", role, tee],
        stdin=SCRIPT.open(),
        env={"PATH": os.environ["PATH"], "CONFKUBE_HOST_ROOT": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return {row["check"]: row for row in map(json.loads, done.stdout.splitlines())}


def tree(root):
    return {str(path): path.read_bytes() if path.is_file() else None for path in root.rglob("*")}


@pytest.fixture
def host(tmp_path):
    """A good host to spoil."""

    def make(base):
        shutil.copytree(FIXTURES / base, tmp_path / "host")
        return tmp_path / "host"

    return make


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("tee", ["snp", "tdx"])
def test_a_good_host_passes_every_check(tee, shell):
    rows = checked(FIXTURES / tee, tee=tee, shell=shell)
    assert {name: row["ok"] for name, row in rows.items()} == dict.fromkeys(rows, True)
    assert all(row["fix"] == "" for row in rows.values())
    assert rows["owner"]["found"] == ""


@pytest.mark.parametrize("row", FAILURES, ids=lambda row: row["name"])
def test_a_defect_fails_its_own_check_and_no_other(host, row):
    root = host(row["base"])
    for path in row.get("remove", ()):
        shutil.rmtree(root / path) if (root / path).is_dir() else (root / path).unlink()
    for path, text in row.get("write", {}).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    before = tree(root)
    found = checked(root, role=row.get("role", "worker"), tee=row.get("tee", row["base"]))
    assert tree(root) == before, "it reads only"
    bad = {name for name, each in found.items() if each["ok"] is not True}
    assert bad == {row["check"], *row.get("also", ())}
    failed = found[row["check"]]
    assert failed["ok"] is (None if row.get("ok") == "unknown" else False)
    assert row["fix"] in failed["fix"]
    assert re.match(r"https://|docs/", failed["source"])


def test_every_check_has_a_defect():
    names = set(checked(FIXTURES / "snp")) | set(checked(FIXTURES / "tdx", tee="tdx"))
    assert names - {"owner"} == {row["check"] for row in FAILURES}


def test_a_distribution_with_tdx_in_an_older_kernel_passes(host):
    root = host("tdx")
    (root / "proc/sys/kernel/osrelease").write_text("6.8.0-1028-intel\n")
    assert checked(root, tee="tdx")["kernel"]["ok"] is True


def test_quotes_may_come_over_vsock(host):
    root = host("tdx")
    (root / "run/tdx-qgs/qgs.socket").unlink()
    (root / "recorded/ss").write_text("v_str LISTEN 0 0 *:4050 *:*\n")
    assert checked(root, tee="tdx")["quote-service"]["found"] == "vsock 4050"


def test_a_host_of_a_cluster_says_whose_it_is(host):
    root = host("snp")
    folder = root / "var/lib/confkube-metal/demo-0a1b2c3d"
    folder.mkdir(parents=True)
    assert checked(root)["owner"]["found"] == "", "a copy that was cut off is no record"
    (folder / "record.json").write_text("{}")
    assert checked(root)["owner"]["found"] == "demo-0a1b2c3d"


def test_a_control_plane_and_a_plain_worker_need_no_tee(host):
    root = host("snp")
    (root / "dev/kvm").unlink()
    (root / "proc/sys/kernel/osrelease").write_text("6.1.0\n")
    for role in ("control-plane", "worker"):
        assert all(row["ok"] for row in checked(root, role=role, tee="none").values())


def test_what_a_host_says_cannot_break_the_lines(host):
    root = host("snp")
    (root / "proc/sys/kernel/osrelease").write_text('6.17"\\\\$(id)`id`\t1\n')
    assert checked(root)["kernel"]["found"].startswith("6.17$(id)`id` 1")


@pytest.mark.parametrize(
    "script", [SCRIPT, SCRIPT.parents[2] / "clouds/metal/boot/fetch-secret.sh"], ids=lambda path: path.name
)
def test_scripts_pass_shellcheck(script):
    done = subprocess.run([Path(sys.prefix) / "bin/shellcheck", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout

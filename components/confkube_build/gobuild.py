"""Builds a program from a pinned Go module of this repository, once per version, into the cache."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from confkube.errors import Refusal
from confkube_build.cache import exclusive
from confkube_build.golang import Go, find_go, required
from confkube_build.progress import Reporter, Step

# `go build -v` names each package it compiles on a line of its own; anything else on that stream is an error's text.
_PACKAGE_LINE = re.compile(r"[A-Za-z0-9_.~/-]+")
_KEPT_LINES = 30


@dataclass(frozen=True, kw_only=True)
class GoTool:
    """A program to build.

    Attributes:
        name: File name of the binary.
        folder: Directory of the tool in the cache, below which each version has its own.
        module_dir: Directory with the go.mod and go.sum that pin every source.
        package: Import path of the program's main package.
        version: Version of the program; part of the place it is kept in.
        ldflags: Flags for the linker.
        tags: Build tags.
        cgo: Whether C code is compiled in, which needs a C compiler.
    """

    name: str
    folder: str
    module_dir: Path
    package: str
    version: str
    ldflags: str = "-s -w"
    tags: tuple[str, ...] = ()
    cgo: bool = False


def built(tool: GoTool, cache: Path) -> Path:
    """Where the binary is, or would be, below ``cache``: another place when anything that it is made from changes."""
    return cache / tool.folder / f"{tool.version}{_made_from(tool)}" / "bin" / tool.name


def sources(tool: GoTool) -> list[Path]:
    """The files of the repository that the binary is made from, in order."""
    return sorted(path for path in tool.module_dir.rglob("*") if path.is_file())


def _made_from(tool: GoTool) -> str:
    """A suffix that stands for sources and flags; none where the sources are not here, and nothing can be built."""
    files = [path for path in sources(tool) if path.suffix != ".md"]
    if not files:
        return ""
    digest = hashlib.sha256(" ".join([tool.ldflags, *tool.tags, str(tool.cgo)]).encode())
    for path in files:
        digest.update(path.name.encode() + path.read_bytes())
    return f"-{digest.hexdigest()[:8]}"


def ensure(tool: GoTool, cache: Path, environ: Mapping[str, str], reporter: Reporter | None = None) -> Path:
    """Return the binary of ``tool``, building it if this version is not in ``cache`` yet.

    Safe to call from several processes: one builds, the others wait.

    Raises:
        Refusal: The sources are missing, a compiler is missing and cannot be installed, or the build fails.
    """
    reporter = reporter or Reporter()
    binary = built(tool, cache)
    if binary.is_file():
        return binary
    if not (tool.module_dir / "go.sum").is_file():
        raise Refusal(f"{tool.name}: cannot be built here: its Go module is part of confkube's repository only")
    with exclusive(cache / tool.folder, lambda: reporter.note(f"waiting for another process that makes {tool.name}")):
        if not binary.is_file():
            if tool.cgo and not shutil.which("cc", path=environ.get("PATH", os.defpath)):
                raise Refusal(f"{tool.name} needs a C compiler to be built; on Debian: apt-get install gcc libc6-dev")
            go = find_go(required(tool.module_dir), cache, environ, reporter)
            if tool.cgo:
                go = replace(go, environment={**go.environment, "CGO_ENABLED": "1"})
            _build(tool, go, binary, reporter)
    return binary


def _build(tool: GoTool, go: Go, binary: Path, reporter: Reporter) -> None:
    with reporter.step(f"downloading the sources of {tool.name} {tool.version}"):
        listing = _run(tool, go, ["list", "-deps", "-tags", ",".join(tool.tags), tool.package])
    total = len(listing.splitlines())
    binary.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=binary.parent) as partial:
        output = Path(partial) / tool.name
        arguments = ["build", "-v", "-trimpath", "-tags", ",".join(tool.tags), "-ldflags", tool.ldflags]
        with reporter.step(f"building {tool.name} {tool.version} (some minutes, once)", total) as step:
            _watch(tool, go, [*arguments, "-o", str(output), tool.package], step)
        output.replace(binary)


def _run(tool: GoTool, go: Go, arguments: list[str]) -> str:
    done = subprocess.run(  # noqa: S603  arguments are ours
        [str(go.binary), *arguments],
        cwd=tool.module_dir,
        env=dict(go.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise _failure(tool, done.stderr.splitlines())
    return done.stdout


def _watch(tool: GoTool, go: Go, arguments: list[str], step: Step) -> None:
    """Run a build and advance ``step`` with every package compiled; those that Go has cached are not named."""
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    with subprocess.Popen(  # noqa: S603  arguments are ours
        [str(go.binary), *arguments],
        cwd=tool.module_dir,
        env=dict(go.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                if _PACKAGE_LINE.fullmatch(line.strip()):
                    step.advance()
                else:
                    last.append(line)
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise _failure(tool, list(last))


def _failure(tool: GoTool, lines: list[str]) -> Refusal:
    reason = next((line.strip() for line in reversed(lines) if line.strip()), "no reason given")
    return Refusal(f"{tool.name} {tool.version} could not be built: {reason}")

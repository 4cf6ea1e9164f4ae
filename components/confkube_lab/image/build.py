"""Builds the lab image once per recipe into the cache, and says how long each part took."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from confkube.errors import Refusal
from confkube_build import gobuild
from confkube_build.cache import arriving, cache_root, exclusive
from confkube_build.progress import Reporter
from confkube_lab.image import charts, containers, contents, debian, programs, recipe

_NEEDED_GIB = 8
"""Sources and build cache of the programs, the root, and a copy of it while it is made."""
_TIMES = "times.json"
"""Beside an image: how long its parts took."""
_USED = "used"
"""Beside an image: the file that whoever runs machines from it holds a lock on."""
_MACHINE_ID = "c0ff00000000000000000000000000aa"
"""systemd-nspawn wants one of the root it runs from; each machine has its own."""


@dataclass
class Times:
    """What was built, and how long it took, in order."""

    rows: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])

    @contextmanager
    def of(self, what: str) -> Generator[None]:
        """Measure the block."""
        started = time.monotonic()
        yield
        self.rows.append((what, time.monotonic() - started))


def path(environ: Mapping[str, str]) -> Path:
    """Where the image of this recipe is, or would be."""
    return cache_root(environ) / "lab" / recipe.digest() / "root"


def ensure(environ: Mapping[str, str], reporter: Reporter | None = None) -> tuple[Path, Times]:
    """Return the image's root, building what is not in the cache yet.

    Raises:
        Refusal: This computer cannot build it; says what is missing.
    """
    reporter, times, root = reporter or Reporter(), Times(), path(environ)
    cache = cache_root(environ)
    if root.is_dir():
        return root, _remembered(root)
    _refuse_what_cannot_be()
    _room(cache)
    with exclusive(cache / "lab", lambda: reporter.note("waiting for another process that makes the lab image")):
        if not root.is_dir():
            binaries = _programs(cache, environ, reporter, times)
            with times.of("Debian root"):
                base = debian.ensure(debian.packages(), cache, environ, reporter)
            with arriving(root) as content, times.of("lab image"), reporter.step("putting the lab image together"):
                subprocess.run(["cp", "-a", f"{base}/.", str(content)], check=True)  # noqa: S603, S607
                _furnish(content, binaries)
            (root.parent / _TIMES).write_text(json.dumps(times.rows))
            prune(root)
    return root, times


def _remembered(root: Path) -> Times:
    """How long the parts of a finished image took when it was made; nothing where that is not known."""
    try:
        rows = json.loads((root.parent / _TIMES).read_text())
    except (OSError, ValueError):
        return Times()
    return Times(rows=[(str(what), float(seconds)) for what, seconds in rows])


@contextmanager
def in_use(root: Path) -> Generator[int]:
    """Keep ``prune`` from an image as long as the given descriptor, or a copy of it, is open in some process."""
    with (root.parent / _USED).open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield handle.fileno()


def prune(root: Path) -> None:
    """Remove the images beside ``root`` from which no machine runs: each is more than a gigabyte."""
    for other in sorted(root.parents[1].iterdir()):
        if other == root.parent or not (other / "root").is_dir():
            continue
        with (other / _USED).open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(other)


def _refuse_what_cannot_be() -> None:
    if os.geteuid() != 0:
        raise Refusal("the lab image is made as root; run this as root")


def _room(cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache).free / 2**30
    if free < _NEEDED_GIB:
        raise Refusal(
            f"building the lab image takes {_NEEDED_GIB} GiB and {cache} has {free:.1f} GiB free; "
            "free some, or set XDG_CACHE_HOME to a larger disk"
        )


def _programs(cache: Path, environ: Mapping[str, str], reporter: Reporter, times: Times) -> dict[str, Path]:
    made: dict[str, Path] = {}
    tools = programs.all_programs()
    for number, tool in enumerate(tools, 1):
        if not gobuild.built(tool, cache).is_file():
            reporter.note(f"program {number} of {len(tools)}: {tool.name}")
        with times.of(f"{tool.name} {tool.version}"):
            made[tool.name] = gobuild.ensure(tool, cache, environ, reporter)
    with times.of("pause"):
        made["pause"] = _pause(cache, environ)
    return made


def _pause(cache: Path, environ: Mapping[str, str]) -> Path:
    source = programs.TOOLS / "pause" / "pause.c"
    target = cache / "pause" / hashlib.sha256(source.read_bytes()).hexdigest()[:8] / "pause"
    if not target.is_file():
        compiler = shutil.which("cc", path=environ.get("PATH", os.defpath))
        if not compiler:
            raise Refusal("pause is written in C; install a compiler, on Debian: apt-get install gcc libc6-dev")
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        subprocess.run([compiler, "-Os", "-static", "-s", "-o", str(part), str(source)], check=True)  # noqa: S603
        part.replace(target)
    return target


def settle(root: Path) -> None:
    """Give a Debian root the settings and units that hold in the lab only."""
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    shutil.copytree(recipe.FILES, root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "etc/machine-id").write_text(_MACHINE_ID + "\n")
    (root / "etc/hostname").unlink(missing_ok=True)
    for folder in ("lib/modules", "var/log/journal"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    _units(root / "etc/systemd/system")


def _furnish(root: Path, binaries: Mapping[str, Path]) -> None:
    settle(root)
    for name in programs.MACHINE_PROGRAMS:
        shutil.copy2(binaries[name], root / "usr/local/bin" / name)
    folder = root / "usr/share/confkube/charts"
    folder.mkdir(parents=True)
    for chart in charts.ALL:
        (folder / f"{chart.sha256()}.tgz").write_bytes(chart.packed())
    for role, images in contents.images(root, binaries).items():
        folder = root / "usr/share/confkube/images" / role
        folder.mkdir(parents=True)
        for image in images:
            containers.write(image, folder / f"{contents.short(image.reference)}.tar")


def _units(folder: Path) -> None:
    for target, units in recipe.ENABLED.items():
        (folder / target).mkdir(exist_ok=True)
        for unit in units:
            link = folder / target / unit
            link.unlink(missing_ok=True)
            link.symlink_to(f"/usr/lib/systemd/system/{unit}" if unit.startswith("systemd-") else f"../{unit}")
    for unit in recipe.MASKED:
        link = folder / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")

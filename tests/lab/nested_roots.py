"""What the lab of nested nodes boots from: a root with QEMU for machines, and a disk, kernel and initrd for children.

All are the lab image with packages of the distribution on top, made once into the cache. What a child's disk leaves out
or brings along saves time where QEMU computes the processor: nothing that boot text does is among it.
"""

import hashlib
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from confkube.bootstrap import Archive, pinned
from confkube_build.cache import arriving, cache_root, exclusive
from confkube_lab.image import build, recipe

_DISK_MIB = 2560
_LIFE_SECONDS = 6 * 3600
_CHILD_PACKAGES = ("dbus", "linux-image-cloud-amd64")
_SCRIPTS = Path(__file__).with_name("nested_child")
# Units that speak to the lab's metadata service, that nobody needs, or that look for what is not there.
_MASKED = (
    "confkube-lab-identity.service",
    "dbus-org.freedesktop.timesync1.service",
    "e2scrub_reap.service",
    "modprobe@drm.service",
    "serial-getty@.service",
    "systemd-hwdb-update.service",
    "systemd-networkd-persistent-storage.service",
    "systemd-update-utmp.service",
)


@dataclass(frozen=True)
class Roots:
    """What was made.

    Attributes:
        machines: Root of machines, in the form of an overlay's lower directories.
        child: Files of a child by what they are: ``image``, ``kernel``, ``initrd``.
    """

    machines: str
    child: dict[str, Archive]


def ensure():
    """Return the roots, made once for each lab image and month."""
    image, cache = build.path(os.environ), cache_root(os.environ) / "nested-nodes"
    if os.geteuid() != 0 or not image.is_dir():
        pytest.skip("the roots of nested nodes are made as root, from the lab image; build it with: make lab-image")
    packages = sorted({*pinned().packages, *pinned().host_packages})
    sources = [path.read_text() for path in (Path(__file__), *sorted(_SCRIPTS.iterdir()))]
    parts = (recipe.digest(), datetime.now(UTC).strftime("%Y-%m"), *packages, *sources)
    folder = cache / hashlib.sha256(" ".join(parts).encode()).hexdigest()[:12]
    with exclusive(cache, lambda: None):
        if not folder.is_dir():
            _forget_old(cache)
            with arriving(folder) as content:
                _make(content, image, packages)
    names = dict(path.name.split(".") for path in (folder / "files").iterdir())
    child = {name: Archive(url=f"https://images.example.org/{name}", sha256=sha256) for name, sha256 in names.items()}
    return Roots(machines=f"{folder / 'machines'}:{image}", child=child)


def _forget_old(cache):
    """Remove roots of other images, unless they are so young that a lab may run from them: each takes 1.6 GB."""
    for other in cache.iterdir():
        if other.is_dir() and time.time() - other.stat().st_mtime > _LIFE_SECONDS:
            shutil.rmtree(other)


def _make(content, image, packages):
    with _on_top(content, image) as folder:
        _run("install.sh", image, folder, *packages)
        (folder / "upper").rename(content / "machines")
    made = content / "made"
    made.mkdir()
    with (made / "image").open("wb") as stream:
        stream.truncate(_DISK_MIB << 20)
    with _on_top(content, image) as folder:
        _run("install.sh", image, folder, *_CHILD_PACKAGES)
        _run("disk.sh", image, folder, made, *_MASKED)
    carried, files = content / "machines/usr/share/confkube/children", content / "files"
    carried.mkdir(parents=True)
    files.mkdir()
    for path in made.iterdir():
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        (files / f"{path.name}.{digest}").touch()
        path.rename(carried / digest)
    made.rmdir()


@contextmanager
def _on_top(content, image):
    """A folder for what packages add to the lab image."""
    folder = content / "partial"
    for name in ("upper", "work", "root", "disk"):
        (folder / name).mkdir(parents=True)
    yield folder
    shutil.rmtree(folder)


def _run(script, *words):
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    done = subprocess.run(
        [*command, "bash", "-eu", _SCRIPTS / script, *words], capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode != 0:
        pytest.skip(f"the roots of nested nodes cannot be made here: {script}: {done.stderr.strip()[-300:]}")

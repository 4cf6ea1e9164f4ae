"""Makes the Debian root of the lab's machines, with the packages that boot text would install."""

import hashlib
import os
import shutil
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from confkube.bootstrap import pinned
from confkube.errors import Refusal
from confkube_build.cache import arriving, exclusive
from confkube_build.progress import Reporter

SUITE = "trixie"
_SYSTEM = (
    "systemd",
    "systemd-sysv",
    "systemd-container",
    "cloud-init",
    "procps",
    "python3",
    "util-linux",
    "e2fsprogs",
    "iputils-ping",
)
_FOR_IMAGES = ("iptables", "busybox-static")
_LEFT_OUT = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")


def packages() -> tuple[str, ...]:
    """Packages of the root: those that boot text names, and what a machine and its container images need beside."""
    software = pinned()
    named = {*software.packages, *software.node_packages, *software.trust_packages}
    return tuple(sorted({*_SYSTEM, *_FOR_IMAGES, *named, "runc"}))


def pristine_packages() -> tuple[str, ...]:
    """Packages of a root as a cloud's stock image has them: boot text has to install the rest."""
    # Without the program ip, cloud-init knows no way to set an address.
    return tuple(sorted({*_SYSTEM, "ca-certificates", "iproute2"}))


@dataclass(frozen=True, kw_only=True)
class Bootstrapper:
    """The program that makes a root, and how it is run."""

    command: Path
    environment: Mapping[str, str]


def name(wanted: Sequence[str]) -> str:
    """Twelve hexadecimal characters that stand for a root with ``wanted``; others next month."""
    month = datetime.now(UTC).strftime("%Y-%m")
    return hashlib.sha256(" ".join([SUITE, month, *wanted]).encode()).hexdigest()[:12]


def ensure(wanted: Sequence[str], cache: Path, environ: Mapping[str, str], reporter: Reporter) -> Path:
    """Return a root with ``wanted``, made once a month: the archive moves on, and machines should follow it.

    Raises:
        Refusal: As ``make``.
    """
    root = cache / "debian" / name(wanted) / "root"
    with exclusive(cache / "debian", lambda: reporter.note("waiting for another process that makes a Debian root")):
        if not root.is_dir():
            with arriving(root) as content:
                make(content, wanted, cache, environ, reporter)
    return root


def make(target: Path, wanted: Sequence[str], cache: Path, environ: Mapping[str, str], reporter: Reporter) -> None:
    """Make a root with ``wanted`` below ``target``, from the archive that this computer's own packages come from.

    Raises:
        Refusal: This is no Debian-like computer, or the archive does not answer.
    """
    program = _bootstrapper(cache, environ, reporter)
    options = ["--mode=root", "--variant=minbase", "--format=directory", f"--include={','.join(wanted)}"]
    options += [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    command = ["perl", str(program.command), *options, SUITE, str(target), mirror(environ)]
    with reporter.step(f"making a Debian {SUITE} root of {len(wanted)} packages and what they need"):
        done = subprocess.run(  # noqa: S603  arguments are ours
            command, env=dict(program.environment), capture_output=True, text=True, check=False
        )
    if done.returncode != 0:
        last = deque((line for line in done.stderr.splitlines() if line.startswith("E:")), maxlen=2)
        raise Refusal(f"the Debian root could not be made: {'; '.join(last) or done.stderr.strip()[-200:]}")


def mirror(environ: Mapping[str, str]) -> str:
    """Address of the Debian archive that this computer uses.

    Raises:
        Refusal: It uses none.
    """
    if not shutil.which("apt-get", path=environ.get("PATH", os.defpath)):
        raise Refusal("the lab image is made from Debian packages, and apt-get is not here; use a Debian or Ubuntu")
    wanted = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI) $(CODENAME)", "Created-By: Packages"]
    done = subprocess.run(wanted, env=dict(environ), capture_output=True, text=True, check=False)  # noqa: S603
    for line in done.stdout.splitlines():
        origin, address, codename = line.split(" ", 2)
        if origin == "Debian" and "-" not in codename:
            return address
    raise Refusal("this computer knows no Debian archive; run apt-get update on a Debian first")


def _bootstrapper(cache: Path, environ: Mapping[str, str], reporter: Reporter) -> Bootstrapper:
    """Find mmdebstrap; where it is not installed, unpack the distribution's package into the cache."""
    found = shutil.which("mmdebstrap", path=environ.get("PATH", os.defpath))
    if found:
        return Bootstrapper(command=Path(found), environment=environ)
    folder = cache / "packages" / "mmdebstrap"
    programs = folder / "root" / "usr" / "bin"
    with exclusive(folder, lambda: reporter.note("waiting for another process that fetches mmdebstrap")):
        if not (programs / "mmtarfilter").is_file():
            _unpack("mmdebstrap", folder, environ)
    path = f"{programs}{os.pathsep}{environ.get('PATH', os.defpath)}"
    return Bootstrapper(command=programs / "mmdebstrap", environment={**environ, "PATH": path})


def _unpack(package: str, folder: Path, environ: Mapping[str, str]) -> None:
    fetch = ["apt-get", "-qq", "download", package]
    done = subprocess.run(fetch, cwd=folder, env=dict(environ), capture_output=True, text=True, check=False)  # noqa: S603
    archives = sorted(folder.glob(f"{package}_*.deb"))
    if done.returncode != 0 or not archives:
        raise Refusal(f"{package} is needed and could not be fetched; install it with: apt-get install {package}")
    subprocess.run(["dpkg", "-x", str(archives[-1]), str(folder / "root")], check=True)  # noqa: S603, S607

"""Real programs that check boot text, fetched or built once into the cache; a test is skipped with the reason else."""

import fcntl
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from confkube.errors import Refusal
from confkube_build.cache import cache_root
from confkube_build.gobuild import built, ensure
from confkube_lab.image.programs import kubernetes

REPOSITORY = Path(__file__).resolve().parents[2]
_CLOUD_INIT = ("cloud-init",)
_NFT = ("nftables", "libnftables1", "libnftnl11", "libmnl0", "libjansson4", "libxtables12", "libedit2")


def run(*command, **options):
    """Run a command and return it finished, with its output as text."""
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **options)


@cache
def extracted(packages):
    """Directory with packages of the distribution unpacked; nothing is installed."""
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        pytest.skip(f"{packages[0]} comes from a Debian archive, and apt-get or dpkg is not here")
    folder = cache_root(os.environ) / "packages" / "-".join(packages)[:100]
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / ".done"
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            fetched = run("apt-get", "download", *packages, cwd=folder)
            if fetched.returncode != 0:
                pytest.skip(f"{packages[0]} cannot be fetched: {fetched.stderr.strip().splitlines()[-1:]}")
            for package in sorted(folder.glob("*.deb")):
                subprocess.run(["dpkg", "-x", package, folder / "root"], check=True)
            done.touch()
    return folder / "root"


def cloud_init_schema(path):
    """Check a user data file with the distribution's own cloud-init."""
    modules = extracted(_CLOUD_INIT) / "usr/lib/python3/dist-packages"
    environment = os.environ | {"PYTHONPATH": str(modules)}
    return run(sys.executable, "-m", "cloudinit.cmd.main", "schema", "--config-file", str(path), env=environment)


@cache
def nft():
    """Path of an nft program, and the environment that it needs."""
    found = shutil.which("nft", path=os.environ["PATH"] + ":/usr/sbin")
    if found:
        return found, dict(os.environ)
    root = extracted(_NFT)
    libraries = ":".join(
        str(path.parent) for path in sorted(root.rglob("libnftables.so.1")) + sorted(root.rglob("libmnl.so.0"))
    )
    return str(root / "usr/sbin/nft"), os.environ | {"LD_LIBRARY_PATH": libraries}


@cache
def kubeadm():
    """Path of the real kubeadm, built from its Go module once; the lab's machines run the same."""
    tool, cache_folder = kubernetes("kubeadm"), cache_root(os.environ)
    if not built(tool, cache_folder).is_file() and not shutil.which("go"):
        pytest.skip("kubeadm is built from source once, and Go is not here")
    try:
        return str(ensure(tool, cache_folder, os.environ))
    except Refusal as refusal:
        pytest.skip(f"kubeadm cannot be built here: {refusal}")


def namespaces(*kinds):
    """The start of a command that runs in namespaces of its own."""
    command = ["unshare", *kinds]
    if os.geteuid() != 0 or run(*command, "true").returncode != 0:
        pytest.skip(f"this needs root and unshare {' '.join(kinds)}")
    return command

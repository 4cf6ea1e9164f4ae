"""What this computer must have to carry a lab, each with the reason and the remedy."""

import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from confkube.errors import Refusal
from confkube_lab import watchers
from confkube_lab.home import LabHome
from confkube_lab.image import build
from confkube_lab.labs import holding

_PROGRAMS: Mapping[str, str] = {
    "bash": "bash",
    "mkfs.ext4": "e2fsprogs",
    "mount": "mount",
    "nsenter": "util-linux",
    "unshare": "util-linux",
}
_MEMORY_GIB, _DISK_GIB = 3, 6
_FILE_SYSTEMS = ("ext4", "overlay")
_LINKS = ("bridge", "veth", "vxlan")


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One thing that a lab needs.

    Attributes:
        name: What.
        met: Whether it is there; None where it could not be tried.
        found: What was found.
        remedy: What to do where it is missing.
    """

    name: str
    met: bool | None
    found: str
    remedy: str = ""


def requirements(home: LabHome, environ: Mapping[str, str]) -> Iterator[Requirement]:
    """Look at everything, later ones resting on earlier ones; stops where nothing else can be tried."""
    yield _linux()
    if platform.system() != "Linux":
        return
    yield _root()
    yield _programs(environ)
    yield _memory()
    yield _disk(home)
    yield _cgroups()
    yield _file_systems()
    if os.geteuid() != 0:
        return
    yield _tried("namespaces", ["unshare", "--mount", "--net", "--pid", "--ipc", "--fork", "true"], _NAMESPACES)
    yield _loop()
    yield _watchers(home)
    yield _image(environ)
    yield _kernel_links(environ)
    yield _bridged()
    yield _firewall(environ)


def missing(found: Iterable[Requirement]) -> str:
    """The first of ``found`` that is not met, with its remedy, in one sentence; empty where all are."""
    first = next((each for each in found if each.met is False), None)
    return f"{first.name}: {first.found}; {first.remedy}" if first else ""


def reason(home: LabHome, environ: Mapping[str, str]) -> str:
    """The first thing that this computer lacks, as ``missing`` says it."""
    return missing(requirements(home, environ))


def require(home: LabHome, environ: Mapping[str, str]) -> None:
    """Refuse what cannot be.

    Raises:
        Refusal: This computer cannot carry a lab.
    """
    lacks = reason(home, environ)
    if lacks:
        raise Refusal(f"{lacks} (all requirements: confkube lab check)")


def computer() -> str:
    """Twelve hexadecimal characters that stand for this computer."""
    try:
        named = Path("/etc/machine-id").read_text()
    except OSError:
        named = ""
    return "computer-" + hashlib.sha256((named.strip() or platform.node()).encode()).hexdigest()[:12]


_NAMESPACES = (
    "the kernel, or the container this runs in, forbids namespaces; run on a computer or a full virtual machine"
)


def _linux() -> Requirement:
    system = platform.system()
    machine = platform.machine()
    fits = system == "Linux" and machine == "x86_64"
    return Requirement(
        name="Linux on x86_64",
        met=fits,
        found=f"{system} on {machine}",
        remedy="use a Linux computer or virtual machine",
    )


def _root() -> Requirement:
    me = os.geteuid()
    return Requirement(
        name="root",
        met=me == 0,
        found="root" if me == 0 else f"user {me}",
        remedy="run it as root, for example with sudo",
    )


def _programs(environ: Mapping[str, str]) -> Requirement:
    path = f"{environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    missing = [name for name in _PROGRAMS if not shutil.which(name, path=path)]
    packages = " ".join(sorted({_PROGRAMS[name] for name in missing}))
    return Requirement(
        name="programs",
        met=not missing,
        found=f"missing {', '.join(missing)}" if missing else "all there",
        remedy=f"on Debian: apt-get install {packages}",
    )


def _memory() -> Requirement:
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Requirement(
        name="memory",
        met=gib >= _MEMORY_GIB,
        found=f"{gib:.1f} GiB",
        remedy=f"{_MEMORY_GIB} GiB carry the smallest cluster; use a larger computer",
    )


def _disk(home: LabHome) -> Requirement:
    folder = next(parent for parent in (home.root, *home.root.parents) if parent.exists())
    gib = shutil.disk_usage(folder).free / 2**30
    return Requirement(
        name="disk",
        met=gib >= _DISK_GIB,
        found=f"{gib:.1f} GiB free in {folder}",
        remedy=f"a cluster needs {_DISK_GIB} GiB; free some, or set CONFKUBE_LAB_HOME to a folder on a larger disk",
    )


def _cgroups() -> Requirement:
    base = Path("/sys/fs/cgroup")
    if (base / "cgroup.controllers").exists():
        return Requirement(name="control groups", met=True, found="version 2 (not tried by confkube's own tests)")
    hierarchies = {path.name for path in base.iterdir()} if base.is_dir() else set[str]()
    fits = {"memory", "pids", "systemd"} <= hierarchies and bool({"cpu", "cpu,cpuacct"} & hierarchies)
    return Requirement(
        name="control groups",
        met=fits,
        found="version 1, hybrid"
        if fits
        else f"neither version 2 nor a complete version 1 ({len(hierarchies)} hierarchies)",
        remedy="boot with systemd.unified_cgroup_hierarchy=1",
    )


def _file_systems() -> Requirement:
    known = {line.split()[-1] for line in Path("/proc/filesystems").read_text().splitlines()}
    missing = [name for name in _FILE_SYSTEMS if name not in known]
    return Requirement(
        name="file systems",
        met=not missing,
        found=f"missing {', '.join(missing)}" if missing else ", ".join(_FILE_SYSTEMS),
        remedy=f"load them: modprobe -a {' '.join(missing)}",
    )


def _tried(name: str, command: list[str], remedy: str) -> Requirement:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  fixed programs
    last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return Requirement(name=name, met=done.returncode == 0, found=last if done.returncode else "allowed", remedy=remedy)


def _loop() -> Requirement:
    return Requirement(
        name="loop devices",
        met=Path("/dev/loop-control").exists(),
        found="there" if Path("/dev/loop-control").exists() else "no /dev/loop-control",
        remedy="load the module: modprobe loop",
    )


def _watchers(home: LabHome) -> Requirement:
    """systemd, kubelet and containerd watch files."""
    most, used, here = watchers.most(), watchers.used(), holding(home) is not None
    return Requirement(
        name="file watchers",
        met=here or most - used >= watchers.CLUSTER,
        found=f"{used} of {most} in use" + (", the running lab's among them" if here else ""),
        remedy=f"the default cluster takes {watchers.CLUSTER}; {watchers.REMEDY}",
    )


def _image(environ: Mapping[str, str]) -> Requirement:
    there = build.path(environ).is_dir()
    return Requirement(
        name="lab image",
        met=there,
        found=str(build.path(environ)) if there else "not built",
        remedy="build it, some minutes once, with: make lab-image",
    )


def _in_image(name: str, environ: Mapping[str, str], script: str, remedy: str) -> Requirement:
    """Try something in a network namespace that vanishes, with the programs of the image."""
    root = build.path(environ)
    if not root.is_dir():
        return Requirement(name=name, met=None, found="tried when the lab image is there")
    return _tried(name, ["unshare", "--net", "chroot", str(root), "sh", "-ec", script], remedy)


def _kernel_links(environ: Mapping[str, str]) -> Requirement:
    script = "; ".join(
        f"ip link add probe{number} type {link} {_DETAILS.get(link, '')}" for number, link in enumerate(_LINKS)
    )
    return _in_image("network devices", environ, script, f"load the modules: modprobe -a {' '.join(_LINKS)}")


def _bridged() -> Requirement:
    """Within a subnet, only this shows the firewall what passes between two machines."""
    script = 'test "$(cat /proc/sys/net/bridge/bridge-nf-call-iptables)" = 1'
    return _tried("bridge firewall", ["unshare", "--net", "sh", "-c", script], "load the module: modprobe br_netfilter")


_DETAILS: Mapping[str, str] = {"vxlan": "id 1 dstport 8472"}


def _firewall(environ: Mapping[str, str]) -> Requirement:
    script = (
        "echo 'table inet probe { chain c { type nat hook postrouting priority srcnat; masquerade; }; }' | nft -f -"
    )
    return _in_image("nftables", environ, script, "load the modules: modprobe -a nf_tables nft_masq nft_ct")

"""Files and folders of this host: what was there, how ours are written, and how it is put back."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .said import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PROGRAMS = ("kubeadm", "kubelet", "kubectl", "helm", "spire-agent", "spire-server")
NAMED = (
    *(f"/usr/local/bin/{name}" for name in _PROGRAMS),
    *(f"/usr/local/bin/.{name}.new" for name in _PROGRAMS),
    "/etc/sysctl.d/99-zzz-override_cilium.conf",
    "/etc/systemd/system/nydus-snapshotter.service",
    "/usr/local/lib/confkube.tar",
)
"""Files that boot text and add-ons write in folders that are not theirs."""
TREES = (
    "/etc/confkube",
    "/etc/kubernetes",
    "/etc/cni",
    "/etc/containerd",
    "/opt/cni",
    "/opt/confkube",
    "/opt/containerd",
    "/opt/kata",
    "/root/.kube",
    "/run/cilium",
    "/run/confkube",
    "/run/flannel",
    "/run/spire",
    "/usr/libexec/kubernetes",
    "/usr/local/lib/confkube",
    "/var/lib/cni",
    "/var/lib/confkube",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/lib/nydus-snapshotter",
    "/var/lib/spire",
    "/var/log/containers",
    "/var/log/kubernetes",
    "/var/log/pods",
)
"""Folders of Kubernetes and of ours: a host that is ready has none of them, or nothing of a cluster in them."""
CONTAINERD = ("/var/lib/containerd", "/run/containerd")
"""Folders of containerd; they are somebody else's where it was there before."""
_LARGEST_COPY = 8 << 20


def look(paths: Iterable[str], trees: Iterable[str], backups: Path) -> dict[str, Any]:
    """What is at ``paths`` and below ``trees`` now; files are copied to ``backups``."""
    wanted, trees = list(dict.fromkeys(paths)), list(trees)
    folders = [folder for folder in trees if not os.path.lexists(folder)]
    listed = {folder: _listed(Path(folder)) for folder in trees if os.path.lexists(folder)}
    wanted += [path for found in listed.values() for path in found if _small_file(path)]
    kept = {path: _keep(Path(path), backups, str(number)) for number, path in enumerate(dict.fromkeys(wanted))}
    parents = {str(parent) for path in [*wanted, *folders] for parent in Path(path).parents if not parent.exists()}
    return {"files": kept, "absent": folders, "listed": listed, "parents": sorted(parents, reverse=True)}


def write(files: Iterable[dict[str, Any]]) -> None:
    """Write boot text's files, each in one step."""
    for each in files:
        path = Path(each["path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        place(path, each["content"].encode("ascii"), each["mode"])


def place(path: Path, content: bytes, mode: int) -> None:
    """Replace a file in one step."""
    part = _part(path)
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
        os.fchmod(stream.fileno(), mode)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def _part(path: Path) -> Path:
    """What a file is called while it is being written; a killed run leaves it."""
    return path.with_name(f".{path.name}.confkube")


def restore(before: dict[str, Any], backups: Path) -> None:
    """Put everything back that ``look`` has seen, and take away what it has not."""
    for folder in before["absent"]:
        remove(Path(folder))
    for folder, known in before["listed"].items():
        for path in [str(path) for path in _below(Path(folder))][::-1]:
            if path not in known:
                remove(Path(path))
        for path, was in known.items():
            if was:
                _put_folder_back(Path(path), was)
    for path, was in before["files"].items():
        _part(Path(path)).unlink(missing_ok=True)
        _put_back(Path(path), was, backups)
    for parent in before["parents"]:
        with contextlib.suppress(OSError):
            Path(parent).rmdir()


def remove(path: Path) -> None:
    """Remove a file, or a folder with all below it, never what is mounted in it.

    Raises:
        Failure: Something is mounted below.
    """
    _remove(path, mounted())


def mounted() -> set[str]:
    """Where something is mounted. Device numbers do not tell: overlays show those of their layers."""
    points = [line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
    return {point.encode("latin-1", "backslashreplace").decode("unicode_escape") for point in points}


def _remove(path: Path, mounts: set[str]) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for each in sorted(path.iterdir()):
        if str(each) in mounts:
            raise Failure(f"{each} is still mounted; nothing below it was removed; unmount it, then destroy again")
        _remove(each, mounts)
    if str(path) not in mounts:
        path.rmdir()


def _below(folder: Path) -> Iterator[Path]:
    """All that is below a folder, not entering links and other file systems."""
    if folder.is_symlink() or not folder.is_dir():
        return
    mounts = mounted()
    for path in sorted(folder.iterdir()):
        yield path
        if not path.is_symlink() and path.is_dir() and str(path) not in mounts:
            yield from _below(path)


def _listed(folder: Path) -> dict[str, list[int] | None]:
    """A tree: path -> mode and owners of a folder, None for anything else."""
    return {str(path): _folder(path) for path in (folder, *_below(folder))}


def _folder(path: Path) -> list[int] | None:
    info = path.lstat()
    return [info.st_mode & 0o7777, info.st_uid, info.st_gid] if stat.S_ISDIR(info.st_mode) else None


def _put_folder_back(path: Path, was: list[int]) -> None:
    mode, user, group = was
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    os.chown(path, user, group)


def _small_file(path: str) -> bool:
    info = os.lstat(path)
    return stat.S_ISLNK(info.st_mode) or (stat.S_ISREG(info.st_mode) and info.st_size <= _LARGEST_COPY)


def _keep(path: Path, backups: Path, name: str) -> dict[str, Any] | None:
    try:
        info = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(info.st_mode):
        return {"link": str(path.readlink()), "at": info.st_mtime_ns}
    if not stat.S_ISREG(info.st_mode):
        raise Failure(f"{path} is no file; boot text would replace it, so nothing is done")
    copy = backups / name
    shutil.copyfile(path, copy)
    shutil.copystat(path, copy)
    return {"copy": name, "mode": info.st_mode & 0o7777, "uid": info.st_uid, "gid": info.st_gid, "at": info.st_mtime_ns}


def _put_back(path: Path, was: dict[str, Any] | None, backups: Path) -> None:
    if was is None:
        if path.is_symlink() or path.is_file():
            path.unlink()
        return
    if "link" in was:
        if not path.is_symlink() or str(path.readlink()) != was["link"]:
            remove(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(was["link"])
        os.utime(path, ns=(was["at"], was["at"]), follow_symlinks=False)
        return
    copy = backups / was["copy"]
    if not copy.is_file():
        return
    if not path.is_file() or path.is_symlink() or path.read_bytes() != copy.read_bytes():
        remove(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        place(path, copy.read_bytes(), was["mode"])
    path.chmod(was["mode"])
    os.chown(path, was["uid"], was["gid"])
    os.utime(path, ns=(was["at"], was["at"]))

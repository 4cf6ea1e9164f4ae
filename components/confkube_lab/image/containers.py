"""Makes container images from files: one layer each, the same bytes every time, without a registry or a daemon."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

_EPOCH = "1970-01-01T00:00:00Z"
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ACCOUNTS: Mapping[str, bytes] = {"etc/passwd": b"root:x:0:0:root:/:/bin/sh\n", "etc/group": b"root:x:0:\n"}
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class ContainerImage:
    """What an image holds.

    Attributes:
        reference: Name and tag.
        files: Absolute path in the image -> file on this computer.
        links: Absolute path in the image -> target of a symbolic link.
        entrypoint: Command that a container starts; none by default.
    """

    reference: str
    files: Mapping[str, Path]
    links: Mapping[str, str] = field(default_factory=dict[str, str])
    entrypoint: Sequence[str] = ()


def write(image: ContainerImage, archive: Path) -> None:
    """Write ``image`` as a docker archive, which ``ctr images import`` reads."""
    layer = archive.with_suffix(".layer")
    try:
        with layer.open("wb") as stream, tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
            _fill(tar, image)
        digest = _sha256(layer)
        config = _json(
            {
                "architecture": "amd64",
                "os": "linux",
                "created": _EPOCH,
                "config": {"Env": [_PATH], "Entrypoint": list(image.entrypoint) or None, "WorkingDir": "/"},
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
                "history": [{"created": _EPOCH, "created_by": "confkube"}],
            }
        )
        name = f"{hashlib.sha256(config).hexdigest()}.json"
        manifest = _json([{"Config": name, "RepoTags": [image.reference], "Layers": [f"{digest}/layer.tar"]}])
        with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
            _add(tar, name, config)
            with layer.open("rb") as stream:
                tar.addfile(_entry(f"{digest}/layer.tar", size=layer.stat().st_size), stream)
            _add(tar, "manifest.json", manifest)
    finally:
        layer.unlink(missing_ok=True)


def _fill(tar: tarfile.TarFile, image: ContainerImage) -> None:
    made: set[str] = set()
    for folder in ("etc", "tmp", "run"):
        _folder(tar, folder, made)
    for name, content in _ACCOUNTS.items():
        _add(tar, name, content)
    for path, source in sorted(image.files.items()):
        _folder(tar, _parent(path), made)
        with source.open("rb") as stream:
            tar.addfile(_entry(path.lstrip("/"), mode=0o755, size=source.stat().st_size), stream)
    for path, target in sorted(image.links.items()):
        _folder(tar, _parent(path), made)
        entry = _entry(path.lstrip("/"), mode=0o777)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        tar.addfile(entry)


def _parent(path: str) -> str:
    return str(PurePosixPath(path.lstrip("/")).parent)


def _folder(tar: tarfile.TarFile, folder: str, made: set[str]) -> None:
    if folder in ("", ".") or folder in made:
        return
    _folder(tar, str(PurePosixPath(folder).parent), made)
    made.add(folder)
    entry = _entry(folder, mode=0o1777 if folder == "tmp" else 0o755)
    entry.type = tarfile.DIRTYPE
    tar.addfile(entry)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_entry(name, size=len(content)), io.BytesIO(content))


def _entry(name: str, *, mode: int = 0o644, size: int = 0) -> tarfile.TarInfo:
    """A header without time, user or group of this computer."""
    entry = tarfile.TarInfo(name)
    entry.mode, entry.size, entry.mtime = mode, size, 0
    return entry


def _json(value: Any) -> bytes:  # noqa: ANN401  what JSON can hold
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()

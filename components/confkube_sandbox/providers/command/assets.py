"""Files that a command leaves behind, as Pulumi assets and archives.

Source: pulumi/pulumi-command ``provider/pkg/provider/local/commandOutputs.go`` (``globAssets``); the serialised forms
and hashes are those of pulumi/pulumi ``sdk/go/common/resource/{asset,archive}``.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.command.globs import selected

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_ASSET = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
_FILE_MODE = 0o600


def assets(folder: str, globs: Iterable[str]) -> dict[str, Any]:
    """Return the files under ``folder`` that the globs select, each by its relative path.

    Raises:
        OSError: A file cannot be read.
        ValueError: A glob is malformed.
    """
    return {path: _asset(os.path.join(folder, path)) for path in selected(_files(folder), globs)}  # noqa: PTH118


def archive(members: Mapping[str, Any]) -> dict[str, Any]:
    """Bundle assets into one archive; its hash is that of the tar file the engine would write."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(members):
            content = Path(members[path]["path"]).read_bytes()
            header = tarfile.TarInfo(path)
            header.mode, header.size = _FILE_MODE, len(content)
            tar.addfile(header, io.BytesIO(content))
    digest = hashlib.sha256(written.getvalue()).hexdigest()
    return {_SIGNATURE: _ARCHIVE, "hash": digest, "assets": dict(members)}


def _files(folder: str) -> Iterable[str]:
    for base, folders, files in os.walk(folder, onerror=_fail):
        folders.sort()
        for name in sorted(files):
            yield os.path.relpath(os.path.join(base, name), folder)  # noqa: PTH118


def _fail(error: OSError) -> None:
    raise error


def _asset(path: str) -> dict[str, Any]:
    content = Path(path).read_bytes()
    # Joined as text, as the real provider does: a relative folder gives a relative path.
    return {_SIGNATURE: _ASSET, "hash": hashlib.sha256(content).hexdigest(), "path": os.path.normpath(path)}

"""The lab's home: the one directory that holds all that a running lab keeps."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from confkube.errors import Refusal

HOME_VARIABLE = "CONFKUBE_LAB_HOME"
DEFAULT = Path("/var/lib/confkube-lab")


@dataclass(frozen=True)
class LabHome:
    """The paths of one lab. Two homes are two labs that do not know of each other."""

    root: Path

    @classmethod
    def locate(cls, environ: Mapping[str, str]) -> "LabHome":
        """Find the home: ``$CONFKUBE_LAB_HOME``, else ``/var/lib/confkube-lab``.

        Raises:
            Refusal: It is a file, or its path has a character that the kernel's mount options keep for themselves.
        """
        named = environ.get(HOME_VARIABLE, "")
        root = (Path(named) if named else DEFAULT).absolute().resolve()
        odd = sorted({character for character in str(root) if character in ",:\\"})
        if odd:
            raise Refusal(f"{HOME_VARIABLE}: {str(root)!r} holds {odd[0]!r}; name a folder without , : and \\")
        if root.exists() and not root.is_dir():
            raise Refusal(f"{HOME_VARIABLE}: {root} is a file; name a folder, which may be absent")
        return cls(root)

    @property
    def tag(self) -> str:
        """Eight hexadecimal characters that stand for this home in names of the kernel's."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:8]

    @property
    def loopback(self) -> str:
        """The address of this computer at which the lab's open ports are; outside 127.0.0.0/16, where others listen."""
        numbers = bytes.fromhex(self.tag)
        return f"127.{64 + numbers[0] % 128}.{numbers[1]}.{1 + numbers[2] % 254}"

    @property
    def lab_file(self) -> Path:
        """What the lab is: its network and the image of its machines."""
        return self.root / "lab.json"

    @property
    def holder_file(self) -> Path:
        """The process that holds the lab's namespaces."""
        return self.root / "holder.json"

    @property
    def holder_log(self) -> Path:
        """What that process, and the services in it, say."""
        return self.root / "holder.log"

    @property
    def lock_file(self) -> Path:
        """Held while machines are added or removed."""
        return self.root.with_name(f".{self.root.name}.lock")

    @property
    def machines(self) -> Path:
        """One directory a machine."""
        return self.root / "machines"

    @property
    def turns(self) -> Path:
        """Locks of the groups of machines."""
        return self.root / "turns"

    @property
    def secrets(self) -> Path:
        """The secret store (secret)."""
        return self.root / "secrets"

    def belongs(self) -> list[Path]:
        """What is a lab's in this folder; nothing else in it is ever touched."""
        whole = (self.lab_file, self.holder_file, self.holder_log, self.machines, self.secrets, self.turns)
        parts = (part for one in whole for part in self.root.glob(f".{one.name}.*"))
        return [path for path in (*whole, *parts) if path.exists()]

    def strangers(self) -> list[str]:
        """Names of what is in this folder and no lab's."""
        if not self.root.is_dir():
            return []
        ours = self.belongs()
        return sorted(path.name for path in self.root.iterdir() if path not in ours)


def write_json(path: Path, value: object) -> None:
    """Replace ``path`` in one step; only its owner can read it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        json.dump(value, stream, indent=1)
    part.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Read what ``write_json`` wrote; empty where there is nothing, or nothing whole."""
    try:
        found: object = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}

"""What a lab image is made of; its name follows from that, so a changed recipe is another image."""

import hashlib
import json
from functools import cache
from pathlib import Path

from confkube import facts
from confkube_build import gobuild
from confkube_build.gobuild import GoTool
from confkube_lab.image import charts, debian
from confkube_lab.image.programs import TOOLS, all_programs

FILES = Path(__file__).with_name("files")
"""What is put into the root over the distribution's own files: settings that hold in the lab only."""

ENABLED = {
    "sysinit.target.wants": ("confkube-lab-host.service",),
    "multi-user.target.wants": ("confkube-lab-identity.service", "systemd-networkd.service"),
    "network-online.target.wants": ("systemd-networkd-wait-online.service",),
}
"""Units that are started at boot."""

MASKED = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "console-getty.service",
    "container-getty@.service",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
    "getty@.service",
    "ldconfig.service",
    "machines.target",
    "systemd-importd.socket",
    "systemd-journal-catalog-update.service",
    "systemd-pstore.service",
)
"""Units of the distribution that machines of a lab have no use for."""


@cache
def digest() -> str:
    """Twelve hexadecimal characters that stand for everything the image is made of."""
    parts: list[object] = [debian.name(debian.packages()), ENABLED, MASKED]
    parts += [[_program(tool) for tool in all_programs()], [_hashed(path) for path in _files(TOOLS / "pause")]]
    parts += [[(str(path.relative_to(FILES)), _hashed(path)) for path in _files(FILES)]]
    parts += [[chart.name, facts.artifact(chart.name).sha256] for chart in charts.ALL]
    parts += [[_hashed(path) for path in _files(Path(__file__).parent) if path.suffix == ".py"]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _program(tool: GoTool) -> list[str]:
    return [tool.name, tool.version, tool.ldflags, *map(_hashed, gobuild.sources(tool))]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _hashed(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

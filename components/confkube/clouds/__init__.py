"""The platforms: each in a folder of its own, found by name and loaded only when it is used."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from confkube import facts
from confkube.errors import Refusal, choose

if TYPE_CHECKING:
    from confkube.platform import Platform


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Where a platform's class is, and what must be installed to load it."""

    target: str
    extra: str | None = None


PLATFORMS: Mapping[str, Entry] = MappingProxyType(
    {
        "aws": Entry(target="confkube.clouds.aws:AwsPlatform", extra="aws"),
        "azure": Entry(target="confkube.clouds.azure:AzurePlatform", extra="azure"),
        "gcp": Entry(target="confkube.clouds.gcp:GcpPlatform", extra="gcp"),
        "lab": Entry(target="confkube.clouds.lab:LabPlatform"),
        "memory": Entry(target="confkube.clouds.memory:MemoryPlatform"),
        "metal": Entry(target="confkube.clouds.metal:MetalPlatform"),
    }
)
"""Every platform, by the key of its block."""


def buildable() -> tuple[str, ...]:
    """The clouds of the capability table on which this version can build."""
    return tuple(cloud for cloud in facts.clouds() if cloud in PLATFORMS)


def resolve(blocks: Mapping[str, Any], where: str = "args.platform") -> "Platform":
    """Load the platform that the one block in ``blocks`` names.

    Raises:
        Refusal: None or several blocks, an unknown one, wrong settings in it, or its provider SDK is not installed.
    """
    if len(blocks) != 1:
        given = ", ".join(sorted(blocks)) or "none"
        raise Refusal(f"{where}: {len(blocks)} platform blocks are given ({given}); give one of {', '.join(PLATFORMS)}")
    ((cloud, settings),) = blocks.items()
    entry = PLATFORMS.get(cloud)
    if entry is None and cloud in facts.clouds():
        raise Refusal(
            f"{where}: this version of confkube cannot build on {cloud} yet; it can on {', '.join(buildable())}"
        )
    if entry is None:
        raise choose(where, cloud, PLATFORMS)
    module, _, name = entry.target.partition(":")
    try:
        platform = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as missing:
        if entry.extra is None or (missing.name or "").startswith("confkube"):
            raise
        raise Refusal(
            f"{where}.{cloud} needs the package {missing.name}; install it with: pip install 'confkube[{entry.extra}]'"
        ) from None
    return cast("Platform", platform(settings, f"{where}.{cloud}"))

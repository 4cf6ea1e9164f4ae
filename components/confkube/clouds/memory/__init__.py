"""The reference platform: it creates nothing, and shows what every platform must do."""

from confkube.clouds.memory.platform import MemoryPlatform

__all__ = ["MemoryPlatform"]

"""Bare metal behind the seam: hosts that the user gives, on which boot text is placed."""

from confkube.clouds.metal.platform import MetalPlatform

__all__ = ["MetalPlatform"]

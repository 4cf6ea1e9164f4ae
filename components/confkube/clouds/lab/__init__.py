"""The lab behind the seam: real machines on this computer, nothing confidential."""

from confkube.clouds.lab.platform import LabPlatform

__all__ = ["LabPlatform"]

"""Google Cloud."""

from confkube.clouds.gcp.platform import GcpPlatform

__all__ = ["GcpPlatform"]

"""Microsoft Azure."""

from confkube.clouds.azure.platform import AzurePlatform

__all__ = ["AzurePlatform"]

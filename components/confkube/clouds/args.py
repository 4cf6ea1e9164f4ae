"""The platform block of every argument set: one key per platform, the only public types that name a cloud."""

from typing import NotRequired, TypedDict


class AwsPlatformArgs(TypedDict):
    """Where on AWS a cluster lives; the account comes from the provider's own credentials."""

    zone: str
    """Availability Zone, for example ``us-east-2a``; the region is the part before the letter."""


class MemoryPlatformArgs(TypedDict):
    """The in-memory reference platform: it creates nothing and shows what every platform must do."""

    zone: NotRequired[str]
    """Name of the imaginary zone; ``memory-1a`` when left out."""


class PlatformArgs(TypedDict):
    """Exactly one platform block."""

    aws: NotRequired[AwsPlatformArgs]
    """Amazon Web Services."""
    memory: NotRequired[MemoryPlatformArgs]
    """The in-memory reference platform, for tests of programs that use confkube."""

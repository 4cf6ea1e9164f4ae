"""The platform block of every argument set: one key per platform, the only public types that name a cloud."""

from typing import NotRequired, TypedDict


class AwsPlatformArgs(TypedDict):
    """Where on AWS a cluster lives; the account comes from the provider's own credentials."""

    zone: str
    """Availability Zone, for example ``us-east-2a``; the region is the part before the letter."""


class AzurePlatformArgs(TypedDict):
    """Where on Azure a cluster lives."""

    subscription: str
    """Id of the subscription; the provider has to work in the same one."""
    tenant: str
    """Id of the subscription's directory (tenant), under which machines attest."""
    location: str
    """Region, for example ``westeurope``."""
    zone: NotRequired[str]
    """Availability zone of the region, ``1``, ``2`` or ``3``; no zone in particular when left out."""
    resource_group: NotRequired[str]
    """Name of a resource group that exists; the cluster makes one of its own when left out."""
    bastion: NotRequired[bool]
    """Whether to make an Azure Bastion, which costs money by the hour, to reach machines without public addresses; true
    when left out."""


class GcpPlatformArgs(TypedDict):
    """Where on Google Cloud a cluster lives."""

    project: str
    """Id of the project."""
    zone: str
    """Zone, for example ``us-central1-a``; the region is the part before the last dash."""


class LabPlatformArgs(TypedDict):
    """This computer: one lab, with nothing to choose."""


class MemoryPlatformArgs(TypedDict):
    """The in-memory reference platform: it creates nothing and shows what every platform must do."""

    zone: NotRequired[str]
    """Name of the imaginary zone; ``memory-1a`` when left out."""


class PlatformArgs(TypedDict):
    """Exactly one platform block."""

    aws: NotRequired[AwsPlatformArgs]
    """Amazon Web Services."""
    azure: NotRequired[AzurePlatformArgs]
    """Microsoft Azure."""
    gcp: NotRequired[GcpPlatformArgs]
    """Google Cloud."""
    lab: NotRequired[LabPlatformArgs]
    """Machines on this computer, real but not confidential."""
    memory: NotRequired[MemoryPlatformArgs]
    """The in-memory reference platform, for tests of programs that use confkube."""

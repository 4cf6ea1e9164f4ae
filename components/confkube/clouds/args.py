"""The platform block of every argument set: one key per platform, the only public types that name a cloud."""

from typing import NotRequired, TypedDict

from confkube.types import Tee


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


class MetalHostArgs(TypedDict):
    """A host of your own."""

    name: str
    """What confkube calls it, for example ``rack1-3``."""
    address: str
    """Its own IPv4 address, at which the other hosts and ssh reach it."""
    user: NotRequired[str]
    """Who logs in: ``root``, which it is when left out, or a user who may use sudo without a password."""
    port: NotRequired[int]
    """Port of its SSH server; 22 when left out."""
    key_file: NotRequired[str]
    """Path on this computer of the private key to log in with; ssh's own choice when left out."""
    host_key: str
    """Its public SSH host key, as in ``/etc/ssh/ssh_host_ed25519_key.pub``; a host with another one is refused."""
    tee: NotRequired[Tee]
    """TEE of the confidential machines that it starts; none when left out."""
    pool: NotRequired[str]
    """Name of the pool that it is for, where a cluster has several; any pool when left out."""


class MetalPlatformArgs(TypedDict):
    """Hosts of your own, reached over SSH."""

    hosts: list[MetalHostArgs]
    """The hosts, in the order in which they are used."""
    control_plane: NotRequired[str]
    """Name of the host for the control plane; the first one without a TEE when left out."""
    ssh_config: NotRequired[str]
    """Path on this computer of an OpenSSH configuration, for example with jump hosts; none is read when left out."""


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
    metal: NotRequired[MetalPlatformArgs]
    """Bare metal: hosts of your own."""

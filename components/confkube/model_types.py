"""Public argument types of the deployment models; the names and texts here are the multi-language schema."""

from typing import NotRequired, TypedDict

from confkube.clouds.args import PlatformArgs
from confkube.role_types import ExistingNetworkArgs
from confkube.types import AddressesArgs, ArchiveArgs, ChildrenArgs, MachineArgs, PodImageArgs, PoolArgs, Tee, TrustArgs


class ModelArgs(TypedDict):
    """Arguments of a cluster in any deployment model."""

    platform: PlatformArgs
    """Where the cluster lives: exactly one block."""
    control_plane: NotRequired[MachineArgs]
    """Size of the control plane; 8 vCPU and 32 GiB when left out."""
    addresses: NotRequired[AddressesArgs]
    """Address ranges."""
    network: NotRequired[ExistingNetworkArgs]
    """A network that exists; the cluster makes one of its own when left out."""
    admin_cidrs: NotRequired[list[str]]
    """Ranges from which the API is reachable over a public address; none when left out: reach it through a tunnel."""
    trust: NotRequired[TrustArgs]
    """The trust server."""
    owner: NotRequired[str]
    """Whom to ask about the cluster; a label on everything it creates."""
    ttl: NotRequired[str]
    """Lifetime from the first ``up``, such as ``12h`` or ``7d``, or ``never`` (the default)."""
    allow: NotRequired[list[str]]
    """Capability states accepted beside ``ga``: ``preview``, ``retired``, ``unproven``, ``unattested``."""
    volumes: NotRequired[bool]
    """Whether to install what gives pods volumes of the platform; refused with the reason where nothing does."""
    pins: NotRequired[dict[str, str]]
    """sha256 of charts whose digest is no fact yet, by name."""


class CvmNodesArgs(ModelArgs):
    """Arguments of a cluster whose workers are confidential virtual machines."""

    tee: Tee
    """TEE of the worker pools that name none, and of the trust server."""
    pools: NotRequired[list[PoolArgs]]
    """Worker pools; one pool named ``workers`` when left out."""


class HostsArgs(TypedDict):
    """The child-capable hosts of a cluster."""

    count: NotRequired[int]
    """Number of hosts, at least 1; 1 when left out."""
    machine_type: NotRequired[str]
    """The provider's name of the machine type; the tested default of the cloud and TEE when left out."""
    disk_gib: NotRequired[int]
    """Size of the encrypted root disk in GiB, with the children's disks on it; 200 when left out."""


class NestedNodesArgs(ModelArgs):
    """Arguments of a cluster whose workers are child machines of child-capable hosts."""

    tee: NotRequired[Tee]
    """TEE of the children; ordinary children, which are not confidential, when left out (``allow: [unattested]``)."""
    children: ChildrenArgs
    """The child machines."""
    hosts: NotRequired[HostsArgs]
    """The hosts."""
    trust: NotRequired[TrustArgs]
    """The trust server, a SPIRE server."""


class CocoNestedArgs(ModelArgs):
    """Arguments of a cluster whose pods are child machines of child-capable workers."""

    tee: NotRequired[Tee]
    """TEE of the pods; ordinary child machines, which are not confidential, when left out (``allow: [unattested]``)."""
    pools: NotRequired[list[PoolArgs]]
    """Pools of child-capable workers; one pool named ``workers`` when left out."""
    kata: NotRequired[ArchiveArgs]
    """Archive with Kata and its guest image, where no chart brings them: child-capable hosts with MSHV."""
    trust: NotRequired[TrustArgs]
    """The trust server, a Trustee."""


class CocoMetalArgs(ModelArgs):
    """Arguments of a cluster whose pods are confidential virtual machines on bare-metal workers."""

    platform: PlatformArgs
    """Where the cluster lives: exactly one block, with the hosts."""
    tee: Tee
    """TEE of the pods, which the workers must have."""
    pools: NotRequired[list[PoolArgs]]
    """Worker pools; one pool named ``workers`` when left out."""
    control_plane: NotRequired[MachineArgs]
    """Size of the control plane, where the platform makes it."""
    trust: NotRequired[TrustArgs]
    """The trust server, a Trustee."""


class PodVmsArgs(TypedDict):
    """The pod VMs of one TEE."""

    image: PodImageArgs
    """Their image; it must be built for the TEE."""
    tee: NotRequired[Tee]
    """Their TEE; the cluster's when left out."""
    machine_types: NotRequired[list[str]]
    """Machine types that a pod may ask for, the default first; the tested default of cloud and TEE when left out."""


class CocoPeerPodsArgs(ModelArgs):
    """Arguments of a cluster whose pods are confidential virtual machines of their own, beside the workers."""

    tee: Tee
    """TEE of the pod VMs that name none, and of the trust server."""
    pods: list[PodVmsArgs]
    """The pod VMs by TEE; the first entry is what a pod gets that asks for nothing."""
    pod_disk_gib: NotRequired[int]
    """Size of a pod VM's root disk in GiB; 30 when left out."""
    pods_per_worker: NotRequired[int]
    """Most pod VMs that one worker carries the network of; 10 when left out."""
    pools: NotRequired[list[PoolArgs]]
    """Pools of plain workers, which carry no confidential workload; one pool named ``workers`` when left out."""
    trust: NotRequired[TrustArgs]
    """The trust server, a Trustee."""

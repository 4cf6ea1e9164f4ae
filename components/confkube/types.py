"""Public argument types, shared by the components; the names and texts here are the multi-language schema."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi

from confkube.clouds.args import PlatformArgs


class Tee(str, Enum):  # noqa: UP042 - the schema generator knows str enums of this form
    """Trusted execution environment of a confidential virtual machine."""

    SNP = "snp"
    """AMD SEV-SNP."""
    TDX = "tdx"
    """Intel TDX."""


class PoolArgs(TypedDict):
    """A worker pool: a scale group of equal confidential virtual machines."""

    name: str
    """Name of the pool, unique in the cluster; lower-case letters, digits and dashes."""
    count: NotRequired[int]
    """Number of machines, at least 1; 2 when left out."""
    tee: NotRequired[Tee]
    """TEE of the machines; the cluster's when left out."""
    machine_type: NotRequired[str]
    """The provider's name of the machine type; the tested default of the cloud and TEE when left out."""
    disk_gib: NotRequired[int]
    """Size of the encrypted root disk in GiB; 50 when left out."""
    labels: NotRequired[dict[str, str]]
    """Kubernetes labels of the nodes."""
    taints: NotRequired[list[str]]
    """Kubernetes taints of the nodes, each ``key=value:Effect`` or ``key:Effect``."""


class MachineArgs(TypedDict):
    """Size of a single machine."""

    machine_type: NotRequired[str]
    """The provider's name of the machine type."""
    disk_gib: NotRequired[int]
    """Size of the encrypted root disk in GiB; 50 when left out."""


class AddressesArgs(TypedDict):
    """Address ranges of a cluster; none may overlap another."""

    cidr: NotRequired[str]
    """Range of the machines, /16 to /20; ``10.20.0.0/16`` when left out."""
    pods: NotRequired[str]
    """Range of the pods, /22 or larger; ``10.244.0.0/14`` (1024 nodes) when left out."""
    services: NotRequired[str]
    """Range of the services, /24 or larger; ``10.96.0.0/16`` when left out."""


class ExternalTrustArgs(TypedDict):
    """A SPIRE server that is already running, outside the cluster."""

    endpoint: str
    """``host:port`` of the SPIRE server, reachable from the workers."""
    root_certificate: str
    """PEM certificate of the offline root that vouches for the server."""


class TrustArgs(TypedDict):
    """The trust server: an external one, or a confidential virtual machine of the cluster's own (the default)."""

    trust_domain: NotRequired[str]
    """SPIFFE trust domain; ``<cluster name>.confkube.internal`` when left out."""
    external: NotRequired[ExternalTrustArgs]
    """Use a server that exists."""
    server: NotRequired[MachineArgs]
    """Make a trust server; it makes its own keys and waits for enrolment."""


class CvmNodesArgs(TypedDict):
    """Arguments of a cluster whose workers are confidential virtual machines."""

    platform: PlatformArgs
    """Where the cluster lives: exactly one block."""
    tee: Tee
    """TEE of the worker pools that name none, and of the trust server."""
    pools: NotRequired[list[PoolArgs]]
    """Worker pools; one pool named ``workers`` when left out."""
    control_plane: NotRequired[MachineArgs]
    """Size of the control plane; 8 vCPU and 32 GiB when left out."""
    addresses: NotRequired[AddressesArgs]
    """Address ranges."""
    admin_cidrs: NotRequired[list[str]]
    """Ranges from which the API is reachable over a public address; none when left out: reach it through a tunnel."""
    trust: NotRequired[TrustArgs]
    """The trust server."""
    owner: NotRequired[str]
    """Whom to ask about the cluster; a label on everything it creates."""
    ttl: NotRequired[str]
    """Lifetime from the first ``up``, such as ``12h`` or ``7d``, or ``never`` (the default)."""
    allow: NotRequired[list[str]]
    """Capability states accepted beside ``ga``: ``preview``, ``retired``, ``unproven``."""


class ClusterRef(TypedDict):
    """What a role needs to know of the cluster that it belongs to; the ``Cluster`` role has it as ``ref``."""

    cluster_id: pulumi.Input[str]
    """Unique name of this incarnation of the cluster."""
    labels: pulumi.Input[dict[str, pulumi.Input[str]]]
    """Ownership labels that everything carries."""


class AuthorityRef(TypedDict):
    """The cluster's certificate authority for the control plane; the ``Cluster`` role has it as ``authority``."""

    ca_certificate: pulumi.Input[str]
    """PEM certificate of the cluster's authority."""
    ca_hash: pulumi.Input[str]
    """``sha256:`` and the hash of the authority's public key, by which a joining node knows it."""
    token: pulumi.Input[str]
    """Bootstrap token with which nodes join."""
    secrets: pulumi.Input[str]
    """JSON document with the private keys and the token."""


class TierRef(TypedDict):
    """Where in a network a role's machines live; the ``Network`` role has one for each role in ``tiers``."""

    subnet_id: pulumi.Input[str]
    """Identifier of the subnet."""
    firewall_id: pulumi.Input[str]
    """Identifier of the firewall (security group) of the role."""
    cidr: str
    """Address range of the subnet."""


class ImageRef(TypedDict):
    """An image that machines start from."""

    image_id: pulumi.Input[str]
    """The provider's identifier of the image."""
    root_device: pulumi.Input[str]
    """Name of the root device that the image declares."""


class JoinRef(TypedDict):
    """How a node joins; the ``ControlPlane`` role has it as ``join``."""

    endpoint: pulumi.Input[str]
    """``address:port`` of the API server."""
    ca_hash: pulumi.Input[str]
    """Hash of the authority's public key."""
    token: pulumi.Input[str]
    """Bootstrap token."""


class TrustRef(TypedDict):
    """The trust server that agents attest to; the ``TrustServer`` role has it as ``ref``."""

    endpoint: pulumi.Input[str]
    """``host:port`` of the SPIRE server."""
    trust_domain: str
    """SPIFFE trust domain."""
    root_certificate: pulumi.Input[str]
    """PEM certificate of the offline root."""


class ClusterArgs(TypedDict):
    """Arguments of a cluster's identity."""

    owner: NotRequired[str]
    """Whom to ask about the cluster; a label on everything it creates."""
    ttl: NotRequired[str]
    """Lifetime from the first ``up``, such as ``12h`` or ``7d``, or ``never`` (the default)."""


class NetworkArgs(TypedDict):
    """Arguments of a cluster's network."""

    platform: PlatformArgs
    """Where the network is made: exactly one block."""
    cluster: ClusterRef
    """The cluster it belongs to."""
    addresses: NotRequired[AddressesArgs]
    """Address ranges."""
    admin_cidrs: NotRequired[list[str]]
    """Ranges from which the API is reachable over a public address."""
    own_trust_server: NotRequired[bool]
    """Whether a trust server of ours lives in it; true when left out."""


class ControlPlaneArgs(TypedDict):
    """Arguments of a control plane."""

    platform: PlatformArgs
    """Where the machine runs: exactly one block."""
    cluster: ClusterRef
    """The cluster it belongs to."""
    authority: AuthorityRef
    """The cluster's certificate authority."""
    tier: TierRef
    """Where in the network it lives."""
    image: NotRequired[ImageRef]
    """Image to start from; the pinned stock image of the platform when left out."""
    machine: NotRequired[MachineArgs]
    """Its size; 8 vCPU and 32 GiB when left out."""
    addresses: NotRequired[AddressesArgs]
    """Address ranges of the cluster."""
    model: NotRequired[str]
    """Deployment model whose add-ons it installs; ``cvm-nodes`` when left out."""
    public: NotRequired[bool]
    """Whether it gets a public address; false when left out."""
    join_for: NotRequired[str]
    """How long nodes can join with the bootstrap token, such as ``12h``; ``never`` (it never ends) when left out."""


class TrustServerArgs(TypedDict):
    """Arguments of a trust server of ours."""

    platform: PlatformArgs
    """Where the machine runs: exactly one block."""
    cluster: ClusterRef
    """The cluster whose workers it vouches for."""
    tier: TierRef
    """Where in the network it lives."""
    tee: Tee
    """TEE of the machine."""
    trust_domain: str
    """SPIFFE trust domain."""
    image: NotRequired[ImageRef]
    """Image to start from; the pinned stock image of the platform when left out."""
    machine: NotRequired[MachineArgs]
    """Its size; the tested default of the cloud and TEE when left out."""
    allow: NotRequired[list[str]]
    """Capability states accepted beside ``ga``."""


class WorkersArgs(TypedDict):
    """Arguments of a worker pool as a role."""

    platform: PlatformArgs
    """Where the machines run: exactly one block."""
    cluster: ClusterRef
    """The cluster they belong to."""
    tier: TierRef
    """Where in the network they live."""
    join: JoinRef
    """How they join."""
    trust: TrustRef
    """The trust server that their agents attest to."""
    tee: Tee
    """TEE of the machines."""
    pool: PoolArgs
    """Name and size of the pool."""
    image: NotRequired[ImageRef]
    """Image to start from; the pinned stock image of the platform when left out."""
    allow: NotRequired[list[str]]
    """Capability states accepted beside ``ga``."""

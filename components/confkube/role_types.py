"""Public argument types of the roles, and what one role tells another; also the multi-language schema."""

from typing import NotRequired, TypedDict

import pulumi

from confkube.clouds.args import PlatformArgs
from confkube.types import (
    AddressesArgs,
    ArchiveArgs,
    ChildrenArgs,
    MachineArgs,
    PodImageArgs,
    PoolArgs,
    ReferenceValueArgs,
    Tee,
    WorkerKind,
)


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


class ExistingNetworkArgs(TypedDict):
    """A network that exists; it must let in what the cluster needs, which docs/architecture.md lists by model."""

    network_id: pulumi.Input[str]
    """The provider's identifier of the network."""
    control_plane: TierRef
    """Where the control plane lives; its tenth address must be free."""
    workers: NotRequired[TierRef]
    """Where worker pools live."""
    hosts: NotRequired[TierRef]
    """Where the hosts of child machines live (nested-nodes); addresses from the tenth on must be free."""
    pods: NotRequired[TierRef]
    """Where pod VMs live, and nothing else does (coco-peer-pods)."""
    trust: NotRequired[TierRef]
    """Where a trust server of the cluster's own lives; its tenth address must be free."""


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
    """``host:port`` of the server."""
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
    model: NotRequired[str]
    """Deployment model whose tiers and openings it has; ``cvm-nodes`` when left out."""
    own_trust_server: NotRequired[bool]
    """Whether a trust server of ours lives in it; true when left out."""
    kms: NotRequired[bool]
    """Whether a relying party answers on the trust server; false when left out."""


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
    charts: NotRequired[list[str]]
    """Names of charts that it installs before those of the model."""
    chart_values: NotRequired[pulumi.Input[str]]
    """JSON: name of a chart -> values that go over confkube's own."""
    objects: NotRequired[pulumi.Input[str]]
    """JSON list of Kubernetes namespaces and secrets that it makes before it installs charts; kept in its secret."""
    issuer: NotRequired[pulumi.Input[str]]
    """Name under which it issues tokens of service accounts, an ``https`` address; its own when left out."""
    pins: NotRequired[dict[str, str]]
    """sha256 of charts whose digest is no fact yet, by name."""
    pod_tees: NotRequired[list[str]]
    """TEEs of the pods that workers start themselves, ``none`` for ordinary virtual machines; none when left out."""
    volumes: NotRequired[bool]
    """Whether to install what gives pods volumes of the platform; false when left out."""
    children: NotRequired[ChildrenArgs]
    """The child machines of nested-nodes, whose network it is part of."""
    hosts_cidr: NotRequired[str]
    """Range of the hosts of child machines; their part of ``addresses.cidr`` when left out."""
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
    """SPIFFE trust domain; a Trustee's own certificate is for it too."""
    model: NotRequired[str]
    """Deployment model that it vouches for: SPIRE for nodes, Trustee for pods; ``cvm-nodes`` when left out."""
    container: NotRequired[str]
    """Container image of Trustee by digest, ``registry/name@sha256:…``."""
    reference_values: NotRequired[list[ReferenceValueArgs]]
    """What a Trustee compares evidence with; without any it affirms no pod."""
    initdata_binding: NotRequired[str]
    """Where the pods' initdata is bound (``host-data``, ``mrconfigid``, ``pcr8``): no pod with another gets anything;
    initdata is not looked at when left out."""
    kms: NotRequired[bool]
    """Whether the demonstration of a relying party runs beside it; false when left out."""
    kms_accepts: NotRequired[list[str]]
    """Weaknesses that it accepts: ``enrolled without evidence``, ``initdata not bound``; none when left out."""
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
    trust: NotRequired[TrustRef]
    """The SPIRE server that their agents attest to; no agent is installed when left out."""
    tee: NotRequired[Tee]
    """TEE of the machines or of their children; none of them is confidential when left out."""
    kind: NotRequired[WorkerKind]
    """What the machines are; ``confidential`` when left out."""
    kata: NotRequired[ArchiveArgs]
    """Archive with Kata and its guest image, where no chart brings them."""
    pool: PoolArgs
    """Name and size of the pool."""
    image: NotRequired[ImageRef]
    """Image to start from; the pinned stock image of the platform when left out."""
    allow: NotRequired[list[str]]
    """Capability states accepted beside ``ga``."""


class PeerPodImageArgs(TypedDict):
    """Arguments of an image for pod VMs."""

    platform: PlatformArgs
    """Where the image is made: exactly one block."""
    cluster: ClusterRef
    """The cluster it belongs to."""
    tee: Tee
    """TEE of the pod VMs, for which it must be built."""
    image: PodImageArgs
    """The image, or what to make it from."""


class PodVmsRef(TypedDict):
    """The pod VMs of one TEE, with an image."""

    image: ImageRef
    """Their image; the ``PeerPodImage`` role has it as ``ref``."""
    tee: Tee
    """Their TEE."""
    machine_types: NotRequired[list[str]]
    """Machine types that a pod may ask for, the default first; the tested default of cloud and TEE when left out."""


class PeerPodsArgs(TypedDict):
    """Arguments of what lets cloud-api-adaptor start pod VMs."""

    platform: PlatformArgs
    """Where the pod VMs run: exactly one block."""
    cluster: ClusterRef
    """The cluster they belong to."""
    tier: TierRef
    """Where in the network they live, and nothing else does."""
    network_id: pulumi.Input[str]
    """Identifier of the network."""
    token_key: pulumi.Input[str]
    """PEM public key that signs the tokens of service accounts; the ``Cluster`` role has it."""
    pods: list[PodVmsRef]
    """The pod VMs by TEE, the default first."""
    disk_gib: NotRequired[int]
    """Size of a pod VM's root disk in GiB; 30 when left out."""
    initdata: NotRequired[pulumi.Input[str]]
    """What pods start with that bring none themselves; a made-up document of the adaptor's own when left out."""
    pods_per_worker: NotRequired[int]
    """Most pod VMs that one worker carries the network of; 10 when left out."""
    allow: NotRequired[list[str]]
    """Capability states accepted beside ``ga``."""


class NestedHostArgs(TypedDict):
    """Arguments of a child-capable host as a role."""

    platform: PlatformArgs
    """Where the machine runs: exactly one block."""
    cluster: ClusterRef
    """The cluster it belongs to."""
    tier: TierRef
    """Where in the network it lives."""
    join: JoinRef
    """How its children join."""
    tee: NotRequired[Tee]
    """TEE of the children; none of them is confidential when left out."""
    children: ChildrenArgs
    """The children."""
    number: NotRequired[int]
    """Which host of the cluster it is, counted from 1 (the default)."""
    machine: NotRequired[MachineArgs]
    """Its size; the tested default of the cloud and TEE, with a disk of 200 GiB, when left out."""
    image: NotRequired[ImageRef]
    """Image to start from; the pinned stock image of the platform when left out."""
    allow: NotRequired[list[str]]
    """Capability states accepted beside ``ga``."""

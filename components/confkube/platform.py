"""The seam between roles, which know no cloud, and platforms, which know one each.

Values go in and come out frozen; they are the same on every platform.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv4Network
from typing import Protocol

import pulumi

from confkube.bootstrap import BootProfile
from confkube.types import Tee

Labels = pulumi.Input[Mapping[str, pulumi.Input[str]]]

TUNNEL = "tunnel"
"""Source of an opening: the cloud's tunnel service, where its traffic reaches a machine from outside."""


@dataclass(frozen=True, kw_only=True)
class Plain:
    """A machine without a TEE."""


@dataclass(frozen=True, kw_only=True)
class Cvm:
    """A confidential virtual machine."""

    tee: Tee


@dataclass(frozen=True, kw_only=True)
class Nested:
    """A machine that can start virtual machines of its own (a child-capable host)."""

    tee: Tee | None
    """TEE of its children; None for ordinary children, which are not confidential."""


Isolation = Plain | Cvm | Nested


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A part of a network with one firewall: where the machines of a role live."""

    name: str
    cidr: IPv4Network
    public: bool = False
    """Whether its machines may carry public addresses; the others reach the internet through address translation."""
    foreign: bool = False
    """Whether its machines are started by somebody else, who gives them no identity and no mark of ours."""


@dataclass(frozen=True, kw_only=True)
class Opening:
    """One reason for which traffic may enter a tier; everything else stays out."""

    name: str
    tier: str
    source: str | IPv4Network
    """Name of a tier, a range of addresses, or ``TUNNEL``."""
    protocol: str
    """``tcp``, ``udp``, or ``icmp`` for echo requests."""
    port: int
    """0 for ``icmp``."""
    why: str


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """A network of the cluster's own."""

    cidr: IPv4Network
    tiers: tuple[Tier, ...]
    openings: tuple[Opening, ...]
    labels: Labels


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network that exists."""

    network_id: pulumi.Output[str]
    subnet_ids: Mapping[str, pulumi.Output[str]]
    """By tier."""
    firewall_ids: Mapping[str, pulumi.Output[str]]
    """By tier."""
    ready: tuple[pulumi.Resource, ...]
    """What must exist before a machine can reach the internet."""


class Permission(Enum):
    """What a machine's own identity may do beside reading its own secret; nothing unless named."""

    INSPECT_MACHINES = "inspect-machines"
    """Read which machines exist, to verify the instance identity of an agent."""
    TUNNEL = "tunnel"
    """Be reached through the cloud's session service, without an open port."""


@dataclass(frozen=True, kw_only=True)
class Single:
    """One machine with a fixed private address."""

    private_ip: IPv4Address
    public: bool = False
    tunnel_port: int = 6443
    """Port that a tunnel leads to."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """A scale group of equal machines."""

    count: int


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A document in the cloud's secret store that one machine may read."""

    name: pulumi.Input[str]
    value: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class Stock:
    """A distribution's image, pinned in the facts."""

    distribution: str


@dataclass(frozen=True, kw_only=True)
class Disk:
    """A disk image of the user's own in the cloud's object storage, from which an image is made."""

    address: str
    """In the cloud's own form, such as ``s3://bucket/key``."""


@dataclass(frozen=True, kw_only=True)
class Existing:
    """An image that exists."""

    image_id: str


@dataclass(frozen=True, kw_only=True)
class ImageSpec:
    """What machines of one isolation shall start from."""

    content: Stock | Disk | Existing
    isolation: Isolation
    labels: Labels | None = None
    """For what is made; None where the image exists already."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image that machines can start from."""

    image_id: pulumi.Input[str]
    root_device: pulumi.Input[str]
    attested: bool = False
    """Whether its content is part of what an attestation proves."""
    resource: pulumi.Resource | None = None
    """What was made for it; None where it exists already."""


@dataclass(frozen=True, kw_only=True)
class MachineSpec:
    """A machine, or a scale group of equal ones."""

    isolation: Isolation
    scale: Single | Group
    image: Image
    machine_type: str
    disk_gib: int
    subnet_id: pulumi.Input[str]
    firewall_id: pulumi.Input[str]
    user_data: pulumi.Input[str]
    labels: Labels
    secret: Secret | None = None
    permissions: frozenset[Permission] = field(default_factory=frozenset[Permission])
    after: tuple[pulumi.Resource, ...] = ()
    """What must exist before the machine starts."""


@dataclass(frozen=True, kw_only=True)
class Machines:
    """Machines that exist."""

    group_id: pulumi.Output[str]
    """Identifier of the scale group, or of the single machine."""
    private_ip: pulumi.Output[str] | None
    """Of a single machine."""
    public_ip: pulumi.Output[str] | None
    """Of a single machine that has one."""
    boot_digest: pulumi.Output[str]
    """``names.digest`` of the boot text that new machines get, and a kept machine once got."""
    tunnel: pulumi.Output[str] | None
    """Command that forwards a local port to a single machine."""
    resource: pulumi.Resource
    """What a later resource depends on when it needs the machines."""


@dataclass(frozen=True, kw_only=True)
class PodVms:
    """The pod VMs of one TEE."""

    tee: Tee
    image: Image
    machine_types: tuple[str, ...]
    """What a pod may ask for; the first one is what it gets when it asks for nothing."""


@dataclass(frozen=True, kw_only=True)
class PeerPodSpec:
    """Pod VMs that cloud-api-adaptor, inside the cluster, shall be able to start and remove, and nothing else."""

    cluster_id: pulumi.Input[str]
    labels: Labels
    pod_vms: tuple[PodVms, ...]
    """By TEE; the first one is the default."""
    disk_gib: int
    network_id: pulumi.Input[str]
    subnet_id: pulumi.Input[str]
    """Where the pod VMs live, and nothing else does."""
    firewall_id: pulumi.Input[str]
    token_key: pulumi.Input[str]
    """PEM public key that signs the tokens of the cluster's service accounts."""
    namespace: str
    """Kubernetes namespace of those who use the access."""
    service_accounts: tuple[str, ...]
    """Their names: cloud-api-adaptor and the controller that cleans up after it."""


@dataclass(frozen=True, kw_only=True)
class PeerPodAccess:
    """What cloud-api-adaptor needs to know and to have on a platform."""

    provider: str
    """Its name of the platform, as in ``CLOUD_PROVIDER``."""
    settings: Mapping[str, pulumi.Input[str]]
    """Its environment on the platform, without secrets."""
    credentials: Mapping[str, pulumi.Input[str]]
    """The secret part of its environment; empty strings are kept."""
    chart_values: Mapping[str, object]
    """Further values of its chart, such as annotations of its service accounts."""
    charts: tuple[str, ...]
    """Charts that must be installed before, by name in the facts."""
    values_of_charts: Mapping[str, Mapping[str, object]] = field(default_factory=dict[str, Mapping[str, object]])
    """Values of those charts, by their name."""
    issuer: pulumi.Output[str] | None
    """Name under which the API server must issue tokens of service accounts; None where any name does."""
    ready: tuple[pulumi.Resource, ...]
    """What must exist before a pod VM can start, and must go only after the last one has gone."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where the resources are made and paid."""

    world: str
    """``cloud``, ``lab``, ``metal`` or ``sandbox``."""
    account_id: str


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the platform bounds."""

    user_data_bytes: int
    reserved_prefixes: tuple[str, ...] = ()
    """What the name of a cluster may not begin with."""
    network_prefix: tuple[int, int]
    """Longest and shortest range of a network: the smallest and the largest prefix length."""
    group_machines: int | None = None
    """Most machines of one scale group; None where the platform names no bound of its own."""
    machines: int | None = None
    """Most machines of a cluster; None where nothing but the account's quotas bounds them."""
    machines_why: str = ""
    """Why no more: what a refusal says."""
    disk_gib: int = 16384
    """Largest system disk."""
    confidential_disk_gib: int | None = None
    """Largest system disk of a single confidential machine, where it is less."""
    borrowed_pods: bool = True
    """Whether pod VMs may live in a network that exists: whether they can be told from others' there."""
    mixed_pod_vms: bool = False
    """Whether one cloud-api-adaptor can start pod VMs with different TEEs here."""
    given_addresses: Mapping[str, tuple[IPv4Address, ...]] = field(default_factory=dict[str, tuple[IPv4Address, ...]])
    """By tier: private addresses of its single machines, in order, where machines are given and none can be chosen."""

    check_image: Callable[[str, Disk | Existing, Isolation], None] = lambda _where, _content, _isolation: None
    """Refuses, with the user's word for the place, what cannot be an image here; asks nobody."""

    firewalls: bool = True
    """Whether openings are made, so that who reaches the API can be bounded."""

    given_hosts: Mapping[str, int] = field(default_factory=dict[str, int])
    """By TEE of their children, or ``none``: how many hosts are given beside that of the control plane."""

    def address(self, tier: str, chosen: IPv4Address, number: int = 0) -> IPv4Address:
        """Private address of single machine ``number`` of a tier: the given one, or else the one that was chosen."""
        given = self.given_addresses.get(tier, ())
        return given[number] if number < len(given) else chosen


class Platform(Protocol):
    """What a cloud, the lab or bare metal must be able to do."""

    @property
    def cloud(self) -> str:
        """Its name in the facts."""
        ...

    @property
    def zone(self) -> str:
        """Where the machines are."""
        ...

    @property
    def region(self) -> str:
        """What the zone belongs to."""
        ...

    @property
    def place(self) -> Mapping[str, str]:
        """What a cluster cannot change while it is up, such as its zone: name -> value."""
        ...

    @property
    def limits(self) -> Limits:
        """Its limits."""
        ...

    @property
    def boot(self) -> BootProfile:
        """What boot text must know of it."""
        ...

    def account(self, opts: pulumi.InvokeOptions | None = None) -> Account:
        """Ask who pays, through the provider."""
        ...

    def network(self, name: str, spec: NetworkSpec, opts: pulumi.ResourceOptions) -> Network:
        """Make a network."""
        ...

    def image(self, name: str, spec: ImageSpec, opts: pulumi.ResourceOptions) -> Image:
        """Find or make an image, and check that it suits the isolation."""
        ...

    def peer_pods(self, name: str, spec: PeerPodSpec, opts: pulumi.ResourceOptions) -> PeerPodAccess:
        """Make the identity of cloud-api-adaptor, with the fewest rights, and say how it is set up here."""
        ...

    def machines(self, name: str, spec: MachineSpec, opts: pulumi.ResourceOptions) -> Machines:
        """Make a machine or a scale group, with its identity and its secret."""
        ...

"""Public argument types that components share; the names and texts here are the multi-language schema."""

from enum import Enum
from typing import NotRequired, TypedDict


class Tee(str, Enum):  # noqa: UP042 - the schema generator knows str enums of this form
    """Trusted execution environment of a confidential virtual machine."""

    SNP = "snp"
    """AMD SEV-SNP."""
    TDX = "tdx"
    """Intel TDX."""


class Kms(str, Enum):  # noqa: UP042 - as above
    """Relying party: who hands a secret to what has proved itself."""

    EXTERNAL = "external"
    """A key management service of yours."""
    DEMO = "demo"
    """A demonstration on the trust server, with one secret that it makes itself."""


class WorkerKind(str, Enum):  # noqa: UP042 - as above
    """What the machines of a worker pool are."""

    CONFIDENTIAL = "confidential"
    """Confidential virtual machines."""
    PLAIN = "plain"
    """Machines without a TEE, for pods that have confidential machines of their own elsewhere."""
    CHILD_CAPABLE = "child-capable"
    """Machines that start the virtual machine of each pod themselves."""


class PoolArgs(TypedDict):
    """A worker pool: a scale group of equal machines."""

    name: str
    """Name of the pool, unique in the cluster; lower-case letters, digits and dashes."""
    count: NotRequired[int]
    """Number of machines, at least 1; 2 when left out."""
    tee: NotRequired[Tee]
    """TEE of the machines or of their children; the cluster's when left out."""
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
    """A trust server (SPIRE for nodes, Trustee for pods) that is already running, outside the cluster."""

    endpoint: str
    """``host:port`` of the server, reachable from what attests to it."""
    root_certificate: str
    """PEM certificate of the offline root that vouches for the server."""


class ReferenceValueArgs(TypedDict):
    """What evidence of pods is compared with; without any, a Trustee affirms no pod."""

    name: str
    """Its name in Trustee's policy, for example ``snp_launch_measurement``."""
    values: list[str]
    """The accepted values; exactly one where the default policy wants a single one."""
    expires: str
    """Its end, RFC 3339, for example ``2027-06-30T00:00:00Z``."""


class TrustMachineArgs(TypedDict):
    """A trust server of the cluster's own."""

    machine_type: NotRequired[str]
    """The provider's name of the machine type; the tested default of the cloud and TEE when left out."""
    disk_gib: NotRequired[int]
    """Size of the encrypted root disk in GiB; 50 when left out."""
    tee: NotRequired[Tee]
    """Its TEE; the cluster's when left out."""
    container: NotRequired[str]
    """Container image of Trustee by digest, ``name@sha256:…``; Trustee needs it until its digest is a fact."""
    reference_values: NotRequired[list[ReferenceValueArgs]]
    """What a Trustee compares evidence with; without any it affirms no pod."""


class TrustArgs(TypedDict):
    """The trust server: an external one, or a confidential virtual machine of the cluster's own (the default)."""

    trust_domain: NotRequired[str]
    """SPIFFE trust domain; ``<cluster name>.confkube.internal`` when left out."""
    external: NotRequired[ExternalTrustArgs]
    """Use a server that exists."""
    server: NotRequired[TrustMachineArgs]
    """Make a trust server; it makes its own keys and waits for enrolment."""
    kms: NotRequired[Kms]
    """Who hands secrets to what has proved itself; ``external`` when left out."""
    kms_accepts: NotRequired[list[str]]
    """Weaknesses that the demonstration accepts: ``enrolled without evidence``, ``initdata not bound``; none when left
    out."""


class ArchiveArgs(TypedDict):
    """A file that machines download."""

    url: str
    """``https`` address."""
    sha256: str
    """Digest of the file, 64 lower-case hexadecimal digits."""


class PodImageArgs(TypedDict):
    """The image of pod VMs: exactly one of its keys."""

    id: NotRequired[str]
    """The provider's identifier of an image that exists."""
    disk: NotRequired[str]
    """Address of a disk image in the provider's object storage, from which an image is made."""


class ChildrenArgs(TypedDict):
    """The child machines that each host starts; every one of them is a worker node."""

    image: ArchiveArgs
    """Disk image (qcow2, or raw where the hypervisor wants it) that a child starts from."""
    igvm: NotRequired[ArchiveArgs]
    """IGVM file, built by you, from which MSHV starts confidential children."""
    count: NotRequired[int]
    """Children of each host, at least 1; 2 when left out."""
    vcpus: NotRequired[int]
    """Virtual processors of a child; 2 when left out. Part of what its launch measurement covers."""
    memory_gib: NotRequired[int]
    """Memory of a child in GiB; 4 when left out."""
    disk_gib: NotRequired[int]
    """Disk of a child in GiB; 20 when left out."""
    cidr: NotRequired[str]
    """Range of the children's own network, a /16; ``10.21.0.0/16`` when left out."""
    labels: NotRequired[dict[str, str]]
    """Kubernetes labels of the nodes."""
    taints: NotRequired[list[str]]
    """Kubernetes taints of the nodes, each ``key=value:Effect`` or ``key:Effect``."""

"""The values of a host of child machines: the network between hosts and control plane, the children, the host."""

import hashlib
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from confkube.bootstrap import checks
from confkube.bootstrap.charts import Archive
from confkube.bootstrap.software import Software, pinned
from confkube.bootstrap.values import BootProfile
from confkube.errors import Refusal

VXLAN_OVERHEAD = 50
"""Bytes that VXLAN over IPv4 takes of each packet: Ethernet 14, VXLAN 8, UDP 8, IP 20 (RFC 7348, section 5)."""

QEMU, MSHV = "qemu-kvm", "mshv"
"""Hypervisors: QEMU, with KVM where the host has it; Microsoft's, with cloud-hypervisor."""

NO_TEE, SNP, TDX = "none", "snp", "tdx"

COMPUTED_ELSEWHERE, NOT_MEASURED = "not computable here", "none is computed"
"""What stands for a launch measurement: the first for an IGVM file, which is the user's."""

NOT_CONFIDENTIAL = "not confidential: ordinary virtual machines; nothing about them is attested"
UNPROVEN = "unproven on hardware: nobody has run confkube's options for this TEE on a machine that has it"
"""What a host says of its children, in its journal and its status file."""

_PREFIX, _HOST_PREFIX = 16, 24
_FIRST_CHILD = 10
_MOST_HOSTS, _MOST_CHILDREN = 254, 200
_LONGEST_NAME = 63
_LEAST_MEMORY_MIB = 512


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """The children's own network: a VXLAN (udp 4789) that hosts and control plane form with fixed entries.

    Each host has a /24 of it. Children reach the control plane at its node address, untranslated, and it reaches them.

    Attributes:
        control_plane: Fixed private address of the control plane.
        hosts: Fixed private addresses of the hosts; their order numbers them, from 1. Add new ones at the end: an
            address that no machine has yet does no harm, and keeps the control plane's boot text as it is later.
        cidr: Range of the children, a private /16.
        between: What nodes open to each other: protocol and port. Echo requests are always open.
        api_port: Port of the API server.
    """

    control_plane: str
    hosts: tuple[str, ...]
    cidr: str = "10.21.0.0/16"
    between: tuple[tuple[str, int], ...] = (("udp", 8472), ("udp", 51871), ("tcp", 4240))
    api_port: int = 6443

    def __post_init__(self) -> None:
        checks.cidr("children's range", self.cidr)
        if IPv4Network(self.cidr).prefixlen != _PREFIX or not IPv4Network(self.cidr).is_private:
            raise Refusal(f"children's range: {self.cidr} does not fit; give a private /{_PREFIX}")
        if not 1 <= len(self.hosts) <= _MOST_HOSTS:
            raise Refusal(f"hosts: {len(self.hosts)} addresses are given; choose 1 to {_MOST_HOSTS}")
        nodes = (self.control_plane, *self.hosts)
        for node in nodes:
            checks.address("address of a host or control plane", node)
            if IPv4Address(node) in IPv4Network(self.cidr):
                raise Refusal(f"children's range: {self.cidr} holds {node} of a host or control plane; choose another")
        if len(set(nodes)) < len(nodes):
            raise Refusal(f"hosts: an address occurs twice in {', '.join(nodes)}")
        for protocol, port in self.between:
            checks.one_of("protocol between nodes", protocol, ("tcp", "udp"))
            checks.port("port between nodes", port)
        checks.port("api_port", self.api_port)

    def subnet(self, number: int) -> IPv4Network:
        """The /24 of host ``number``, counted from 1; 0 is the control plane."""
        return list(IPv4Network(self.cidr).subnets(new_prefix=_HOST_PREFIX))[number]

    def gateway(self, number: int) -> IPv4Address:
        """Address at which host ``number`` forwards; 0 is the control plane."""
        return self.subnet(number)[1]

    def child(self, number: int, child: int) -> IPv4Address:
        """Address of a host's child, both counted from 1."""
        return self.subnet(number)[_FIRST_CHILD + child - 1]


def hardware_address(address: IPv4Address) -> str:
    """The hardware address that goes with an address: locally administered, and the same wherever it is computed."""
    return ":".join(f"{byte:02x}" for byte in (0x02, 0xCF, *address.packed))


@dataclass(frozen=True, kw_only=True)
class Children:
    """The equal child machines of a host; what its file /etc/confkube/children.json says.

    Attributes:
        count: How many; 0 for none.
        vcpus: Virtual CPUs of each.
        memory_mib: Memory of each.
        disk_gib: Disk of each; its image grows to it.
        image: Disk image, qcow2 or raw; raw on ``mshv``.
        user_data: Boot text of each, the same for all: ``bootstrap.worker``. It holds a token.
        tee: ``snp``, ``tdx``, or ``none`` for ordinary machines.
        hypervisor: ``qemu-kvm`` or ``mshv``.
        kernel: Kernel to start directly; without one the disk's own boot loader does.
        initrd: Its initial file system.
        kernel_arguments: Its command line.
        igvm: What ``mshv`` starts a confidential child from; its measurement is the user's to know.
        firmware: Path on the host of the firmware; empty for what the distribution has for the TEE.
    """

    count: int
    vcpus: int
    memory_mib: int
    disk_gib: int
    image: Archive
    user_data: str = field(repr=False)
    tee: str = NO_TEE
    hypervisor: str = QEMU
    kernel: Archive | None = None
    initrd: Archive | None = None
    kernel_arguments: str = ""
    igvm: Archive | None = None
    firmware: str = ""

    def __post_init__(self) -> None:
        checks.one_of("hypervisor", self.hypervisor, (QEMU, MSHV))
        checks.one_of("tee of children", self.tee, (NO_TEE, SNP, TDX))
        if not 0 <= self.count <= _MOST_CHILDREN:
            raise Refusal(f"children: {self.count} are too many or too few; choose 0 to {_MOST_CHILDREN}")
        for what, number, least in (
            ("vcpus", self.vcpus, 1),
            ("memory_mib", self.memory_mib, _LEAST_MEMORY_MIB),
            ("disk_gib", self.disk_gib, 1),
        ):
            if number < least:
                raise Refusal(f"children's {what}: {number} is too small; use {least} or more")
        for file in (self.image, self.kernel, self.initrd, self.igvm):
            if file and not file.url.startswith("https://"):
                raise Refusal(f"children: {file.url!r} is not an https address")
        if not self.user_data.isascii():
            raise Refusal("children's user data: it holds characters outside ASCII")
        object.__setattr__(self, "user_data", self.user_data.rstrip("\n") + "\n")
        if not self.kernel and (self.initrd or self.kernel_arguments):
            raise Refusal("children's initrd and kernel_arguments: give the kernel that they belong to")
        if any(not " " <= each <= "~" for each in self.kernel_arguments):
            raise Refusal(f"children's kernel_arguments: {self.kernel_arguments!r} is not one line of printable ASCII")
        if self.firmware and not self.firmware.startswith("/"):
            raise Refusal(f"children's firmware: {self.firmware!r} is not an absolute path on the host")
        self._check_hypervisor()

    def _check_hypervisor(self) -> None:
        if self.hypervisor == QEMU and self.igvm:
            raise Refusal(f"children's igvm: {QEMU} starts none; take it away, or choose the hypervisor {MSHV}")
        if self.hypervisor == MSHV and self.tee == TDX:
            raise Refusal(f"tee of children: {MSHV} has no 'tdx'; choose one of none, snp")
        if self.hypervisor == MSHV and self.tee == SNP and not self.igvm:
            raise Refusal(
                f"children's igvm: {MSHV} starts confidential children from one of yours; give url and sha256"
            )
        if self.hypervisor == MSHV and self.tee == NO_TEE and not (self.kernel or self.firmware):
            raise Refusal(f"children: {MSHV} starts ordinary children from a kernel or a firmware; give one")
        if self.hypervisor == MSHV and self.tee == SNP and self.kernel:
            raise Refusal("children's kernel: it is in the IGVM file; take kernel away")

    @property
    def bound_digest(self) -> str:
        """What the TEE reports as the host's data: sha256 of the user data, hex.

        An SNP child has it as HOST_DATA, a TDX child as the first 32 of the 48 bytes of MRCONFIGID.
        """
        return hashlib.sha256(self.user_data.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class NestedHostBoot:
    """Values of a host's boot text.

    Attributes:
        cluster_id: Name of the cluster.
        number: Which of the overlay's hosts it is, counted from 1.
        overlay: The children's network.
        children: Its children.
        secret_name: Name of this machine's secret, whose value is the children's user data, as it is: beside the host's
            own text it is too large where user data is small. Empty: it travels in the user data.
        extra_user_data: Further user data parts; each starts with ``#cloud-config`` or ``#!``.
        software: What is installed; the pinned programs by default.
        profile: What the platform adds.
    """

    cluster_id: str
    number: int
    overlay: Overlay
    children: Children
    profile: BootProfile
    secret_name: str = ""
    extra_user_data: tuple[str, ...] = ()
    software: Software = field(default_factory=pinned)

    def __post_init__(self) -> None:
        checks.dns_label("cluster_id", self.cluster_id)
        if not 1 <= self.number <= len(self.overlay.hosts):
            raise Refusal(f"host number: {self.number} is not one of 1 to {len(self.overlay.hosts)}")
        if len(self.child_name(_MOST_CHILDREN)) > _LONGEST_NAME:
            raise Refusal(f"cluster_id: {self.cluster_id!r} is too long for the names of its children")

    def child_name(self, child: int) -> str:
        """Host name, and name as a node, of a child, counted from 1."""
        return f"{self.cluster_id}-host-{self.number}-child-{child}"

"""What a worker needs beyond the ordinary so that its pods can run in virtual machines."""

from dataclasses import dataclass, replace

from confkube.bootstrap import checks
from confkube.bootstrap.charts import Archive
from confkube.errors import Refusal

WORKER_LABEL = "node.kubernetes.io/worker"
"""The daemon sets of Kata and cloud-api-adaptor run on nodes with this label, whose value is empty.

https://github.com/confidential-containers/cloud-api-adaptor/blob/v0.22.0/src/cloud-api-adaptor/install/charts/peerpods/templates/daemonset.yaml,
read 2026-11-27; a kubelet may give itself labels of this prefix.
"""

HANDLERS = ("kata-cc",)
"""Runtimes that an archive can bring, by the name that containerd and the runtime class know them by."""


@dataclass(frozen=True, kw_only=True)
class HostRuntime:
    """What a worker needs beyond the ordinary so that its pods can run in virtual machines.

    Attributes:
        modules: Kernel modules to load; they may also be built in.
        devices: Device files that must be there then, or the machine does not join.
        packages: Further packages of the distribution.
        boot_entry: Entry of the boot menu under which the devices appear; the machine starts anew once for it.
        archive: A tar.gz of the user's own that is unpacked to the root of the file system; it brings the runtime.
        handler: Name under which containerd then knows the runtime; empty when a chart brings it.
        containerd: Least version of containerd that the runtime works with; empty where the machine is no node.
    """

    modules: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    boot_entry: str = ""
    archive: Archive | None = None
    handler: str = ""
    containerd: str = "1.7"

    def __post_init__(self) -> None:
        for what, words in (("kernel module", self.modules), ("package", self.packages)):
            for word in words:
                checks.word(what, word)
        for device in self.devices:
            checks.device("device", device)
        for what, word in (("boot entry", self.boot_entry), ("least containerd", self.containerd)):
            if word:
                checks.word(what, word)
        if (self.archive is None) != (self.handler == ""):
            raise Refusal("host runtime: an archive and the handler that it brings are given together")
        if self.handler:
            checks.one_of("host runtime handler", self.handler, HANDLERS)
        if self.archive and not self.archive.url.startswith("https://"):
            raise Refusal(f"host runtime: {self.archive.url!r} is not an https address")


REMOTE = HostRuntime()
"""Pod virtual machines run elsewhere: nothing but the node's label and containerd's settings."""

KVM = HostRuntime(modules=("kvm", "vhost_net", "vhost_vsock"), devices=("/dev/kvm", "/dev/vhost-vsock"))
"""Pod virtual machines run under QEMU on this machine; Kata talks to their agents over vsock."""


MSHV = HostRuntime(
    devices=("/dev/mshv",),
    packages=("hvloader", "kernel-mshv", "mshv", "mshv-bootloader-lx"),
    boot_entry="Dom0",
    containerd="",
)
"""This machine becomes the root partition of the Microsoft hypervisor, under which it can start virtual machines.

Packages and boot entry: microsoft/kata-containers, docs/cc/e2e of its branch manifold-cc, and Azure Linux 3's
grub.d/50_mariner_mshv_menuentry, which writes the entry with MSHV_ENABLE=TRUE MSHV_SEV_SNP=TRUE; read 2026-11-27.
Nobody has run this on such a host for confkube.
"""


def mshv(archive: Archive) -> HostRuntime:
    """Pod virtual machines run under the Microsoft hypervisor, with a runtime that the user has built.

    Upstream publishes none. Its layers lie in EROFS with dm-verity, for which containerd has a differ since 2.3.

    Args:
        archive: The runtime with its guest, its Cloud Hypervisor, and a containerd that is new enough.
    """
    return replace(MSHV, modules=("erofs", "dm_verity"), archive=archive, handler="kata-cc", containerd="2.3")

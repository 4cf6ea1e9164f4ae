"""What boot text installs: pinned programs, packages of the distribution, and the sandbox image that fits them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from confkube import facts
from confkube.bootstrap import checks

# The image that kubeadm v1.34.2 expects (`kubeadm config images list`); containerd has a default of its own otherwise.
PAUSE_IMAGE = "registry.k8s.io/pause:3.10.1"

APT, TDNF = "apt-get", "tdnf"

_EVERYWHERE = ("ca-certificates", "curl", "nftables")
_NODE = ("conntrack", "containerd", "containernetworking-plugins", "ethtool", "iproute2", "kmod", "socat")
_TRUST = ("openssl",)
_GIT = ("git",)
_HOST = ("genisoimage", "iproute2", "ovmf", "passwd", "qemu-system-x86", "qemu-utils")
_MSHV_HOST = ("cdrkit", "cloud-hypervisor", "iproute", "shadow-utils")

# Where a distribution with another package manager calls the same things otherwise, or has them in the base system:
# https://github.com/microsoft/azurelinux/tree/3.0/SPECS, read 2026-11-27.
_RENAMED = {
    "conntrack": "conntrack-tools",
    "containerd": "containerd2",
    "containernetworking-plugins": "cni-plugins",
    "iproute2": "iproute",
}


@dataclass(frozen=True, kw_only=True)
class Download:
    """A program that is fetched when the machine does not have it in this very version.

    Attributes:
        name: Name of the program; it is installed as /usr/local/bin/<name>.
        version: What the program reports as its version, with or without a leading v.
        url: ``https://`` address of the program, or of a tar.gz archive with it.
        sha256: Digest of what is at the address, hex.
        member: Path of the program inside the archive; empty for a bare program.
    """

    name: str
    version: str
    url: str
    sha256: str
    member: str = ""

    def __post_init__(self) -> None:
        checks.word("download name", self.name)
        checks.word(f"{self.name} version", self.version)
        checks.url(f"{self.name} url", self.url, ("https",))
        checks.sha256(f"{self.name} sha256", self.sha256)


@dataclass(frozen=True, kw_only=True)
class Software:
    """What the three roles install.

    Attributes:
        kubernetes_version: Version of Kubernetes, with its ``v``.
        kubeadm: Sets up and joins nodes.
        kubelet: The node agent.
        kubectl: Needed on the control plane.
        helm: Installs the add-ons, on the control plane.
        spire_agent: On workers.
        spire_server: On the trust server.
        pause_image: The pod sandbox image.
        packages: Packages that every role needs, from the distribution's signed archive.
        node_packages: Further packages of control plane and workers.
        trust_packages: Further packages of the trust server.
        host_packages: Further packages of a host of children: its hypervisor, and what makes their seed.
        git_packages: Further packages of a control plane with charts out of git repositories.
        manager: Package manager of the distribution.
    """

    kubernetes_version: str
    kubeadm: Download
    kubelet: Download
    kubectl: Download
    helm: Download
    spire_agent: Download
    spire_server: Download
    pause_image: str = PAUSE_IMAGE
    packages: tuple[str, ...] = _EVERYWHERE
    node_packages: tuple[str, ...] = _NODE
    trust_packages: tuple[str, ...] = _TRUST
    host_packages: tuple[str, ...] = _HOST
    git_packages: tuple[str, ...] = _GIT
    manager: str = APT

    def __post_init__(self) -> None:
        checks.one_of("package manager", self.manager, (APT, TDNF))
        further = (*self.trust_packages, *self.host_packages, *self.git_packages)
        for package in (*self.packages, *self.node_packages, *further):
            checks.word("package", package)


def _download(artifact: str, name: str, member: str = "") -> Download:
    found = facts.artifact(artifact)
    return Download(name=name, version=found.version, url=found.url, sha256=found.pinned(), member=member)


@cache
def pinned() -> Software:
    """Return the programs pinned in the facts.

    Raises:
        Refusal: One of them has no recorded digest.
    """
    spire = facts.artifact("spire").version.removeprefix("v")
    return Software(
        kubernetes_version=facts.artifact("kubeadm").version,
        kubeadm=_download("kubeadm", "kubeadm"),
        kubelet=_download("kubelet", "kubelet"),
        kubectl=_download("kubectl", "kubectl"),
        helm=_download("helm", "helm", "linux-amd64/helm"),
        spire_agent=_download("spire", "spire-agent", f"spire-{spire}/bin/spire-agent"),
        spire_server=_download("spire", "spire-server", f"spire-{spire}/bin/spire-server"),
    )


def pinned_for(manager: str) -> Software:
    """Return the same programs for a distribution with another package manager.

    Args:
        manager: ``apt-get``, or ``tdnf``, whose packages have other names.

    Raises:
        Refusal: The package manager is not known.
    """
    software = replace(pinned(), manager=manager)
    if manager == APT:
        return software
    # tar is not in this distribution's cloud images.
    return replace(
        software,
        packages=_renamed((*software.packages, "tar")),
        node_packages=_renamed(software.node_packages),
        host_packages=_MSHV_HOST,
    )


def _renamed(packages: Iterable[str]) -> tuple[str, ...]:
    return tuple(_RENAMED.get(package, package) for package in packages)

"""The container images of the lab: those that kubeadm asks for, the pod network, and one to try things with."""

import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from confkube import facts
from confkube.bootstrap.software import PAUSE_IMAGE
from confkube_lab.image.containers import ContainerImage

NETWORK_IMAGE = "registry.confkube.internal/flannel:v0.28.10"
TOOLS_IMAGE = "registry.confkube.internal/tools:1"
"""Busybox and the SPIRE agent's command line, for pods that try things."""

_LIBRARY = re.compile(r"(/\S+\.so\S*)")
_IPTABLES = ("iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore")
_APPLETS = ("sh", "cat", "head", "hostname", "id", "ls", "nc", "nslookup", "ping", "sleep", "true", "wget")


def images(root: Path, binaries: Mapping[str, Path]) -> dict[str, list[ContainerImage]]:
    """The images by the role that needs them: ``control-plane``, or ``node`` for every machine of the cluster."""
    control_plane = [
        ContainerImage(reference=facts.artifact(name).url, files={f"/usr/local/bin/{name}": binaries[name]})
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd")
    ]
    netfilter, links = _netfilter(root)
    shell = {"/bin/busybox": root / "usr/bin/busybox"}
    applets = {f"/bin/{name}": "busybox" for name in _APPLETS}
    node = [
        ContainerImage(reference=PAUSE_IMAGE, files={"/pause": binaries["pause"]}, entrypoint=("/pause",)),
        ContainerImage(
            reference=facts.artifact("coredns").url, files={"/coredns": binaries["coredns"]}, entrypoint=("/coredns",)
        ),
        ContainerImage(
            reference=facts.artifact("kube-proxy").url,
            files={"/usr/local/bin/kube-proxy": binaries["kube-proxy"], **netfilter},
            links=links,
        ),
        ContainerImage(
            reference=NETWORK_IMAGE,
            files={"/usr/local/bin/flannel": binaries["flannel"], **netfilter, **shell},
            links={**links, **applets},
        ),
        ContainerImage(
            reference=TOOLS_IMAGE,
            files={"/usr/local/bin/spire-agent": binaries["spire-agent"], **shell},
            links=applets,
            entrypoint=("/bin/sh",),
        ),
    ]
    return {"control-plane": control_plane, "node": node}


def short(reference: str) -> str:
    """Name of an image without registry, folder and tag."""
    return reference.rpartition("/")[2].partition(":")[0]


def _netfilter(root: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """The programs nft and iptables (its nft variant) of the root, with their libraries and links."""
    programs = ("/usr/sbin/nft", "/usr/sbin/xtables-nft-multi")
    extensions = sorted(f"/{path.relative_to(root)}" for path in root.glob("usr/lib/*/xtables/*.so"))
    wanted = [*programs, *extensions, *_libraries(root, (*programs, *extensions))]
    links = {f"/usr/sbin/{name}": "xtables-nft-multi" for name in _IPTABLES}
    return {path: _inside(root, path) for path in wanted}, links


def _libraries(root: Path, programs: Iterable[str]) -> list[str]:
    listed = subprocess.run(  # noqa: S603  a fixed program in a root that we made
        ["chroot", str(root), "ldd", *programs],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    lines = [line for line in listed.splitlines() if line.startswith("\t")]
    return sorted({match[1] for line in lines if (match := _LIBRARY.search(line))})


def _inside(root: Path, path: str) -> Path:
    """The file that ``path`` leads to within ``root``, links of the root followed there."""
    current = Path("/")
    for part in Path(path).parts[1:]:
        current = current / part
        here = root / current.relative_to("/")
        while here.is_symlink():
            target = here.readlink()
            current = Path("/") / target.relative_to("/") if target.is_absolute() else _normal(current.parent / target)
            here = root / current.relative_to("/")
    return root / current.relative_to("/")


def _normal(path: Path) -> Path:
    parts: list[str] = []
    for part in path.parts[1:]:
        if part == "..":
            parts = parts[:-1]
        else:
            parts.append(part)
    return Path("/", *parts)

"""The programs of the lab, each built from a pinned Go module of this repository."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from confkube import facts
from confkube_build.gobuild import GoTool

TOOLS = Path(__file__).resolve().parents[3] / "tools"
"""Where the Go modules are; only in a checkout of the repository."""

_STATIC = "-linkmode external -extldflags -static"


def _go(module: str, name: str, package: str, version: str, ldflags: str = "") -> GoTool:
    return GoTool(
        name=name,
        folder=module,
        module_dir=TOOLS / module,
        package=package,
        version=version,
        ldflags=f"-s -w {ldflags}".strip(),
    )


def _with_c(tool: GoTool) -> GoTool:
    """The same with its parts in C, and nothing of the C library left to the machine that runs it."""
    return replace(tool, ldflags=f"{tool.ldflags} {_STATIC}", tags=("netgo", "osusergo"), cgo=True)


@cache
def kubernetes(name: str) -> GoTool:
    """A program of Kubernetes, for example ``kubeadm``, in the version that boot text pins."""
    version = facts.artifact("kubeadm").version
    major, minor, _ = version.removeprefix("v").split(".")
    pairs = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    flags = " ".join(f"-X {package}.{key}={value}" for package in packages for key, value in pairs.items())
    return _go("kubernetes", name, f"k8s.io/kubernetes/cmd/{name}", version, flags)


@cache
def all_programs() -> tuple[GoTool, ...]:
    """Every program of the lab; the order is that of the build, the one with most sources first."""
    spire, helm = facts.artifact("spire").version, facts.artifact("helm").version
    spire_version = f"-X github.com/spiffe/spire/pkg/common/version.gittag={spire}"
    flannel = "github.com/flannel-io/flannel"
    agent = _go("spire", "spire-agent", "github.com/spiffe/spire/cmd/spire-agent", spire, spire_version)
    server = _go("spire", "spire-server", "github.com/spiffe/spire/cmd/spire-server", spire, spire_version)
    return (
        *map(kubernetes, NODE_PROGRAMS),
        *map(kubernetes, ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy")),
        _go("etcd", "etcd", "go.etcd.io/etcd/server/v3", facts.artifact("etcd").version.partition("-")[0]),
        _go("coredns", "coredns", ".", facts.artifact("coredns").version),
        # Its UDP backend, unused here, is C.
        _with_c(_go("flannel", "flannel", flannel, FLANNEL, f"-X {flannel}/pkg/version.Version={FLANNEL}")),
        _go("helm", "helm", "helm.sh/helm/v3/cmd/helm", helm, f"-X helm.sh/helm/v3/internal/version.version=v{helm}"),
        # SQLite is C; the agent has none of it, but built alike the two share nearly all that they are made of.
        _with_c(agent),
        _with_c(server),
    )


FLANNEL = "v0.28.10"
"""Release of the pod network; the chart of the lab names the same."""

NODE_PROGRAMS = ("kubeadm", "kubelet", "kubectl")
"""What boot text installs on the machines themselves, of Kubernetes; helm and SPIRE are installed too."""

MACHINE_PROGRAMS = (*NODE_PROGRAMS, "helm", "spire-agent", "spire-server")
"""What lies in /usr/local/bin of the image; the rest runs from container images."""

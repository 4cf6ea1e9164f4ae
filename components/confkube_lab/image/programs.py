"""The programs of the lab, each built from a pinned Go module of this repository."""

from functools import cache
from pathlib import Path

from confkube import facts
from confkube_build.gobuild import GoTool

TOOLS = Path(__file__).resolve().parents[3] / "tools"
"""Where the Go modules are; only in a checkout of the repository."""

_STATIC = "-s -w -linkmode external -extldflags -static"


def _go(module: str, name: str, package: str, version: str, ldflags: str = "-s -w", *, cgo: bool = False) -> GoTool:
    return GoTool(
        name=name,
        folder=module,
        module_dir=TOOLS / module,
        package=package,
        version=version,
        ldflags=ldflags,
        tags=("netgo", "osusergo") if cgo else (),
        cgo=cgo,
    )


@cache
def kubernetes(name: str) -> GoTool:
    """A program of Kubernetes, for example ``kubeadm``, in the version that boot text pins."""
    version = facts.artifact("kubeadm").version
    major, minor, _ = version.removeprefix("v").split(".")
    pairs = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    flags = " ".join(f"-X {package}.{key}={value}" for package in packages for key, value in pairs.items())
    return _go("kubernetes", name, f"k8s.io/kubernetes/cmd/{name}", version, f"-s -w {flags}")


@cache
def all_programs() -> tuple[GoTool, ...]:
    """Every program of the lab; the order is that of the build, the one with most sources first."""
    spire = facts.artifact("spire").version
    helm = facts.artifact("helm").version
    flannel = "v0.28.10"
    spire_flags = f"-s -w -X github.com/spiffe/spire/pkg/common/version.gittag={spire}"
    return (
        *map(kubernetes, NODE_PROGRAMS),
        *map(kubernetes, ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy")),
        _go("etcd", "etcd", "go.etcd.io/etcd/server/v3", facts.artifact("etcd").version.partition("-")[0]),
        _go("coredns", "coredns", ".", facts.artifact("coredns").version),
        _go(
            "flannel",
            "flannel",
            "github.com/flannel-io/flannel",
            flannel,
            f"{_STATIC} -X github.com/flannel-io/flannel/pkg/version.Version={flannel}",
            cgo=True,
        ),
        _go("helm", "helm", "helm.sh/helm/v3/cmd/helm", helm, f"-s -w -X helm.sh/helm/v3/internal/version.version=v{helm}"),
        _go("spire", "spire-agent", "github.com/spiffe/spire/cmd/spire-agent", spire, spire_flags),
        # SQLite is C; everything else of it is what the name resolver of the C library would add.
        _go("spire", "spire-server", "github.com/spiffe/spire/cmd/spire-server", spire, f"{_STATIC} {spire_flags[6:]}", cgo=True),
    )


NODE_PROGRAMS = ("kubeadm", "kubelet", "kubectl")
"""What boot text installs on the machines themselves, of Kubernetes; helm and SPIRE are installed too."""

MACHINE_PROGRAMS = (*NODE_PROGRAMS, "helm", "spire-agent", "spire-server")
"""What lies in /usr/local/bin of the image; the rest runs from container images."""

"""Boot text on a machine that has nothing of Kubernetes: every package, program, image and chart is installed."""

import os

import pytest
from boot import tools
from lab import install_world
from lab.install_services import TAMPERED, sha256
from lab.install_world import NODE, TAMPERED_WORKER, WORKER
from lab_guard import alone

from confkube import facts
from confkube.bootstrap.software import PAUSE_IMAGE
from confkube_lab.image import build
from confkube_lab.image.contents import NETWORK_IMAGE

READY_SECONDS = 300
ON_EVERY_NODE = {PAUSE_IMAGE, facts.artifact("kube-proxy").url, NETWORK_IMAGE}
ON_THE_CONTROL_PLANE = {
    facts.artifact(name).url
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "coredns")
}


@pytest.fixture(scope="module")
def world():
    with alone(), install_world.running() as found:
        yield found


@pytest.fixture(scope="module")
def cluster(world):
    """The world, once both nodes are ready."""
    for machine in (NODE, WORKER):
        world.until(lambda machine=machine: world.nodes().get(machine), READY_SECONDS, machine)
    return world


def test_both_nodes_become_ready_on_their_own(cluster):
    assert cluster.nodes() == {NODE: True, WORKER: True}


@pytest.mark.parametrize("machine", [NODE, WORKER])
def test_packages_come_from_the_package_server(cluster, machine):
    wanted = sorted({*cluster.software.packages, *cluster.software.node_packages})
    query = ("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted)
    assert cluster.run(machine, *query).stdout.split("\n")[:-1] == [f"{name} installed" for name in wanted]
    before = tools.run("chroot", str(cluster.pristine), *query).stdout.split("\n")[:-1]
    assert before == ["ca-certificates installed", "iproute2 installed"]
    mine = {path for address, path in cluster.services.fetched() if address == cluster.address(machine)}
    assert mine >= {f"/debian/./{name}.deb" for name in wanted if f"{name} installed" not in before}


@pytest.mark.parametrize(
    ("machine", "programs"),
    [(NODE, ("kubeadm", "kubelet", "kubectl", "helm")), (WORKER, ("kubeadm", "kubelet", "spire_agent"))],
)
def test_programs_are_the_pinned_ones(cluster, machine, programs):
    pinned = [getattr(cluster.software, name) for name in programs]
    listed = cluster.run(machine, "sh", "-c", "cd /usr/local/bin && sha256sum *").stdout.splitlines()
    found = {line.split()[1]: line.split()[0] for line in listed}
    image = build.path(os.environ)
    assert found == {
        each.name: sha256(image / "usr/local/bin" / each.name) if each.member else each.sha256 for each in pinned
    }
    journal = cluster.confkube("logs", machine, "-u", "confkube-install").stdout
    assert all(f"fetching {each.name} {each.version}" in journal for each in pinned)


@pytest.mark.parametrize(("machine", "needed"), [(NODE, ON_EVERY_NODE | ON_THE_CONTROL_PLANE), (WORKER, ON_EVERY_NODE)])
def test_container_images_come_from_the_registry(cluster, machine, needed):
    rows = cluster.run(machine, "ctr", "--namespace", "k8s.io", "images", "list").stdout.splitlines()[1:]
    found = {row.split()[0]: row.split()[2] for row in rows}
    named = {name: digest for name, digest in found.items() if "@" not in name and not name.startswith("sha256:")}
    assert named.keys() >= needed
    assert named.items() <= cluster.images.items()
    asked = {path for address, path in cluster.services.pulled() if address == cluster.address(machine)}
    for name, digest in named.items():
        repository = name.partition("/")[2].rpartition(":")[0]
        assert any(path.startswith(f"/v2/{repository}/manifests/{digest}") for path in asked), name
        assert any(path.startswith(f"/v2/{repository}/blobs/") for path in asked), name


def test_the_chart_comes_from_the_registry(cluster):
    chart = facts.artifact("lab-network")
    kept = f"/var/lib/confkube/charts/{chart.sha256}.tgz"
    assert cluster.run(NODE, "sha256sum", kept).stdout == f"{chart.sha256}  {kept}\n"
    assert (cluster.address(NODE), f"/v2/charts/lab-network/blobs/sha256:{chart.sha256}") in cluster.services.pulled()
    listed = cluster.run(NODE, "helm", "list", "--namespace", "kube-system", "--short").stdout
    assert listed == "lab-network\n"


@pytest.mark.parametrize("machine", [NODE, WORKER])
def test_nothing_came_with_the_root(cluster, machine):
    assert cluster.run(machine, "ls", "/usr/share/confkube").returncode != 0


def test_a_program_that_is_not_the_pinned_one_is_refused(world):
    kubeadm = world.software.kubeadm
    last = f"confkube: install failed: kubeadm {kubeadm.version} could not be fetched from {TAMPERED}; see: "

    def console():
        return last in world.confkube("logs", TAMPERED_WORKER, "--console").stdout

    world.until(console, READY_SECONDS, TAMPERED_WORKER)
    journal = world.confkube("logs", TAMPERED_WORKER).stdout
    assert f"{TAMPERED} does not have the pinned sha256 {kubeadm.sha256}" in journal
    assert last in journal
    assert world.run(TAMPERED_WORKER, "ls", "-A", "/usr/local/bin").stdout == ""
    later = world.run(TAMPERED_WORKER, "systemctl", "is-active", "confkube-firewall", "confkube-join", "kubelet")
    assert later.stdout.split() == ["inactive"] * 3
    assert TAMPERED_WORKER not in world.nodes()

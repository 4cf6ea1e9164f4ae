"""The life of a stack on given hosts under the real engine: the hosts are the real ones of tests/lab/metal_world.py."""

import base64
import json
import os
import pickle
import sys
import time
from difflib import unified_diff
from pathlib import Path

import pytest
from conftest import ROOT
from lab import metal_world
from lab.metal_cluster import CLUSTER, NODE, Cluster
from lab_world import eventually

from confkube.names import digest
from confkube.roles.control_plane import secret_name

PROGRAM = Path(__file__).with_name("metal_program.py")
HOSTS = ("host-a", "host-b")
COCO = "coco-metal-metal-snp"
DEVICES = ("/dev/kvm", "/dev/vhost-vsock")
AT_HAND = """
import base64, pickle
from confkube import facts
from confkube.bootstrap import software
found = pickle.loads(base64.b64decode("SOFTWARE"))
software.pinned = lambda: found
listed = facts.addons
facts.addons = lambda model=None, cloud=None: listed(model, "lab" if cloud == "metal" else cloud)
"""
"""Programs and charts of a network without a way out, in place of those that the facts name."""
COMMANDS = {f"command:local:Command {name}" for name in ("metal-network", NODE, "metal-workers")}


@pytest.fixture(scope="module")
def world():
    with metal_world.running() as found, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}")
        yield found


@pytest.fixture(scope="module")
def cluster(world):
    return Cluster(world)


@pytest.fixture(scope="module")
def before(world):
    return {host: world.state(host) for host in HOSTS}


def told(cluster, **changed):
    return {
        "block": cluster.block,
        "cluster": CLUSTER,
        "node": NODE,
        "secret_name": secret_name(CLUSTER),
        "secret": cluster.secret,
        "control_plane": cluster.control_plane,
        "worker": cluster.worker,
        "workers": 1,
        **changed,
    }


@pytest.fixture(scope="module")
def stack(world, cluster, before, stack_in):
    return stack_in("metal", {"confkube:told": told(cluster)}, PROGRAM.read_text())


def same(before, world, hosts):
    changed = [line for host in hosts for line in unified_diff(before[host], world.state(host), host, n=0, lineterm="")]
    assert not changed, "\n".join(changed[:60])


def ready(world):
    words = ("env", "KUBECONFIG=/etc/kubernetes/admin.conf", "kubectl", "get", "nodes", "-o", "json")
    listed = json.loads(world.run("host-a", *words).stdout or '{"items": []}')["items"]
    return {
        node["metadata"]["name"]
        for node in listed
        if any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"]["conditions"])
    }


def until(world, wanted):
    deadline = time.monotonic() + 240
    while ready(world) != wanted:
        assert time.monotonic() < deadline, ready(world)
        time.sleep(1)


class TestMetalHosts:
    def test_a_preview_touches_no_host(self, stack, world, before):
        assert stack.preview().steps["create"] >= COMMANDS
        same(before, world, HOSTS)

    def test_a_host_that_is_not_ready_keeps_all_hosts_untouched(self, stack, world, cluster, before):
        hosts = [{**each, "tee": "tdx"} if each["name"] == "host-b" else each for each in cluster.block["hosts"]]
        stack.configure({"confkube:told": told(cluster, block={**cluster.block, "hosts": hosts}, workers=0)})
        with pytest.raises(Exception, match="1 of 2 hosts are not ready, and nothing was changed: host-b") as refused:
            stack.up()
        assert "Traceback" not in str(refused.value)
        same(before, world, HOSTS)
        stack.configure({"confkube:told": told(cluster)})

    def test_it_comes_up(self, stack, world):
        result = stack.up()
        assert result.steps["create"] >= COMMANDS
        until(world, {NODE, "host-b"})
        assert result.outputs["tunnel"].endswith(" -L 6443:10.20.0.10:6443 root@10.20.0.10")

    def test_no_secret_is_in_the_state_in_plain_text(self, stack, cluster):
        state = json.dumps(stack.state())
        assert "PRIVATE KEY" not in state
        assert json.loads(cluster.secret)["token"] not in state

    def test_a_second_up_changes_nothing(self, stack):
        assert not stack.up().changed

    def test_changed_boot_text_leaves_the_control_plane_alone(self, stack, cluster, world):
        changed = cluster.control_plane.replace("control plane of", "changed plane of")
        assert changed != cluster.control_plane
        stack.configure({"confkube:told": told(cluster, control_plane=changed)})
        result = stack.up()
        assert not result.changed
        assert result.outputs["boot_digest"] == digest(cluster.control_plane)
        stack.configure({"confkube:told": told(cluster)})

    def test_a_pool_that_goes_gives_its_host_back_and_the_rest_stays(self, stack, cluster, world, before):
        stack.configure({"confkube:told": told(cluster, workers=0)})
        assert stack.up().changed == {"delete": {"command:local:Command metal-workers"}}
        same(before, world, ["host-b"])
        assert NODE in ready(world)

    def test_destroy_gives_everything_back(self, stack, world, before):
        stack.destroy()
        same(before, world, HOSTS)


class TestCocoMetal:
    """The committed stack coco-metal-metal-snp, on these hosts: its charts are the lab's, its devices stand in."""

    @pytest.fixture(scope="class")
    @classmethod
    def hosts(cls, world):
        for device in DEVICES:
            assert world.run("host-b", "mknod", device, "c", "1", "3").returncode == 0
        return {host: world.state(host) for host in HOSTS}

    @pytest.fixture(scope="class")
    @classmethod
    def config(cls, world, committed_config):
        config = committed_config(COCO)
        config["confkube:args"]["platform"] = {"metal": world.block(host_b={"tee": "snp"})}
        return config

    @pytest.fixture(scope="class")
    @classmethod
    def cluster_of_pods(cls, world, hosts, config, stack_in):
        kept = base64.b64encode(pickle.dumps(world.software)).decode()
        program = (ROOT / "stacks" / "__main__.py").read_text()
        return stack_in(COCO, config, f"{AT_HAND.replace('SOFTWARE', kept)}\n{program}")

    def test_it_comes_up_to_the_runtime_class(self, cluster_of_pods, world):
        result = cluster_of_pods.up()
        until(world, {f"{COCO}-control-plane", "host-b"})
        assert result.outputs["runtime_class"] == "kata-qemu-snp"
        assert "bound to the evidence as HOST_DATA" in result.outputs["attestation"]
        assert len(result.outputs["initdata_claim"]) == 64
        words = ("env", "KUBECONFIG=/etc/kubernetes/admin.conf", "kubectl", "get", "-o", "name")
        found = eventually(lambda: world.run("host-a", *words, "runtimeclasses").stdout, 120).split()
        assert found == ["runtimeclass.node.k8s.io/kata-qemu-snp"]
        labelled = world.run("host-a", *words, "nodes", "-l", "node.kubernetes.io/worker=,confkube.dev/tee=snp").stdout
        assert labelled.split() == ["node/host-b"]

    def test_a_second_up_changes_nothing(self, cluster_of_pods):
        assert not cluster_of_pods.up().changed

    def test_destroy_gives_the_hosts_back(self, cluster_of_pods, world, hosts):
        cluster_of_pods.destroy()
        same(hosts, world, HOSTS)

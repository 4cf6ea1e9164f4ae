"""Children for real: QEMU computes two machines, which boot, join over their own network, and go away again.

Nothing is confidential: no TEE, and no KVM. It is the same program, file, network and boot text as with both.
"""

import json
import sys
import time
from dataclasses import replace
from itertools import pairwise
from string import Template

import pytest
from lab import nested_roots, nested_world
from lab.nested_world import CHILDREN, HOST, NODE
from lab_guard import alone

from confkube.bootstrap.nested_command import command
from confkube.bootstrap.nested_values import NOT_CONFIDENTIAL

pytestmark = pytest.mark.soak

READY_SECONDS, AGAIN_SECONDS = 420, 240
NAMES = [f"{HOST}-child-{number}" for number in range(1, CHILDREN + 1)]
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "try"},
    "spec": {
        "nodeName": NAMES[1],
        "terminationGracePeriodSeconds": 0,
        "containers": [
            {
                "name": "try",
                "image": "registry.confkube.internal/tools:1",
                "imagePullPolicy": "Never",
                "command": ["/bin/sh", "-c", "sleep 1000000"],
            }
        ],
    },
}


@pytest.fixture(scope="module")
def world():
    roots = nested_roots.ensure()
    with alone(), nested_world.running(roots) as found:
        yield found


@pytest.fixture(scope="module")
def killed(world):
    """The first child, killed as soon as it is a node: which process and which boot it was."""
    first = NAMES[0]
    boot = world.until(lambda: world.nodes().get(first), READY_SECONDS)
    (process,) = [each["MainPID"] for each in world.status()["children"] if each["name"] == first]
    before = world.elapsed
    assert world.run(HOST, "kill", "-KILL", process).returncode == 0
    return {"process": process, "boot": boot, "ready": before}


@pytest.fixture(scope="module")
def cluster(world, killed):
    """The world, once both children are nodes, the first one for the second time."""

    def all_there():
        nodes = world.nodes()
        return {*NAMES, NODE} == set(nodes) and nodes[NAMES[0]] != killed["boot"]

    world.until(all_there, AGAIN_SECONDS)
    return world


def say(text):
    """Print a time that was measured; ``pytest -s`` shows it."""
    sys.stdout.write(text + "\n")


def qemu(world):
    return world.run(HOST, "sh", "-c", "ps -eo user:20,args | grep '[q]emu-system-x86_64'").stdout.splitlines()


def test_children_become_nodes_and_one_that_is_killed_comes_back(cluster, killed):
    listed = json.loads(cluster.kubectl("get", "nodes", "-o", "json").stdout)["items"]
    addresses = {
        each["metadata"]["name"]: next(a["address"] for a in each["status"]["addresses"] if a["type"] == "InternalIP")
        for each in listed
    }
    assert addresses == {NODE: "10.20.128.10", NAMES[0]: "10.21.1.10", NAMES[1]: "10.21.1.11"}
    states = {each["name"]: each for each in cluster.status()["children"]}
    assert states[NAMES[0]]["MainPID"] != killed["process"]
    assert [states[name]["NRestarts"] for name in NAMES] == ["1", "0"]
    say(f"first child ready after {killed['ready']:.0f} s, all again after {cluster.elapsed:.0f} s")


def test_it_says_that_nothing_is_confidential(cluster):
    status = cluster.status()
    assert (status["tee"], status["accelerator"], status["note"]) == ("none", "tcg", NOT_CONFIDENTIAL)
    journal = cluster.run(HOST, "journalctl", "--no-pager", "-o", "cat", "-u", "confkube-child@2").stdout
    assert f"{NAMES[1]}, 10.21.1.11, tcg: {NOT_CONFIDENTIAL}" in journal


def test_each_hypervisor_is_a_user_of_its_own(cluster):
    assert {line.split()[0] for line in qemu(cluster)} == {f"confkube-child{number + 1}" for number in range(CHILDREN)}


def test_this_qemu_knows_every_word_for_snp(cluster):
    """It goes as far as it can without the hardware, and names a word that it does not know."""
    words = command(replace(cluster.children, tee="snp"))
    asked = [(one, other) for one, other in pairwise(words) if one in ("-cpu", "-machine", "-object", "-m")]
    given = [Template(word).substitute(memory_mib=1024) for pair in asked for word in pair]

    def said(*more):
        line = ["qemu-system-x86_64", "-nodefaults", "-display", "none", "-accel", "tcg", *given, *more]
        return cluster.run(HOST, *line).stderr

    assert "cannot set up private guest memory for sev-snp-guest: KVM required" in said()
    assert "'made-up'" in said("-object", "memory-backend-memfd,id=other,size=1M,made-up=on")


def test_a_pod_in_a_child_finds_names_and_does_not_reach_the_host_or_its_identity(cluster):
    pod = cluster.run(NODE, "kubectl", "apply", "-f", "-", stdin=json.dumps(POD))
    assert pod.returncode == 0, pod.stderr
    cluster.until(
        lambda: cluster.kubectl("get", "pod", "try", "-o", "jsonpath={.status.phase}").stdout == "Running", 120
    )

    def inside(command):
        return cluster.kubectl("exec", "try", "--", "sh", "-c", command)

    # The pod network's own VXLAN runs inside that of the children; the resolver is on the control plane.
    cluster.until(lambda: "10.96.0.1" in inside("nslookup kubernetes.default.svc.cluster.local").stdout, 60)
    assert inside("nc -w 2 10.20.128.10 6443 </dev/null").returncode == 0
    for closed in ("10.20.128.10 2379", "10.20.128.10 10250", "10.20.0.10 22", "169.254.169.254 80"):
        assert inside(f"nc -w 2 {closed} </dev/null").returncode != 0, closed
    # The host itself has that identity.
    identity = "curl -fsS -m 5 -H 'Confkube-Lab: machine' http://169.254.169.254/confkube-lab/v1/machine"
    assert HOST in cluster.run(HOST, "sh", "-c", identity).stdout


def test_the_file_is_followed(cluster):
    """A smaller count takes a child away, by itself."""
    script = (
        "import json, pathlib\n"
        "path = pathlib.Path('/etc/confkube/children.json')\n"
        "path.write_text(json.dumps(json.loads(path.read_text()) | {'count': 1}))\n"
    )
    assert cluster.run(HOST, "python3", "-c", script).returncode == 0
    cluster.until(lambda: [each["name"] for each in cluster.status()["children"]] == NAMES[:1], 120)
    assert len(qemu(cluster)) == 1
    assert cluster.run(HOST, "ls", "/var/lib/confkube/children/2").returncode != 0
    assert cluster.run(HOST, "ls", "/sys/class/net/confkube-c2").returncode != 0


def test_stopping_shuts_down_in_order_and_removal_leaves_nothing(cluster):
    begun = time.monotonic()
    assert cluster.run(HOST, "systemctl", "stop", "confkube-children", timeout=150).returncode == 0
    say(f"shut down in {time.monotonic() - begun:.0f} s")
    assert qemu(cluster) == []
    journal = cluster.run(HOST, "journalctl", "--no-pager", "-o", "cat", "-u", "confkube-child@1").stdout
    assert "reboot: Power down" in journal
    links = cluster.run(HOST, "ip", "-o", "link").stdout
    assert "confkube-c" not in links
    assert "confkube-br" in links
    removed = cluster.run(HOST, "sh", "/usr/local/lib/confkube/children.sh", "remove")
    assert removed.returncode == 0, removed.stderr
    left = cluster.run(
        HOST, "sh", "-c", "ip -o link; ip rule; ip route; nft list tables; grep confkube-child /etc/passwd"
    ).stdout
    for word in ("confkube-br", "confkube-vx", "confkube_overlay", "4789", "10.21.", "confkube-child"):
        assert word not in left
    found = cluster.run(
        HOST, "sh", "-c", "ls -d /var/lib/confkube/children /run/confkube/children /etc/confkube/children*"
    )
    assert found.stdout == ""

"""Bare metal with real hosts: looked at, refused, made nodes of a cluster, and given back as they were.

The tests run in order and share two hosts; each starts where the one before ended. What their processors and firmware
are is recorded (metal_world), everything that is done to them is real.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
from difflib import unified_diff

import pytest
from boot import samples
from lab import metal_world
from lab.metal_cluster import CLUSTER, NODE, Cluster

READY_SECONDS = 300
HOSTS = ("host-a", "host-b")


@pytest.fixture(scope="module")
def world():
    with metal_world.running() as found:
        yield found


@pytest.fixture(scope="module")
def cluster(world):
    return Cluster(world)


@pytest.fixture(scope="module")
def before(world):
    """What both hosts were before anything."""
    return {host: world.state(host) for host in HOSTS}


def same(before, world, hosts=HOSTS):
    changed = [line for host in hosts for line in unified_diff(before[host], world.state(host), host, n=0, lineterm="")]
    assert not changed, "\n".join(changed[:60])


def at_once(world, cluster, verb):
    """Run a command for both roles at the same time, as the engine does."""
    found = {}

    def one(role):
        found[role] = world.confkube(verb, **cluster.told(role))

    running = [threading.Thread(target=one, args=(role,)) for role in ("control-plane", "worker")]
    for each in running:
        each.start()
    for each in running:
        each.join()
    return found


def kubectl(world, *words):
    return world.run("host-a", "env", "KUBECONFIG=/etc/kubernetes/admin.conf", "kubectl", *words)


def nodes(world):
    listed = json.loads(kubectl(world, "get", "nodes", "-o", "json").stdout or '{"items": []}')["items"]
    return {
        node["metadata"]["name"]: any(
            each["type"] == "Ready" and each["status"] == "True" for each in node["status"]["conditions"]
        )
        for node in listed
    }


def one_line(refused):
    assert refused.returncode == 1, refused.stdout
    last = refused.stderr.rstrip("\n").splitlines()[-1]
    assert last.startswith("confkube: ")
    assert "Traceback" not in refused.stderr
    return last


def test_ready_hosts_are_told_so_and_nothing_is_changed(world, before):
    done = world.confkube("check", "--json", world.settings(world.block(host_b={"tee": "snp"})))
    assert done.returncode == 0, done.stdout
    found = {row["host"]: row for row in json.loads(done.stdout)}
    assert {name: (row["role"], row["ready"]) for name, row in found.items()} == {
        "host-a": ("control-plane", True),
        "host-b": ("worker", True),
    }
    names = {row["check"]: row["found"] for row in found["host-b"]["findings"]}
    assert (names["hostname"], names["containerd"]) == ("host-b", "1.7.24~ds1-6+deb13u1, not installed yet")
    table = world.confkube("check", world.settings(world.block(host_b={"tee": "snp"}))).stdout
    assert "2 of 2 hosts are ready; nothing was changed" in table
    same(before, world)


def test_a_host_that_fails_is_refused_with_all_that_it_lacks_and_none_is_changed(world, cluster, before):
    told = cluster.network()
    told["hosts"] = {**world.block(host_b={"tee": "tdx"}), "control_plane": "host-a"}
    said = one_line(world.confkube("network-up", **told))
    assert said.startswith("confkube: 1 of 2 hosts are not ready, and nothing was changed: host-b (3): ")
    for lack in ("tdx-firmware: the processor shows no tdx_host_platform", "load kvm_intel with tdx=1", "tdx-qgs"):
        assert lack in said
    same(before, world)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"port": 2222}, r"host host-b: 10\.20\.0\.11 port 2222 is not reached: "),
        ({"user": "nobody"}, "user nobody is not let in with the key /var/tmp/"),
        ({"key_file": "/etc/hostname"}, "others may read /etc/hostname; make it private: chmod 600"),
        ({"key_file": "/no/such/key"}, "/no/such/key is no file that can be read"),
    ],
)
def test_a_host_that_is_not_reached_is_refused_in_one_line(world, cluster, change, reason):
    told = cluster.network()
    told["hosts"] = {**world.block(host_b={"tee": "snp", **change}), "control_plane": "host-a"}
    said = one_line(world.confkube("network-up", **told)).replace("host-b (1): ", "host host-b: ")
    assert re.search(reason, said), said


def test_a_host_with_another_key_is_not_talked_to(world, cluster):
    told = cluster.network()
    key = (metal_world.FOLDER / "user.pub").read_text().strip()
    told["hosts"] = {**world.block(host_b={"host_key": key}), "control_plane": "host-a"}
    assert "has another host key than the given one" in one_line(world.confkube("network-up", **told))


def test_a_user_who_may_not_become_root_is_refused(world, cluster):
    world.run("host-b", "mv", "/etc/sudoers.d/ops", "/root/ops")
    said = one_line(world.confkube("network-up", **cluster.network()))
    world.run("host-b", "mv", "/root/ops", "/etc/sudoers.d/ops")
    assert "user ops may not become root" in said


def test_what_cannot_succeed_is_undone_with_its_reason(world, cluster, before):
    told = cluster.told("worker")
    software = world.software.kubeadm
    wrong = told["given"]["user_data"].replace(software.sha256, "0" * 64)
    assert wrong != told["given"]["user_data"]
    haste = "#!/bin/sh\nexec /usr/bin/sleep 0.02\n"
    world.run("host-b", "sh", "-c", "cat >/usr/local/sbin/sleep; chmod 755 /usr/local/sbin/sleep", stdin=haste)
    said = one_line(world.confkube("machines-up", given={**told["given"], "user_data": wrong}, hosts=told["hosts"]))
    world.run("host-b", "rm", "/usr/local/sbin/sleep")
    assert "host host-b: confkube-install fails: confkube: install failed: kubeadm v1.34.2 could not be fetched" in said
    same(before, world, ["host-b"])


def started(world, cluster, role, until):
    """Begin to make a host a machine, and kill both ends once ``until`` is true there."""
    told = cluster.told(role)
    process = subprocess.Popen(
        [f"{sys.prefix}/bin/confkube", "metal", "machines-up"],
        env=os.environ | {"CONFKUBE_METAL": json.dumps(told["hosts"])},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    process.stdin.write(json.dumps(told["given"]))
    process.stdin.close()
    host = told["hosts"]["hosts"][0]["name"]
    deadline = time.monotonic() + 60
    while world.run(host, "sh", "-c", until).returncode:
        assert time.monotonic() < deadline
    world.run(host, "pkill", "-KILL", "-f", "runpy.run_module.'host'")
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    "until",
    [
        "test -e /var/lib/confkube-metal/*/files/1 -o -e /var/lib/confkube-metal/*/record.json",
        "test -e /etc/confkube/node.env",
        "dpkg -s runc",
        "test -e /usr/local/bin/kubelet",
    ],
)
def test_a_killed_run_is_undone_with_the_network(world, cluster, before, until):
    started(world, cluster, "worker", until)
    done = world.confkube("network-down", **cluster.network())
    assert done.returncode == 0, done.stderr
    same(before, world, ["host-b"])


def test_a_killed_run_is_taken_up_again_and_both_nodes_become_ready(world, cluster):
    started(world, cluster, "worker", "test -e /usr/local/bin/kubeadm")
    found = at_once(world, cluster, "machines-up")
    assert {role: done.returncode for role, done in found.items()} == {"control-plane": 0, "worker": 0}, found
    deadline = time.monotonic() + READY_SECONDS
    while nodes(world) != {NODE: True, "host-b": True}:
        assert time.monotonic() < deadline, kubectl(world, "get", "nodes,pods", "-A").stdout
        time.sleep(1)
    assert "host-a: confkube-addons: done\n" in found["control-plane"].stderr
    answer = json.loads(found["control-plane"].stdout)
    assert [host["name"] for host in answer["hosts"]] == ["host-a"]


def test_secrets_are_neither_kept_nor_printed(world, cluster):
    kept = f"grep -rlF -e '{samples.TOKEN}' /var/lib/confkube-metal /run/confkube-metal /etc/confkube /var/lib/confkube"
    assert world.run("host-a", "sh", "-c", kept).stdout == ""
    assert world.run("host-a", "sh", "-c", "ls /run/confkube-metal").stdout.split() == ["lock"]
    told = f"journalctl -q -o cat | grep -cF -e 'PRIVATE KEY' -e '{samples.TOKEN}'"
    assert world.run("host-a", "sh", "-c", told).stdout == "0\n"
    assert world.run("host-a", "stat", "-c", "%a %U", "/var/lib/confkube-metal").stdout == "700 root\n"


def test_the_same_again_changes_nothing(world, cluster):
    settled = {host: world.state(host) for host in HOSTS}
    assert world.confkube("network-up", **cluster.network()).returncode == 0
    found = at_once(world, cluster, "machines-up")
    assert {role: (done.returncode, done.stderr) for role, done in found.items()} == {
        "control-plane": (0, ""),
        "worker": (0, ""),
    }
    now = {host: world.state(host) for host in HOSTS}
    moved = {host: set(settled[host]) ^ set(now[host]) for host in HOSTS}
    # The cluster itself works on: etcd writes, logs grow.
    assert not [line for host in HOSTS for line in moved[host] if "/etcd/" not in line and "process " not in line]


def test_another_boot_text_is_not_applied_to_a_running_machine(world, cluster):
    told = cluster.told("worker")
    changed = told["given"]["user_data"].replace("pool workers of", "pool others of")
    done = world.confkube("machines-up", given={**told["given"], "user_data": changed}, hosts=told["hosts"])
    assert done.returncode == 0
    assert "it has an older boot text and keeps it" in done.stderr
    assert (
        json.loads(done.stdout)["boot_digest"]
        == json.loads(world.confkube("machines-up", **cluster.told("worker")).stdout)["boot_digest"]
    )


def test_another_cluster_is_refused_and_the_host_stays(world, cluster):
    told = cluster.network()
    said = one_line(world.confkube("network-up", given={**told["given"], "cluster": "other-1"}, hosts=told["hosts"]))
    assert f"host-b (1): it belongs to the cluster {CLUSTER}; destroy that one first" in said
    told = cluster.told("worker")
    told["given"] = {**told["given"], "cluster": "other-1"}
    assert f"it is metal-workers of the cluster {CLUSTER} already" in one_line(world.confkube("machines-up", **told))
    assert world.confkube("machines-down", **told).returncode == 0
    assert nodes(world)["host-b"]


def test_two_runs_at_once_exclude_each_other(world, cluster):
    held = "flock /run/confkube-metal/lock sleep 15 >/dev/null 2>&1 &"
    world.run("host-b", "sh", "-c", held)
    said = one_line(world.confkube("machines-down", **cluster.told("worker")))
    assert "another run of confkube is at work on this host; wait for its end" in said
    world.run("host-b", "pkill", "sleep")


def test_destroy_gives_the_hosts_back_as_they_were(world, cluster, before):
    found = at_once(world, cluster, "machines-down")
    assert {role: done.returncode for role, done in found.items()} == {"control-plane": 0, "worker": 0}, found
    assert world.confkube("network-down", **cluster.network()).returncode == 0
    same(before, world)


def test_a_host_that_is_not_named_any_more_is_given_back(world, cluster, before):
    """The engine tells a pool's command where it was before."""
    told = cluster.told("worker")
    world.run("host-b", "mkdir", "-p", f"/var/lib/confkube-metal/{CLUSTER}")
    record = {"cluster": CLUSTER, "machine": "metal-workers", "digest": "x", "phase": "preparing"}
    record["before"] = before_of(world)
    world.run("host-b", "sh", "-c", f"cat >/var/lib/confkube-metal/{CLUSTER}/record.json", stdin=json.dumps(record))
    first = cluster.told("control-plane")["hosts"]
    answered = json.dumps({"hosts": told["hosts"]["hosts"]})
    done = world.confkube("machines-down", given=told["given"], hosts=first, before=answered)
    assert done.returncode == 0, done.stderr
    same(before, world)


def before_of(world):
    rows = world.run("host-b", "dpkg-query", "-W", "-f", "${binary:Package} ${Version}\n").stdout.splitlines()
    return {
        "packages": dict(row.split(" ") for row in rows),
        "units": {},
        "kernel": {"settings": {}, "modules": [], "links": [], "tables": None},
        "told": {"units": []},
        "files": {},
        "absent": [],
        "listed": {},
        "parents": [],
    }

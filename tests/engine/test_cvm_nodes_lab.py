"""The whole life of the stack cvm-nodes-lab: a real cluster on this computer, from nothing to nothing.

The tests run in order and share one cluster; each starts where the one before ended.
"""

import contextlib
import copy
import dataclasses
import json
import os
import subprocess
from pathlib import Path

import pytest
from lab_world import PODS, eventually, lab

from confkube import bootstrap, facts
from confkube.clouds.lab import LabPlatform
from confkube.roles import pki
from confkube_lab import faults, machines, readiness

NAME = "cvm-nodes-lab"
DOMAIN = f"{NAME}.confkube.internal"
CONTROL_PLANE, TRUST, FIRST, SECOND, THIRD = (
    f"{NAME}-{end}" for end in ("control-plane", "trust", "workers-1", "workers-2", "workers-3")
)
IDENTITY = "/var/lib/confkube-lab"
"""Where a machine keeps its key and certificate."""
READY_SECONDS = 240
"""Generous: other tests run beside this one. What is promised for an idle computer is measured by `make bench`."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with lab(tmp_path_factory.mktemp("lab")) as found:
        yield found


@pytest.fixture(scope="module")
def stack(world, stack_in, committed_config):
    return stack_in(NAME, committed_config(NAME))


def with_workers(committed_config, count):
    config = copy.deepcopy(committed_config(NAME))
    config["confkube:args"]["pools"] = [{"name": "workers", "count": count}]
    return config


class TestCvmNodesLab:
    def test_a_preview_makes_nothing(self, stack, world):
        assert stack.preview().steps["create"]
        assert not world.home.root.exists()

    def test_it_comes_up_and_every_node_becomes_ready(self, stack, world):
        result = stack.up()
        made = {each for each in result.steps["create"] if each.startswith("command:local:Command")}
        parts = ("control-plane", "network", "trust", "workers")
        assert made == {f"command:local:Command {NAME}-{part}" for part in parts}
        took = readiness.wait(world.inventory, READY_SECONDS, lambda _: None)
        assert set(took) == {CONTROL_PLANE, FIRST, SECOND}
        assert result.outputs["world"] == "lab"
        assert "nothing here is confidential" in result.outputs["attestation"]
        world.kubeconfig.write_text(result.outputs["kubeconfig"])

    def test_no_secret_is_in_the_state_in_plain_text(self, stack):
        state = json.dumps(stack.state())
        assert "PRIVATE KEY" not in state
        for made in stack.state()["resources"]:
            if made["type"] == "command:local:Command":
                assert set(made["inputs"]["stdin"]) > {"ciphertext"}

    def test_its_kubeconfig_works_from_this_computer(self, world):
        nodes = world.json("get", "nodes")["items"]
        assert {node["status"]["nodeInfo"]["kubeletVersion"] for node in nodes} == {facts.artifact("kubelet").version}
        labels = {node["metadata"]["name"]: node["metadata"]["labels"].get("confkube.dev/tee") for node in nodes}
        assert labels == {CONTROL_PLANE: None, FIRST: "snp", SECOND: "snp"}

    def test_a_second_up_changes_nothing(self, stack):
        assert not stack.up().changed
        assert not stack.refresh().changed

    def test_pods_on_both_workers_reach_each_other_and_the_dns(self, world):
        world.kubectl("apply", "-f", "-", stdin=PODS)
        pods = eventually(lambda: len(found := world.pods()) == 2 and found, 120)
        assert set(pods) == {FIRST, SECOND}
        (one, _), (_, other) = pods[FIRST], pods[SECOND]
        world.kubectl("-n", "try", "exec", one, "--", "ping", "-c", "1", "-w", "5", other)
        ask = ("-n", "try", "exec", one, "--", "nslookup", "kubernetes.default.svc.cluster.local")
        eventually(lambda: world.kubectl(*ask, check=False).returncode == 0)

    def test_logs_and_exec_work(self, world):
        for node, (pod, _) in world.pods().items():
            assert world.kubectl("-n", "try", "logs", pod) == f"started on {node}\n"
            assert world.kubectl("-n", "try", "exec", pod, "--", "hostname").strip() == pod

    def test_machines_reach_the_metadata_address_and_pods_do_not(self, world):
        address = "http://169.254.169.254/confkube-lab/v1/machine"
        own = world.run(FIRST, "curl", "-sS", "-m", "5", "-H", "Confkube-Lab: machine", address)
        assert json.loads(own.stdout)["name"] == FIRST
        pod, _ = world.pods()[FIRST]
        header = ("--header", "Confkube-Lab: machine")
        asked = world.kubectl("-n", "try", "exec", pod, "--", "wget", "-T", "3", "-O-", *header, address, check=False)
        assert asked.returncode
        assert "timed out" in asked.stderr
        unknown = world.run(FIRST, "su", "-s", "/bin/sh", "nobody", "-c", f"curl -m 3 -sS {address}")
        assert unknown.returncode

    def test_a_machine_reads_its_own_secret_and_no_other(self, world):
        """The control plane has fetched its keys from the store; a worker knows the name and is refused."""
        address = next(
            line.partition("=")[2].strip("'\n")
            for line in world.run(CONTROL_PLANE, "cat", "/etc/confkube/node.env").stdout.splitlines()
            if line.startswith("SECRET_ADDRESS=")
        )
        script = world.run(CONTROL_PLANE, "cat", "/usr/local/lib/confkube/fetch-secret").stdout
        asked = world.run(CONTROL_PLANE, "sh", "-s", address, stdin=script)
        assert set(json.loads(asked.stdout)) == {"ca.crt", "ca.key", "sa.key", "sa.pub", "token"}
        refused = world.run(FIRST, "sh", "-s", address, stdin=script)
        assert refused.returncode
        assert "403" in refused.stderr
        assert "KEY" not in refused.stdout

    def test_nobody_attests_before_the_trust_server_is_enrolled(self, world):
        status = self.trust(world, "status", "--json")
        assert json.loads(status.stdout)["state"] == "waits for enrolment"
        refused = self.trust(world, "enroll")
        assert refused.returncode == 1
        assert "--unverified" in refused.stderr

    @staticmethod
    def trust(world, *words):
        stack = TestCvmNodesLab.at
        environment = stack.stack.workspace.env_vars
        path = f"{Path(stack.engine).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["confkube", "trust", *words, "--stack", NAME],
            cwd=stack.folder,
            env={**os.environ, **environment, "PATH": path, "CONFKUBE_LAB_HOME": str(world.home.root)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    @pytest.fixture(autouse=True)
    def _remember(self, stack):
        TestCvmNodesLab.at = stack

    def test_enrolment_lets_the_agents_attest(self, world):
        done = self.trust(world, "enroll", "--unverified")
        assert done.returncode == 0, done.stderr
        assert "nothing was verified" in done.stdout + done.stderr
        agents = eventually(lambda: len(found := world.agents()) == 2 and found, 90)
        assert {agent["attestation_type"] for agent in agents.values()} == {"x509pop"}
        assert all(agent["can_reattest"] for agent in agents.values())
        status = self.trust(world, "status")
        assert "enrolled without evidence (--unverified)" in status.stdout
        assert "nothing here is confidential" in status.stdout

    def test_a_registered_workload_gets_an_identity_and_another_does_not(self, world):
        for agent in world.agents():
            selectors = ("-selector", "k8s:ns:try", "-selector", "k8s:sa:default")
            world.server("entry", "create", "-parentID", agent, "-spiffeID", f"spiffe://{DOMAIN}/try", *selectors)
        for pod, _ in world.pods().values():
            found = eventually(lambda pod=pod: "Received 1 svid" in (got := world.identity(pod)).stdout and got.stdout)
            assert f"spiffe://{DOMAIN}/try" in found
        world.kubectl("create", "namespace", "other")
        world.kubectl("label", "namespace", "other", "pod-security.kubernetes.io/enforce=privileged")
        world.kubectl("apply", "-f", "-", stdin=PODS.replace("namespace: try", "namespace: other"))
        strangers = eventually(lambda: len(found := world.pods(namespace="other")) == 2 and found)
        for pod, _ in strangers.values():
            answer = world.identity(pod, "other")
            assert answer.returncode
            assert "no identity issued" in answer.stdout + answer.stderr
        world.kubectl("delete", "namespace", "other", "--wait=false")

    def test_every_identity_says_that_nothing_was_verified(self, world):
        pod, _ = world.pods()[FIRST]
        fetch = "spire-agent api fetch x509 -socketPath /run/spire/spire-agent.sock -write /tmp >/dev/null"
        chain = world.kubectl("-n", "try", "exec", pod, "--", "sh", "-c", f"{fetch}; cat /tmp/svid.0.pem")
        shown = world.run(TRUST, "openssl", "crl2pkcs7", "-nocrl", "-certfile", "/dev/stdin", stdin=chain).stdout
        names = world.run(TRUST, "openssl", "pkcs7", "-print_certs", "-noout", stdin=shown).stdout
        assert "enrolled without evidence" in names

    def test_a_third_worker_joins_and_attests(self, stack, world, committed_config):
        stack.configure(with_workers(committed_config, 3))
        result = stack.up()
        assert result.changed == {"update": {f"command:local:Command {NAME}-workers"}}
        readiness.wait(world.inventory, READY_SECONDS, lambda _: None)
        assert THIRD in readiness.nodes(world.inventory)
        eventually(lambda: len(world.agents()) == 3, 60)

    def test_a_rebooted_worker_attests_again(self, world):
        before, agents = world.boot_id(FIRST), set(world.agents())
        fingerprint = world.run(
            FIRST,
            "sh",
            "-c",
            f"openssl x509 -in {IDENTITY}/certificate.pem -outform DER | sha1sum | cut -d' ' -f1",
        ).stdout.strip()
        mine = next(agent for agent in agents if agent.endswith(fingerprint))
        world.server("agent", "evict", "-spiffeID", mine)
        assert mine not in world.agents()
        faults.reboot(world.inventory, world.machine(FIRST))
        eventually(lambda: mine in world.agents(), 120)
        assert world.boot_id(FIRST) != before
        eventually(lambda: readiness.nodes(world.inventory).get(FIRST), 60)
        eventually(lambda: FIRST in world.pods(), 60)

    def test_a_drained_worker_leaves(self, stack, world, committed_config):
        world.kubectl("drain", THIRD, "--ignore-daemonsets", "--timeout=60s")
        stack.configure(with_workers(committed_config, 2))
        assert stack.up().changed == {"update": {f"command:local:Command {NAME}-workers"}}
        world.kubectl("delete", "node", THIRD)
        assert set(readiness.nodes(world.inventory)) == {CONTROL_PLANE, FIRST, SECOND}
        assert [machine.name for machine in world.inventory.of_group(f"{NAME}-workers")] == [FIRST, SECOND]

    def test_faults_are_seen_and_undone(self, world):
        worker = world.machine(SECOND)
        faults.cable(world.inventory, worker, plugged=False)
        assert world.run(SECOND, "ping", "-c", "1", "-w", "1", "10.20.0.1").returncode
        faults.cable(world.inventory, worker, plugged=True)
        eventually(lambda: world.run(SECOND, "ping", "-c", "1", "-w", "1", "10.20.0.1").returncode == 0)
        faults.fill(world.inventory, worker)
        full = world.run(SECOND, "sh", "-c", "head -c 1000000 /dev/zero >/var/lib/more")
        assert "No space left on device" in full.stderr
        faults.drain(world.inventory, worker)
        assert world.run(SECOND, "sh", "-c", "head -c 1000000 /dev/zero >/var/lib/more").returncode == 0
        faults.kill(world.inventory, worker)
        assert {row["name"]: row["state"] for row in world.inventory.overview()}[SECOND] == "off"
        faults.start(world.inventory, worker)
        eventually(lambda: world.run(SECOND, "systemctl", "is-active", "kubelet").stdout.strip() == "active")


class TestRefusals:
    """Machines that must not get in: each is refused, and its log says so."""

    @pytest.fixture(scope="class")
    def intruders(self, world):
        made = []

        def start(name, tier, user_data, secret=None, address=None):
            lab = json.loads(world.home.lab_file.read_text())["lab"]
            spec = {
                "name": name,
                "lab": lab,
                "tier": tier,
                "isolation": "plain",
                "tee": "none",
                "disk_gib": 5,
                "user_data": user_data,
                "labels": {},
                "secret": secret,
                "address": address,
            }
            made.append(name)
            machines.apply(world.home, spec)

        yield start
        for name in made:
            machines.remove(world.home, name)

    @staticmethod
    def worker(world, **changed):
        kubeadm = world.run(CONTROL_PLANE, "cat", "/etc/kubernetes/pki/ca.crt").stdout
        known = {
            "cluster_id": "intruder",
            "pool": "intruders",
            "api_endpoint": "10.20.128.10:6443",
            "ca_hash": pki.public_key_hash(
                world.run(CONTROL_PLANE, "openssl", "x509", "-noout", "-pubkey", stdin=kubeadm).stdout
            ),
            "token": "abcdef.0123456789abcdef",
        }
        return bootstrap.worker(bootstrap.WorkerBoot(**known | changed, profile=LabPlatform({}, "lab").boot))

    def test_a_worker_with_a_wrong_ca_hash(self, world, intruders):
        token = world.run(CONTROL_PLANE, "kubeadm", "token", "create", "--ttl", "1h").stdout.strip()
        intruders("wrong-hash", "workers", self.worker(world, ca_hash="sha256:" + "0" * 64, token=token))
        log = eventually(lambda: "pinned" in (text := world.logs("wrong-hash", "confkube-join")) and text, 120)
        assert "none of the public keys" in log
        assert "wrong-hash" not in readiness.nodes(world.inventory)

    def test_a_worker_with_an_expired_token(self, world, intruders):
        token = world.run(CONTROL_PLANE, "kubeadm", "token", "create", "--ttl", "1s").stdout.strip()
        intruders("late", "workers", self.worker(world, token=token))
        log = eventually(
            lambda: "could not find a JWS signature" in (text := world.logs("late", "confkube-join")) and text, 120
        )
        assert f'for token ID "{token.partition(".")[0]}"' in log
        assert token not in log
        assert "late" not in readiness.nodes(world.inventory)

    def test_a_second_control_plane_with_another_ca(self, world, intruders):
        """It holds the cluster's keys, but was told of another authority."""
        keys = {
            "ca.crt": world.run(CONTROL_PLANE, "cat", "/etc/kubernetes/pki/ca.crt").stdout,
            **dict.fromkeys(("ca.key", "sa.key", "sa.pub", "token"), "unused"),
        }
        other = world.run(
            TRUST, "sh", "-c", "openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=other -days 1"
        ).stdout
        boot = bootstrap.ControlPlaneBoot(
            cluster_id="intruder",
            node_name="second",
            private_ip="10.20.128.11",
            ca_certificate_pem=other,
            secret_name="confkube/intruder/control-plane",
            profile=dataclasses.replace(LabPlatform({}, "lab").boot),
        )
        secret = {"name": "confkube/intruder/control-plane", "value": json.dumps(keys)}
        intruders("second", "control-plane", bootstrap.control_plane(boot), secret, "10.20.128.11")
        log = eventually(lambda: "another cluster" in (text := world.logs("second", "confkube-secrets")) and text, 120)
        assert "BEGIN" not in log
        assert not world.run("second", "sh", "-c", "ls /etc/kubernetes/manifests").stdout

    def test_an_agent_with_a_foreign_certificate(self, world):
        forge = (
            f"cd {IDENTITY} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 "
            "-keyout key.pem -out certificate.pem -subj /CN=forged -addext keyUsage=critical,digitalSignature && "
            "rm -rf /var/lib/spire/agent/* && systemctl restart spire-agent"
        )
        before, refused = set(world.agents()), "certificate signed by unknown authority"
        assert not any(
            refused in world.logs(machine, unit) for machine, unit in ((SECOND, "spire-agent"), (TRUST, "spire-server"))
        )
        assert world.run(SECOND, "sh", "-ec", forge).returncode == 0
        eventually(lambda: refused in world.logs(SECOND, "spire-agent"), 60)
        eventually(lambda: refused in world.logs(TRUST, "spire-server"), 60)
        assert set(world.agents()) == before


class TestTheEnd:
    def test_a_replaced_trust_server_is_enrolled_anew_and_the_agents_come_back(self, stack, world):
        """Its key was the old machine's own; workers keep the root alone, so nothing has to be done on them."""
        urn = next(
            each["urn"]
            for each in stack.state()["resources"]
            if each["urn"].endswith(f"::{TRUST}") and "Command" in each["urn"]
        )
        assert f"command:local:Command {TRUST}" in stack.up(replace=[urn]).changed["replace"]
        assert TestCvmNodesLab.trust(world, "enroll", "--unverified").returncode == 0
        eventually(lambda: len(world.agents()) >= 1, 120)

    def test_destroy_leaves_nothing_behind(self, stack, world):
        world.remember()
        assert set(world.traces()) == {"control groups", "files", "loop devices", "network namespaces", "processes"}
        stack.destroy()
        # The kernel takes a moment to remove what was in a namespace.
        with contextlib.suppress(AssertionError):
            eventually(lambda: not world.traces(), 20)
        assert not world.traces()

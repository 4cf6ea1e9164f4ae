"""A lab of the tests' own: its home, what it would leave behind on this computer, and kubectl from outside."""

import json
import os
import subprocess
import time
from pathlib import Path

from confkube_lab import enter, labs
from confkube_lab.home import LabHome
from confkube_lab.image import build
from confkube_lab.inventory import Inventory

PODS = """
apiVersion: v1
kind: Namespace
metadata: {name: try, labels: {pod-security.kubernetes.io/enforce: privileged}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: try, namespace: try}
spec:
  selector: {matchLabels: {app: try}}
  template:
    metadata: {labels: {app: try}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: try
        image: registry.confkube.internal/tools:1
        command: [sh, -c, "echo started on $NODE; sleep 100000"]
        env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
        volumeMounts: [{name: spire, mountPath: /run/spire}]
      volumes: [{name: spire, hostPath: {path: /run/spire/agent-sockets}}]
---
apiVersion: v1
kind: Pod
metadata: {name: stranger, namespace: default}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: stranger, image: registry.confkube.internal/tools:1, command: [sleep, "100000"]}
"""


def eventually(found, seconds=60, pause=0.3):
    """Return what ``found`` returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(pause)
    return value


def traces():
    """Everything on this computer that a lab could leave behind."""
    processes, namespaces = set(), set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            namespaces.add((folder / "ns/net").readlink().name)
        except OSError:
            continue
        if "nspawn" in line or "confkube_lab.holder" in line:
            processes.add(f"{folder.name} {line}")
    return {
        "processes": processes,
        "network namespaces": namespaces,
        "mounts": {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()},
        "interfaces": {path.name for path in Path("/sys/class/net").iterdir()},
        "control groups": {
            str(path) for depth in ("*", "*/*", "*/*/*") for path in Path("/sys/fs/cgroup").glob(f"{depth}/confkube-lab-*")
        },
        "loop devices": {
            file.read_text() for file in Path("/sys/block").glob("loop*/loop/backing_file") if file.exists()
        },
    }


class World:
    """The lab that a stack's machines are in."""

    def __init__(self, folder):
        self.home = LabHome(folder)
        self.inventory = Inventory(self.home)
        self.kubeconfig = folder.with_name("kubeconfig")

    def machine(self, name):
        return self.inventory.find(name)

    def run(self, machine, *command, stdin="", timeout=60):
        return enter.run(self.inventory, self.machine(machine), *command, stdin=stdin, timeout=timeout)

    def logs(self, machine, unit="*"):
        """The journal of a unit, as ``confkube lab logs`` shows it."""
        done = subprocess.run(
            ["confkube", "lab", "logs", machine, "-u", unit],
            env=os.environ | {"CONFKUBE_LAB_HOME": str(self.home.root)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    def kubectl(self, *arguments, stdin=None, check=True):
        """Run kubectl on this computer, with the stack's own kubeconfig."""
        program = build.path(os.environ) / "usr/local/bin/kubectl"
        done = subprocess.run(
            [program, "--kubeconfig", self.kubeconfig, "--request-timeout=60s", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout if check else done

    def json(self, *arguments):
        return json.loads(self.kubectl(*arguments, "-o", "json"))

    def pods(self, label="app=try", namespace="try"):
        """Node -> (name, address) of the running pods."""
        return {
            pod["spec"]["nodeName"]: (pod["metadata"]["name"], pod["status"].get("podIP"))
            for pod in self.json("-n", namespace, "get", "pods", "-l", label)["items"]
            if pod["status"]["phase"] == "Running" and not pod["metadata"].get("deletionTimestamp")
        }

    def agents(self):
        """SPIFFE id -> what the server knows of each attested agent."""
        done = self.run("trust", "spire-server", "agent", "list", "-output", "json", "-socketPath", "/run/spire/server.sock")
        assert done.returncode == 0, done.stderr
        listed = json.loads(done.stdout)["agents"]
        return {f"spiffe://{each['id']['trust_domain']}{each['id']['path']}": each for each in listed}

    def server(self, *words):
        done = self.run("trust", "spire-server", *words, "-socketPath", "/run/spire/server.sock")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def identity(self, pod, namespace="try"):
        """What the SPIRE agent of its node answers a pod."""
        fetch = ("spire-agent", "api", "fetch", "x509", "-socketPath", "/run/spire/spire-agent.sock", "-timeout", "5s")
        return self.kubectl("-n", namespace, "exec", pod, "--", *fetch, check=False)

    def boot_id(self, machine):
        """Changes with every boot of a machine; the kernel's own would not."""
        done = self.run(machine, "sh", "-c", "stat -c %Y.%i /proc/1/ns/pid; cut -d' ' -f22 /proc/1/stat")
        return done.stdout

    def clear(self):
        labs.reset(self.home)

"""A lab of the tests' own: its home, what it would leave behind on this computer, and kubectl from outside."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from glob import glob
from pathlib import Path

import pytest
from lab_guard import alone

from confkube_lab import check, enter, labs
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


def network_namespaces():
    """Those that some process of this computer is in."""
    found = set()
    for path in map(Path, glob("/proc/[0-9]*/ns/net")):
        try:
            found.add(path.readlink().name)
        except OSError:
            continue
    return found


def command_lines():
    for path in map(Path, glob("/proc/[0-9]*/cmdline")):
        try:
            yield f"{path.parent.name} {path.read_bytes().replace(bytes(1), b' ').decode(errors='replace')}"
        except OSError:
            continue


class World:
    """The lab that a stack's machines are in."""

    def __init__(self, folder):
        self.home = LabHome(folder)
        self.inventory = Inventory(self.home)
        self.kubeconfig = folder.with_name("kubeconfig")
        self.interfaces = {path.name for path in Path("/sys/class/net").iterdir()}
        self.namespaces = set()

    def remember(self):
        """Note the namespaces that the lab has now."""
        inside = [labs.inside(self.home), *filter(None, map(self.inventory.leader, self.inventory))]
        self.namespaces |= {Path(f"/proc/{process}/ns/net").readlink().name for process in inside}

    def traces(self):
        """What of this lab is on this computer: another one may run beside it."""
        home = str(self.home.root)
        groups = (glob(f"/sys/fs/cgroup/{depth}/confkube-lab-{self.home.tag}-*") for depth in ("*", "*/*", "*/*/*"))
        found = {
            "processes": {line for line in command_lines() if home in line},
            "network namespaces": network_namespaces() & self.namespaces,
            "mounts": {line for line in Path("/proc/self/mountinfo").read_text().splitlines() if home in line},
            "interfaces": {path.name for path in Path("/sys/class/net").iterdir()} - self.interfaces,
            "control groups": {str(path) for each in groups for path in each},
            "loop devices": {file for file in self._loop_files() if home in file},
            "files": {str(path) for path in self.home.root.parent.glob("*home*")},
        }
        return {what: there for what, there in found.items() if there}

    @staticmethod
    def _loop_files():
        for path in map(Path, glob("/sys/block/loop*/loop/backing_file")):
            try:
                yield path.read_text()
            except OSError:
                continue

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
        """SPIFFE id -> what the server knows of each attested agent; right after enrolment it is not there yet."""
        words = ("spire-server", "agent", "list", "-output", "json", "-socketPath", "/run/spire/server.sock")
        done = self.run("trust", *words)
        listed = json.loads(done.stdout)["agents"] if done.returncode == 0 else []
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


@contextmanager
def lab(folder):
    """A lab for one module, alone on this computer; skips where none can be."""
    home = LabHome(folder / "home")
    with alone(), pytest.MonkeyPatch.context() as patch:
        missing = check.reason(home, os.environ)
        if missing:
            pytest.skip(f"no lab here: {missing}")
        patch.setenv("CONFKUBE_LAB_HOME", str(home.root))
        patch.setenv("PATH", f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}")
        found = World(home.root)
        yield found
        found.clear()

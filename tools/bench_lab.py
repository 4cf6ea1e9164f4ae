"""Compare the lab's ``up``, from nothing to all nodes ready, with a bare script of the same kubeadm steps.

Run by ``make bench`` inside the sandbox, as root. Both use the same machines, image, certificates' kind and add-on, and
take turns. The bare script has no Pulumi, no secret store, no firewall, no checks and no retries.
"""

import argparse
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench import ROOT, project, pulumi

from confkube_lab import check, labs, machines, readiness
from confkube_lab.home import LabHome
from confkube_lab.inventory import Inventory

STACK = "cvm-nodes-lab"
READY_SECONDS = 120
TOKEN = "abcdef.0123456789abcdef"  # noqa: S105  of a cluster that lives for a minute
ADDRESS = "10.20.128.10"
TIERS = [
    {"name": "workers", "cidr": "10.20.0.0/17"},
    {"name": "control-plane", "cidr": "10.20.128.0/20"},
    {"name": "trust", "cidr": "10.20.144.0/20"},
]
EVERYTHING = [
    {"tier": tier, "source": source, "protocol": protocol, "port": port}
    for tier in ("workers", "control-plane")
    for source in ("workers", "control-plane")
    for protocol, port in (("tcp", 6443), ("tcp", 10250), ("udp", 8472))
]
COMMON = """sysctl -qw net.ipv4.ip_forward=1
mkdir -p /opt/cni/bin /etc/kubernetes/kubelet.conf.d /etc/kubernetes/patches
ln -s /usr/lib/cni/* /opt/cni/bin/
systemctl restart containerd
sh /usr/local/lib/confkube-lab/images.sh
systemctl daemon-reload
systemctl enable --now kubelet
"""
KUBELET = """[Service]
Environment=KUBELET_KUBEADM_ARGS=
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf \
--kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml \
--config-dir=/etc/kubernetes/kubelet.conf.d $KUBELET_KUBEADM_ARGS
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
"""
INIT = f"""apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.34.2
controlPlaneEndpoint: {ADDRESS}:6443
encryptionAlgorithm: ECDSA-P256
networking: {{podSubnet: 10.244.0.0/14}}
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
conntrack: {{maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens: [{{token: {TOKEN}}}]
patches: {{directory: /etc/kubernetes/patches}}
"""
JOIN = f"""apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery:
  bootstrapToken: {{token: {TOKEN}, apiServerEndpoint: "{ADDRESS}:6443", unsafeSkipCAVerification: true}}
patches: {{directory: /etc/kubernetes/patches}}
timeouts: {{discovery: 10m0s, tlsBootstrap: 10m0s}}
"""


def user_data(configuration: str, script: str) -> str:
    """The least cloud-config that makes a node."""
    files = {
        "/etc/confkube/kubeadm.yaml": configuration,
        "/etc/containerd/config.toml": 'version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]\n',
        "/etc/systemd/system/kubelet.service": KUBELET,
    }
    written = [{"path": path, "content": text} for path, text in files.items()]
    lines = "set -e\n" + COMMON + script
    return "#cloud-config\n" + json.dumps({"write_files": written, "runcmd": [["sh", "-c", lines]]})


def bare(home: LabHome) -> float:
    """Seconds from nothing to all nodes ready, by the script."""
    chart = next((Path(labs.build.path(os.environ)) / "usr/share/confkube/charts").glob("*.tgz")).name
    install = f"helm install lab-network /usr/share/confkube/charts/{chart} -n kube-system --set pods=10.244.0.0/14"
    init = f"kubeadm init --config /etc/confkube/kubeadm.yaml; KUBECONFIG=/etc/kubernetes/admin.conf {install}"
    begun = time.monotonic()
    labs.up(home, {"name": "bare", "cidr": "10.20.0.0/16", "tiers": TIERS, "openings": EVERYTHING}, os.environ)
    one = {"lab": "bare", "isolation": "plain", "tee": "none", "disk_gib": 50, "labels": {}}
    control_plane = {"name": "bare-control-plane", "tier": "control-plane", "address": ADDRESS}
    machines.apply(home, {**one, **control_plane, "user_data": user_data(INIT, init)})
    join = user_data(JOIN, "kubeadm join --config /etc/confkube/kubeadm.yaml")
    machines.apply(home, {**one, "name": "bare-workers", "tier": "workers", "count": 2, "user_data": join})
    readiness.wait(Inventory(home), READY_SECONDS, lambda _: None)
    took = time.monotonic() - begun
    labs.down(home, "bare")
    return took


def stack(home: LabHome, folder: Path) -> float:
    """Seconds from nothing to all nodes ready, by the stack; it makes a trust server too."""
    begun = time.monotonic()
    pulumi(folder, "up", "--yes", "--skip-preview")
    readiness.wait(Inventory(home), READY_SECONDS, lambda _: None)
    took = time.monotonic() - begun
    pulumi(folder, "destroy", "--yes", "--skip-preview")
    return took


def main() -> None:
    """Print the medians and their ratio."""
    # A lab outlives whoever started it: clear it away, however this ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="confkube-bench-lab-") as name:
        home = LabHome(Path(name) / "home")
        os.environ["CONFKUBE_LAB_HOME"] = str(home.root)
        os.environ["PATH"] = f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}"
        missing = check.reason(home, os.environ)
        if missing:
            sys.exit(f"no lab here: {missing}")
        folder = Path(name) / "project"
        folder.mkdir()
        project(folder, STACK, ROOT / "stacks" / "__main__.py")
        pulumi(folder, "stack", "init")
        ours, theirs = [], []
        try:
            for number in range(1, rounds + 1):
                ours.append(stack(home, folder))
                theirs.append(bare(home))
                print(f"round {number}: up {ours[-1]:.1f} s, bare script {theirs[-1]:.1f} s", file=sys.stderr)
        finally:
            labs.reset(home)
    ratio = statistics.median(ours) / statistics.median(theirs)
    print("lab: from nothing to three nodes ready, medians")
    print(f"  up {statistics.median(ours):.1f} s, bare script {statistics.median(theirs):.1f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()

"""A control plane, two hosts and their children, each in a network of its own, with the real script and rules."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from boot import samples, tools

from confkube import bootstrap
from confkube.bootstrap import Archive, Children, NestedHostBoot, Overlay
from confkube.bootstrap.document import written
from confkube.bootstrap.nested_values import hardware_address

PROBE = Path(__file__).with_name("probe.py")
METADATA, OUTSIDE = "169.254.169.254", "203.0.113.7"
OVERLAY = Overlay(control_plane="10.20.128.10", hosts=("10.20.0.10", "10.20.0.11"))
NODES = {"control-plane": OVERLAY.control_plane, "host-1": OVERLAY.hosts[0], "host-2": OVERLAY.hosts[1]}
CHILDREN = {"child-1-1": (1, 1), "child-1-2": (1, 2), "child-2-1": (2, 1)}
CLOUD_MTU = 1460

_BUILD = Path(__file__).with_name("children_build.py")
# What overlays are made of may not be an overlay itself, so the folder's content moves to memory.
_MOVE = """
mount -t tmpfs tmpfs /mnt
cp -a "$1" /mnt/mounted
mkdir -p "$1/mounted"
mount --move /mnt "$1"
shift
exec "$@"
"""


def boot(number, **changes):
    """Values of a host's boot text."""
    children = Children(
        count=sum(host == number for host, _ in CHILDREN.values()),
        vcpus=2,
        memory_mib=4096,
        disk_gib=20,
        image=Archive(url="https://images.example.org/child.qcow2", sha256="ab" * 32),
        user_data=bootstrap.worker(samples.worker()),
    )
    values = {
        "cluster_id": "demo-4f2a",
        "number": number,
        "overlay": OVERLAY,
        "children": children,
        "secret_name": f"confkube/demo-4f2a/host-{number}",
        "profile": samples.profile(),
    }
    return NestedHostBoot(**(values | changes))


def seen(serve, ask, show):
    """Build the world; who serves what, who asks what, and what is to be shown: name -> machine and shell text."""
    namespaces = tools.namespaces("-m", "-n", "-p", "--fork", "--kill-child")
    nft, environment = tools.nft()
    with tempfile.TemporaryDirectory() as folder:
        _lay_down(Path(folder))
        world = {
            "folder": f"{folder}/mounted",
            "probe": str(PROBE),
            "nft": nft,
            "mtu": CLOUD_MTU,
            "metadata": METADATA,
            "outside": OUTSIDE,
            "nodes": NODES,
            "children": {name: _child(*where) for name, where in CHILDREN.items()},
            "serve": serve,
            "ask": ask,
            "show": show,
        }
        done = subprocess.run(
            [*namespaces, "--mount-proc", "sh", "-ec", _MOVE, "sh", folder, sys.executable, _BUILD],
            input=json.dumps(world),
            env=environment | {"PATH": f"/usr/local/bin:{os.environ['PATH']}:/usr/sbin"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _lay_down(folder):
    cables = {number: [] for number in (1, 2)}
    for host, child in CHILDREN.values():
        address = OVERLAY.child(host, child)
        cables[host].append(f'"confkube-c{child}" . {hardware_address(address)} . {address}')
    for name in NODES:
        number = int(name[5:]) if name.startswith("host-") else 0
        files = written(bootstrap.nested_host(boot(number))) if number else bootstrap.overlay_files(OVERLAY)
        for file in files:
            path = folder / name / file.path.removeprefix("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text)
        (folder / name / "etc/confkube/node.env").touch()
        run = folder / name / "run/confkube/children"
        run.mkdir(parents=True)
        if number:
            (run / "cables.nft").write_text(
                f"add element bridge confkube_overlay cables {{ {', '.join(cables[number])} }}\n"
            )
    for name in CHILDREN:
        for path in ("etc/confkube", "run/confkube"):
            (folder / name / path).mkdir(parents=True)


def _child(host, number):
    address = OVERLAY.child(host, number)
    return {
        "host": f"host-{host}",
        "cable": f"confkube-c{number}",
        "address": str(address),
        "gateway": str(OVERLAY.gateway(host)),
        "mac": hardware_address(address),
    }

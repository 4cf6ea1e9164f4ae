"""Hosts for bare metal: machines of the lab with Debian's openssh-server, without Kubernetes and without containerd.

They install packages, programs, images and charts from the servers of ``install_world``. What a lab cannot have is
recorded: readiness reads processors, kernel, firmware, devices, clock and free space from ``tests/metal/fixtures/snp``,
and everything else from the host itself.
"""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from boot import tools
from lab import install_archive, install_world
from lab.install_services import Identity, Services, offer
from lab_guard import alone

from confkube.bootstrap import pinned
from confkube.errors import Refusal
from confkube_build.cache import cache_root, exclusive
from confkube_build.progress import Reporter
from confkube_lab import check, enter, labs, machines
from confkube_lab.home import LabHome
from confkube_lab.image import build, charts, debian
from confkube_lab.inventory import Inventory

NETWORK, TIER = "metal", "rack"
FOLDER = Path("/var/tmp/confkube-metal-tests")
"""One place, so that a run that was killed leaves nothing that the next one does not clear away."""
ADDRESSES = {"host-a": "10.20.0.10", "host-b": "10.20.0.11"}
FIXTURES = Path(__file__).parents[1] / "metal" / "fixtures"
RECORDED = "/opt/recorded"
_OWN = (
    "etc",
    "usr",
    "var",
    "run",
    "proc/net",
    "proc/swaps",
    "proc/meminfo",
    "recorded/uname",
    "proc/sys/kernel/hostname",
)
"""What of a host is its own in spite of that."""
_PORTS = (("tcp", 6443), ("tcp", 10250), ("udp", 8472), ("icmp", 0))
_HOST = """#cloud-config
ssh_deletekeys: false
ssh_genkeytypes: []
disable_root: false
users: []
"""


@dataclass(frozen=True)
class MetalWorld:
    """Two hosts, how they are reached, and what they install from."""

    home: LabHome
    software: object
    services: Services
    folder: Path

    @property
    def inventory(self):
        return Inventory(self.home)

    def block(self, **hosts):
        """The platform block: ``host_b={"tee": "snp"}`` adds to a host; both are in it."""
        found = [
            {
                "name": name,
                "address": address,
                "host_key": (self.folder / f"{name}.pub").read_text().strip(),
                "key_file": str(self.folder / "user"),
                **({"user": "ops"} if name == "host-b" else {}),
                **hosts.get(name.replace("-", "_"), {}),
            }
            for name, address in ADDRESSES.items()
        ]
        return {"hosts": found, "ssh_config": str(self.folder / "ssh_config")}

    def run(self, host, *command, stdin="", timeout=120):
        return enter.run(self.inventory, self.inventory.find(host), *command, stdin=stdin, timeout=timeout)

    def settings(self, block):
        """A file with the block, as ``confkube metal check`` reads it."""
        path = self.folder / "block.yaml"
        path.write_text(yaml.safe_dump(block))
        return str(path)

    def confkube(self, *words, given=None, hosts=None, before=None, timeout=1200):
        """Run ``confkube metal``, as its user or the engine would."""
        environment = dict(os.environ)
        if hosts is not None:
            environment["CONFKUBE_METAL"] = json.dumps(hosts)
        if before is not None:
            environment["PULUMI_COMMAND_STDOUT"] = before
        return subprocess.run(
            [f"{sys.prefix}/bin/confkube", "metal", *words],
            env=environment,
            input=json.dumps(given) if given is not None else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def state(self, host):
        """All that a host is made of: files with their digests, packages, units, rules, links, mounts, settings."""
        done = self.run(host, "bash", "-s", stdin=(Path(__file__).with_name("metal_state.sh")).read_text(), timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


@contextmanager
def running():
    """Bring the hosts up, and take them away at the end, or after a failure at any point."""
    home = LabHome(FOLDER / "home")
    missing = check.reason(home, os.environ)
    if missing:
        pytest.skip(f"no lab here: {missing}")
    cache = cache_root(os.environ)
    with alone(), exclusive(cache / "install-branch", lambda: None):
        _clear(home)
        try:
            yield from _running(home, cache)
        finally:
            _clear(home)


def _clear(home):
    labs.reset(home)
    for folder in (FOLDER, install_world.FOLDER):
        shutil.rmtree(folder, ignore_errors=True)


def _running(home, cache):
    image = build.path(os.environ)
    try:
        base = debian.ensure(debian.pristine_packages(), cache, os.environ, Reporter())
    except Refusal as refusal:
        pytest.skip(f"no Debian root without Kubernetes: {refusal}")
    wanted = sorted({*pinned().packages, *pinned().node_packages})
    archive = install_archive.repository(base, wanted, cache)
    ssh = install_archive.repository(base, ["openssh-server", "sudo"], cache)
    folder = FOLDER / "services"
    folder.mkdir(parents=True)
    identity = Identity.make(folder)
    root = install_world._root(base, identity.authority)
    _furnish(root, ssh)
    software = offer(folder / "content", archive, image)
    chart = folder / "chart.tgz"
    chart.write_bytes(charts.NETWORK.packed())
    for name in ("user", *ADDRESSES):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", FOLDER / name], check=True)
    labs.up(home, _network(), os.environ | {labs.IMAGE_VARIABLE: str(root)})
    _ways(home)
    services = Services(home, folder, identity)
    try:
        services.open()
        services.serve_packages(folder / "content")
        services.serve_images()
        push = services.push(chart, sorted(image.glob("usr/share/confkube/images/*/*.tar")))
        for name, address in ADDRESSES.items():
            machines.apply(home, _host(name, address))
        services.pushed(push)
        world = MetalWorld(home, software, services, FOLDER)
        for name in ADDRESSES:
            _settle(world, name)
        yield world
    finally:
        labs.down(home, NETWORK)
        services.end()


def _furnish(root, ssh):
    """Install openssh-server and sudo as the distribution does, and lay the recorded TEE down."""
    place = root / "tmp/ssh"
    place.mkdir(parents=True)
    for package in ssh.glob("*.deb"):
        shutil.copy(package, place)
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    done = tools.run("chroot", str(root), "sh", "-c", "DEBIAN_FRONTEND=noninteractive dpkg --install /tmp/ssh/*.deb")
    assert done.returncode == 0, done.stderr
    shutil.rmtree(place)
    (root / "usr/sbin/policy-rc.d").unlink()
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    assert tools.run("chroot", str(root), "useradd", "-m", "-s", "/bin/sh", "ops").returncode == 0
    (root / "etc/sudoers.d/ops").write_text('Defaults env_keep += "CONFKUBE_HOST_ROOT"\nops ALL=(ALL) NOPASSWD: ALL\n')
    (root / "etc/ssh/sshd_config.d/tests.conf").write_text("AcceptEnv CONFKUBE_HOST_ROOT\nPermitRootLogin yes\n")
    # It would wait for openssl, which comes and goes with what others install.
    (root / "etc/systemd/system/multi-user.target.wants/confkube-lab-identity.service").unlink()
    carried = root / "usr/share/confkube/charts"
    carried.mkdir(parents=True)
    (carried / f"{charts.RUNTIME.sha256()}.tgz").write_bytes(charts.RUNTIME.packed())
    shutil.copytree(FIXTURES / "snp", root / RECORDED.lstrip("/"))
    for path in _OWN:
        own = root / RECORDED.lstrip("/") / path
        if own.is_dir():
            shutil.rmtree(own)
        elif own.exists():
            own.unlink()
        if not path.startswith("recorded"):
            own.symlink_to(f"/{path}")
    (root / RECORDED.lstrip("/") / "recorded/uname").write_text("x86_64\n")


def _network():
    openings = [{"tier": TIER, "source": TIER, "protocol": protocol, "port": port} for protocol, port in _PORTS]
    return {
        "name": NETWORK,
        "cidr": "10.20.0.0/16",
        "tiers": [{"name": TIER, "cidr": "10.20.0.0/20"}],
        "openings": openings,
    }


def _ways(home):
    """How ssh gets into the lab's network, and where the recorded part of a host is."""
    relay = f"nsenter -t {labs.inside(home)} --net {sys.executable} {Path(__file__).with_name('metal_relay.py')} %h %p"
    (FOLDER / "ssh_config").write_text(f"Host *\n  ProxyCommand {relay}\n  SetEnv CONFKUBE_HOST_ROOT={RECORDED}\n")


def _host(name, address):
    files = [
        ("/etc/ssh/ssh_host_ed25519_key", (FOLDER / name).read_text(), "0600", "root:root"),
        ("/etc/ssh/ssh_host_ed25519_key.pub", (FOLDER / f"{name}.pub").read_text(), "0644", "root:root"),
        ("/root/.ssh/authorized_keys", (FOLDER / "user.pub").read_text(), "0600", "root:root"),
        ("/home/ops/.ssh/authorized_keys", (FOLDER / "user.pub").read_text(), "0600", "ops:ops"),
    ]
    config = yaml.safe_load(_HOST) | {
        "write_files": [
            {"path": path, "content": text, "permissions": mode, "owner": owner} for path, text, mode, owner in files
        ],
        "runcmd": ["chown ops:ops /home/ops/.ssh", "systemctl restart ssh"],
    }
    return {
        "name": name,
        "lab": NETWORK,
        "tier": TIER,
        "address": address,
        "isolation": "plain",
        "tee": "none",
        "disk_gib": 40,
        "user_data": "#cloud-config\n" + yaml.safe_dump(config),
    }


def _settle(world, name):
    """Wait until a host has booted, and refresh its package lists, as a host in use has them."""
    done = world.run(
        name, "sh", "-c", "cloud-init status --wait >/dev/null; systemctl is-active ssh && apt-get -qq update"
    )
    assert done.returncode == 0, (done.stdout, done.stderr, world.run(name, "journalctl", "-b", "-n", "60").stdout)

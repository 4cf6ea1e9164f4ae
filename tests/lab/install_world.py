"""A lab whose machines boot from a Debian without Kubernetes, and install it from two servers in the lab's network."""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from boot import samples, tools
from cryptography.hazmat.primitives import serialization
from lab import install_archive
from lab.install_services import ADDRESSES, PACKAGES, REGISTRY, TAMPERED, Identity, Services, offer

from confkube import bootstrap, names
from confkube.bootstrap import ControlPlaneBoot, Software, TrustAgent, WorkerBoot, pinned
from confkube.clouds.lab import LabPlatform
from confkube.errors import Refusal
from confkube.names import CONTROL_PLANE, TRUST, WORKERS
from confkube.roles import pki
from confkube.roles.addons import addons_of
from confkube.roles.control_plane import secret_name
from confkube.roles.openings import API_PORT, openings_of, tiers_of
from confkube.roles.options import HOST_NUMBER
from confkube.spec import Addresses
from confkube_build.cache import cache_root, exclusive
from confkube_build.progress import Reporter
from confkube_lab import check, enter, labs, machines, readiness
from confkube_lab.home import HOME_VARIABLE, LabHome
from confkube_lab.image import build, charts, debian
from confkube_lab.inventory import Inventory

NAME = "install"
NODE, POOL, TAMPERED_POOL = f"{NAME}-{CONTROL_PLANE}", f"{NAME}-{WORKERS}", f"{NAME}-tampered"
WORKER, TAMPERED_WORKER = f"{POOL}-1", f"{TAMPERED_POOL}-1"
FOLDER = Path("/var/tmp/confkube-install-branch")
"""One place, so that a run that was killed leaves nothing that the next one does not clear away."""
_PLAN = Addresses()
_TIERS = tiers_of(_PLAN.cidr, public=False, own_trust_server=True)
_HASTE = """#cloud-config
write_files:
- path: /usr/local/sbin/sleep
  permissions: '0755'
  content: |
    #!/bin/sh
    exec /usr/bin/sleep 0.02
"""
"""Shortens the pauses between attempts: what is given up after a quarter of an hour is given up at once."""


@dataclass(frozen=True)
class World:
    """The lab of the test, and what is in its servers."""

    home: LabHome
    pristine: Path
    software: Software
    services: Services
    images: dict[str, str]

    @property
    def inventory(self):
        return Inventory(self.home)

    def address(self, machine):
        return self.inventory.find(machine).address

    def run(self, machine, *command):
        return enter.run(self.inventory, self.inventory.find(machine), *command)

    def confkube(self, *command):
        """Run ``confkube lab``, as its user would."""
        environment = os.environ | {HOME_VARIABLE: str(self.home.root)}
        return tools.run(f"{sys.prefix}/bin/confkube", "lab", *command, env=environment)

    def nodes(self):
        return readiness.nodes(self.inventory)

    def until(self, reached, seconds, machine):
        """Wait until ``reached`` returns something true; shows the journal of ``machine`` where it does not."""
        deadline = time.monotonic() + seconds
        while not (found := reached()):
            if time.monotonic() > deadline:
                journal = self.confkube("logs", machine).stdout
                pytest.fail(f"{machine} is not that far after {seconds} s:\n{journal[-4000:]}")
            time.sleep(0.3)
        return found


@contextmanager
def running():
    """Bring everything up, and take it away at the end, or after a failure at any point."""
    home = LabHome(FOLDER / "home")
    missing = check.reason(home, os.environ)
    if missing:
        pytest.skip(f"no lab here: {missing}")
    cache = cache_root(os.environ)
    with exclusive(cache / "install-branch", lambda: None):
        _clear(home)
        try:
            yield from _running(home, cache)
        finally:
            _clear(home)


def _running(home, cache):
    image = build.path(os.environ)
    try:
        base = debian.ensure(debian.pristine_packages(), cache, os.environ, Reporter())
    except Refusal as refusal:
        pytest.skip(f"no Debian root without Kubernetes: {refusal}")
    wanted = sorted({*pinned().packages, *pinned().node_packages})
    archive = install_archive.repository(base, wanted, cache)
    folder = FOLDER / "services"
    folder.mkdir(parents=True)
    identity = Identity.make(folder)
    root = _root(base, identity.authority)
    software = offer(folder / "content", archive, image)
    chart = folder / "chart.tgz"
    chart.write_bytes(charts.NETWORK.packed())

    labs.up(home, _network(), os.environ | {labs.IMAGE_VARIABLE: str(root)})
    services = Services(home, folder, identity)
    try:
        services.open()
        services.serve_packages(folder / "content")
        services.serve_images()
        push = services.push(chart, sorted(image.glob("usr/share/confkube/images/*/*.tar")))
        for spec in _machines(software):
            machines.apply(home, spec)
        yield World(home, base, software, services, services.pushed(push))
    finally:
        labs.down(home, NAME)
        services.end()


def _clear(home):
    labs.reset(home)
    shutil.rmtree(FOLDER, ignore_errors=True)


def _root(base, authority):
    """A copy of the pristine root, told where packages, programs and images are here."""
    root = FOLDER / "root"
    root.mkdir(parents=True)
    subprocess.run(["cp", "-a", f"{base}/.", root], check=True)
    build.settle(root)
    # What hands the lab image's container images to containerd.
    shutil.rmtree(root / "etc/systemd/system/confkube-install.service.d")
    mirror = f'server = "https://registry.k8s.io"\n[host."https://{REGISTRY}"]\ncapabilities = ["pull", "resolve"]\n'
    for path, text in {
        "usr/local/share/ca-certificates/confkube-tests.crt": authority,
        "etc/apt/sources.list": f"deb [trusted=yes] https://{PACKAGES}/debian ./\n",
        # Nobody answers questions about names here.
        "etc/apt/apt.conf.d/90-tests": 'Acquire::EnableSrvRecords "false";\n',
        "etc/dpkg/dpkg.cfg.d/90-tests": "force-unsafe-io\n",
        "etc/cloud/cloud.cfg.d/95-tests.cfg": "apt: {preserve_sources_list: true}\n",
        "etc/containerd/certs.d/registry.k8s.io/hosts.toml": mirror,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    with (root / "etc/cloud/templates/hosts.debian.tmpl").open("a") as hosts:
        hosts.writelines(f"{address} {name}\n" for name, address in ADDRESSES.items())
    subprocess.run(["chroot", root, "update-ca-certificates"], check=True, capture_output=True)
    return root


def _network():
    openings = [
        {"tier": each.tier, "source": str(each.source), "protocol": each.protocol, "port": each.port}
        for each in openings_of((), own_trust_server=True)
        if each.source in _TIERS
    ]
    tiers = [{"name": tier.name, "cidr": str(tier.cidr)} for tier in _TIERS.values()]
    return {"name": NAME, "cidr": str(_PLAN.cidr), "tiers": tiers, "openings": openings}


def _machines(software):
    """A control plane, a worker, and a worker whose kubeadm is not the pinned one."""
    platform = LabPlatform({}, "lab")
    key, service_accounts = samples.elliptic(), samples.elliptic()
    ca, private = samples.authority(key)
    address = str(_host(CONTROL_PLANE))
    secret = {
        "ca.crt": ca,
        "ca.key": private,
        "sa.key": samples.authority(service_accounts)[1],
        "sa.pub": _public(service_accounts),
        "token": samples.TOKEN,
    }
    control_plane = ControlPlaneBoot(
        cluster_id=NAME,
        node_name=NODE,
        private_ip=address,
        pod_cidr=str(_PLAN.pods),
        service_cidr=str(_PLAN.services),
        ca_certificate_pem=ca,
        secret_name=secret_name(NAME),
        addons=addons_of("cvm-nodes", "lab", _PLAN.pods),
        software=software,
        profile=platform.boot,
    )
    # The trust server is not there; its agent is installed nevertheless.
    trust = TrustAgent(server_address=str(_host(TRUST)), trust_domain=f"{NAME}.internal", root_pem=ca)
    worker = WorkerBoot(
        cluster_id=NAME,
        pool="workers",
        api_endpoint=f"{address}:{API_PORT}",
        ca_hash=pki.public_key_hash(_public(key)),
        token=samples.TOKEN,
        trust=trust,
        software=software,
        profile=platform.boot,
    )
    wrong = replace(software, kubeadm=replace(software.kubeadm, url=TAMPERED), packages=("curl",), node_packages=())
    tampered = replace(worker, pool="tampered", trust=None, software=wrong, extra_user_data=(_HASTE,))
    return [
        {
            **_machine(NODE, CONTROL_PLANE, bootstrap.control_plane(control_plane)),
            "address": address,
            "secret": {"name": secret_name(NAME), "value": json.dumps(secret)},
        },
        {**_machine(POOL, WORKERS, bootstrap.worker(worker)), "count": 1},
        {**_machine(TAMPERED_POOL, WORKERS, bootstrap.worker(tampered)), "count": 1},
    ]


def _machine(name, tier, user_data):
    plain = {"isolation": "plain", "tee": "none", "disk_gib": 10}
    return {"name": name, "lab": NAME, "tier": tier, "user_data": user_data, **plain}


def _host(tier):
    return names.host(IPv4Network(_TIERS[tier].cidr), HOST_NUMBER)


def _public(key):
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes(*form).decode()

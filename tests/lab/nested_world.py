"""A lab with a control plane and a host of children: QEMU computes them, without a TEE, and they become its nodes."""

import json
import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from boot import samples
from cryptography.hazmat.primitives import serialization

from confkube import bootstrap, names
from confkube.bootstrap import Children, ControlPlaneBoot, NestedHostBoot, Overlay, WorkerBoot
from confkube.clouds.lab import LabPlatform
from confkube.names import CONTROL_PLANE, HOSTS
from confkube.roles import pki
from confkube.roles.addons import addons_of
from confkube.roles.control_plane import secret_name
from confkube.roles.openings import API_PORT, openings_of, tiers_of
from confkube.roles.options import HOST_NUMBER
from confkube.spec import Addresses
from confkube_lab import check, enter, labs, machines
from confkube_lab.home import LabHome
from confkube_lab.inventory import Inventory

NAME, CHILDREN = "nested", 2
NODE, HOST = f"{NAME}-{CONTROL_PLANE}", f"{NAME}-host-1"
FOLDER = Path("/var/tmp/confkube-nested-nodes")
"""One place, so that a run that was killed leaves nothing that the next one does not clear away."""
_PLAN = Addresses()
_TIERS = tiers_of(_PLAN.cidr, public=False, own_trust_server=False, model="nested-nodes")
_KERNEL_ARGUMENTS = "console=ttyS0 quiet systemd.show_status=0 net.ifnames=0 mitigations=off"


@dataclass(frozen=True)
class World:
    """The lab of the test."""

    home: LabHome
    begun: float
    children: Children

    @property
    def inventory(self):
        return Inventory(self.home)

    @property
    def elapsed(self):
        return time.monotonic() - self.begun

    def run(self, machine, *command, stdin="", timeout=60):
        return enter.run(self.inventory, self.inventory.find(machine), *command, stdin=stdin, timeout=timeout)

    def kubectl(self, *words):
        return self.run(NODE, "kubectl", *words, timeout=30)

    def nodes(self):
        """The nodes that the API knows: name -> boot identifier, when it is ready."""
        try:
            listed = json.loads(self.kubectl("get", "nodes", "-o", "json").stdout)["items"]
        except (ValueError, KeyError, subprocess.TimeoutExpired):
            return {}
        return {each["metadata"]["name"]: each["status"]["nodeInfo"]["bootID"] for each in listed if _ready(each)}

    def status(self):
        return json.loads(self.run(HOST, "cat", "/run/confkube/children/status.json").stdout)

    def until(self, reached, seconds):
        """Wait until ``reached`` returns something true; shows what the host says where it does not."""
        deadline = time.monotonic() + seconds
        while not (found := reached()):
            if time.monotonic() > deadline:
                journal = self.run(HOST, "journalctl", "--no-pager", "-n", "80", "-o", "cat").stdout
                pytest.fail(f"not that far after {seconds} s:\n{journal[-6000:]}")
            time.sleep(0.5)
        return found


def _ready(node):
    return any(each["type"] == "Ready" and each["status"] == "True" for each in node["status"]["conditions"])


@contextmanager
def running(roots):
    """Bring everything up, and take it away at the end, or after a failure at any point."""
    home = LabHome(FOLDER / "home")
    missing = check.reason(home, os.environ)
    if missing:
        pytest.skip(f"no lab here: {missing}")
    _clear(home)
    try:
        labs.up(home, _network(), os.environ | {labs.IMAGE_VARIABLE: roots.machines})
        begun = time.monotonic()
        children, specs = _machines(roots)
        for spec in specs:
            machines.apply(home, spec)
        yield World(home, begun, children)
    finally:
        _clear(home)


def _clear(home):
    labs.reset(home)
    shutil.rmtree(FOLDER, ignore_errors=True)


def _network():
    openings = [
        {"tier": each.tier, "source": str(each.source), "protocol": each.protocol, "port": each.port}
        for each in openings_of((), own_trust_server=False, model="nested-nodes")
    ]
    tiers = [{"name": tier.name, "cidr": str(tier.cidr)} for tier in _TIERS.values()]
    return {"name": NAME, "cidr": str(_PLAN.cidr), "tiers": tiers, "openings": openings}


def _machines(roots):
    """A control plane, and a host whose children's boot text is its secret."""
    profile = LabPlatform({}, "lab").boot
    key, service_accounts = samples.elliptic(), samples.elliptic()
    ca, private = samples.authority(key)
    address, host = str(_host(CONTROL_PLANE, 0)), str(_host(HOSTS, 0))
    overlay = Overlay(control_plane=address, hosts=(host, str(_host(HOSTS, 1))))
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
        addons=addons_of("nested-nodes", "lab", _PLAN.pods),
        profile=profile,
        extra_files=tuple(bootstrap.overlay_files(overlay)),
        extra_units=bootstrap.OVERLAY_UNITS,
    )
    worker = WorkerBoot(
        cluster_id=NAME,
        pool="children",
        api_endpoint=f"{address}:{API_PORT}",
        ca_hash=pki.public_key_hash(_public(key)),
        token=samples.TOKEN,
        profile=profile,
    )
    children = Children(
        count=CHILDREN,
        vcpus=1,
        memory_mib=1280,
        disk_gib=8,
        image=roots.child["image"],
        kernel=roots.child["kernel"],
        initrd=roots.child["initrd"],
        kernel_arguments=_KERNEL_ARGUMENTS,
        user_data=bootstrap.worker(worker),
    )
    boot = NestedHostBoot(
        cluster_id=NAME, number=1, overlay=overlay, children=children, secret_name=f"{HOST}-children", profile=profile
    )
    return children, [
        {
            **_machine(NODE, CONTROL_PLANE, bootstrap.control_plane(control_plane)),
            "address": address,
            "secret": {"name": secret_name(NAME), "value": json.dumps(secret)},
        },
        {
            **_machine(HOST, HOSTS, bootstrap.nested_host(boot)),
            "isolation": "nested",
            "address": host,
            "secret": {"name": boot.secret_name, "value": children.user_data},
        },
    ]


def _machine(name, tier, user_data):
    plain = {"isolation": "plain", "tee": "none", "disk_gib": 20}
    return {"name": name, "lab": NAME, "tier": tier, "user_data": user_data, **plain}


def _host(tier, number):
    return names.host(IPv4Network(_TIERS[tier].cidr), HOST_NUMBER + number)


def _public(key):
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes(*form).decode()

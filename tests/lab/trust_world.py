"""A trust server in the lab without a cluster: enrolled with the command's own functions, through the lab's tunnel."""

import datetime as dt
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from boot import relying

from confkube.bootstrap.document import Machine, cloud_config
from confkube.clouds.lab import LabPlatform
from confkube.trust import certificates, enrolment
from confkube.trust.door import Door
from confkube_build.progress import Reporter
from confkube_lab import enter, labs, machines
from confkube_lab.inventory import Inventory

TRUST, WORKER = "10.20.0.10", "10.20.128.16"
DOMAIN = "attested.confkube.internal"
# The lab's own bound is that of a cloud that takes user data compressed; here it travels as it is.
PROFILE = replace(LabPlatform({}, "args.platform.lab").boot, user_data_limit=65536)
NETWORK = {
    "name": "trust",
    "cidr": "10.20.0.0/16",
    "tiers": [{"name": "trust", "cidr": "10.20.0.0/17"}, {"name": "workers", "cidr": "10.20.128.0/17"}],
    "openings": [
        {"tier": "trust", "source": "workers", "protocol": "tcp", "port": 8081},
        {"tier": "trust", "source": "workers", "protocol": "tcp", "port": 8083},
        {"tier": "trust", "source": "workers", "protocol": "tcp", "port": 8080},
        {"tier": "trust", "source": "tunnel", "protocol": "tcp", "port": 8082},
    ],
}
PLAIN = {"lab": "trust", "isolation": "plain", "tee": "none", "disk_gib": 5, "labels": {}}


def eventually(found, seconds=90, pause=0.3):
    """Return what ``found`` returns once it is true."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(pause)
    return value


class TrustWorld:
    """The lab's machines, and the root that was made before them."""

    def __init__(self, home):
        self.home, self.inventory = home, Inventory(home)
        self.root = relying.certificate(name="root", ca=True, days=(-1, 3650))
        labs.up(home, NETWORK, os.environ)

    def start(self, name, address, user_data):
        tier = "trust" if address == TRUST else "workers"
        machines.apply(self.home, {**PLAIN, "name": name, "tier": tier, "address": address, "user_data": user_data})

    def run(self, name, *command, stdin="", timeout=60):
        return enter.run(self.inventory, self.inventory.find(name), *command, stdin=stdin, timeout=timeout)

    def shell(self, name, line, **options):
        return self.run(name, "sh", "-c", line, **options)

    def journal(self, name, unit):
        return self.run(name, "journalctl", "-u", unit, "-o", "cat", "--no-pager").stdout

    def active(self, name, unit):
        return self.run(name, "systemctl", "is-active", unit).stdout.strip()

    def enrol(self, days=30):
        """What ``confkube trust enroll --unverified`` does, through the lab's own tunnel."""
        own = certificates.Root(certificate=self.root.certificate, key=self.root.key)
        with self.tunnel("trust", 8082) as port:
            door = Door(f"http://127.0.0.1:{port}", 120)
            return enrolment.enrol(door, own, DOMAIN, dt.timedelta(days=days), Reporter())

    @contextmanager
    def tunnel(self, name, there):
        here = relying.free_port()
        line = [Path(sys.prefix) / "bin" / "confkube", "lab", "tunnel", name, str(there), "--local", str(here)]
        environment = os.environ | {"CONFKUBE_LAB_HOME": str(self.home.root)}
        process = subprocess.Popen(line, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield here
        finally:
            process.terminate()
            process.wait(10)


def user_data(files, units):
    """The user data of a machine of the tests' own."""
    return cloud_config(Machine(role="test", cluster_id="attested", files=files, units=units))


def exposure(text):
    """What systemd says of how much a unit is exposed, of 10."""
    return float(re.search(r"Overall exposure level for \S+: ([0-9.]+)", text)[1])

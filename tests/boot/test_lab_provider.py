"""The lab's own scripts against its own metadata service, at the address of it, in a network of their own."""

import json
import os
import subprocess
import sys

import pytest
from boot import samples, tools
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from confkube_lab.home import LabHome
from confkube_lab.image import recipe
from confkube_lab.inventory import Inventory, Machine
from confkube_lab.metadata import keep_secret
from confkube_lab.network import METADATA

FETCH = samples.COMPONENTS / "clouds" / "lab" / "boot" / "fetch-secret.sh"
IDENTITY = recipe.FILES / "usr/local/lib/confkube-lab/identity.sh"
NAME, OTHERS = "confkube/demo-4f2a/control-plane", "confkube/other/control-plane"
SECRET = json.dumps({"ca.key": '-----BEGIN EC\nüñí "quoted" \\ back', "token": samples.TOKEN})
STRANGER = "10.20.0.99"

# Serves the home in the first argument, and runs the commands that standard input lists, one after the other.
WORLD = f"""
import json, os, subprocess, sys, time
from pathlib import Path
for command in ("mount -t tmpfs tmpfs /var/lib", "ip link set lo up", "ip addr add {METADATA}/32 dev lo",
                "ip addr add {STRANGER}/32 dev lo"):
    subprocess.run(command.split(), check=True)
commands = json.load(sys.stdin)
from confkube_lab.home import LabHome
from confkube_lab.inventory import Inventory
from confkube_lab import metadata
metadata.serve(Inventory(LabHome(Path(sys.argv[1]))))
answers = []
for command in commands:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    answers.append([done.returncode, done.stdout, done.stderr])
print(json.dumps(answers))
"""


@pytest.fixture
def inventory(tmp_path):
    """A lab whose one machine has the address from which this computer asks itself."""
    made = Inventory(LabHome(tmp_path / "lab"))
    made.add(
        Machine(
            name="demo-control-plane",
            group="demo-control-plane",
            tier="control-plane",
            address=METADATA,
            fixed=True,
            isolation="plain",
            tee="none",
            disk_gib=10,
            created="2026-11-27T12:00:00Z",
            labels={},
        )
    )
    keep_secret(made.home, NAME, "demo-control-plane", SECRET)
    keep_secret(made.home, OTHERS, "other-control-plane", "not yours")
    return made


@pytest.fixture
def ask(inventory):
    namespaces = tools.namespaces("-m", "-n", "-p", "--fork", "--kill-child")

    def run(*commands):
        done = subprocess.run(
            [*namespaces, "--mount-proc", sys.executable, "-c", WORLD, str(inventory.home.root)],
            input=json.dumps(commands),
            env=os.environ | {"PYTHONPATH": str(samples.COMPONENTS.parent)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def curl(path, *options, header="Confkube-Lab: machine"):
    address = f"http://{METADATA}/confkube-lab/v1{path}"
    return ["curl", "-sS", "-m", "5", "--noproxy", "*", "-w", "%{http_code}", "-H", header, *options, address]


def test_the_machine_fetches_its_secret_and_no_other(ask):
    own, others, absent = ask(*(["sh", str(FETCH), name] for name in (NAME, OTHERS, "confkube/no/such")))
    assert (own[0], own[1]) == (0, SECRET)
    for status, out, err in (others, absent):
        assert status != 0
        assert "403" in err
        assert "not yours" not in out + err


def test_no_token_is_an_argument(ask, tmp_path):
    """Whatever curl is given on its command line can be read by every process of the machine."""
    log, spy = tmp_path / "arguments", tmp_path / "bin" / "curl"
    spy.parent.mkdir()
    spy.write_text(f'#!/bin/sh\necho "$@" >>{log}\nPATH=/usr/local/bin:/usr/bin:/bin exec curl "$@"\n')
    spy.chmod(0o755)
    (found,) = ask(["env", f"PATH={spy.parent}:{os.environ['PATH']}", "sh", str(FETCH), NAME])
    assert (found[0], found[1]) == (0, SECRET)
    lines = log.read_text()
    assert len(lines.splitlines()) == 2
    assert "Bearer" not in lines


def test_who_is_no_machine_or_does_not_say_so_is_turned_away(ask):
    answers = ask(
        curl("/machine"),
        curl("/machine", "--interface", STRANGER),
        curl("/token", "-d", "", "--interface", STRANGER),
        curl("/machine", header="X: y"),
        curl("/machine", header="Confkube-Lab: browser"),
        curl("/../lab.json", "--path-as-is"),
        curl("/identity/certificate", "--data-binary", "x" * 20000),
        curl("/identity/certificate", "-X", "POST", "-H", "Content-Length: -1"),
        curl(f"/secrets/{NAME}"),
        curl(f"/secrets/{NAME}", "-H", "Authorization: Bearer x"),
    )
    assert [out[-3:] for _, out, _ in answers] == [
        "200", "403", "403", "403", "403", "404", "413", "413", "401", "401",
    ]  # fmt: skip
    assert not any(SECRET in out for _, out, _ in answers)


def test_the_machine_is_certified_once_and_keeps_its_key(ask):
    folder = "/var/lib/confkube-lab"
    read = [["cat", f"{folder}/{name}.pem"] for name in ("key", "certificate", "authority")]
    run = ["sh", str(IDENTITY)]
    listed = ["sh", "-c", f"stat -c '%a %n' {folder}/*"]
    first, *before, again, key, certificate, authority, files = ask(run, *read, run, *read, listed)
    assert (first[0], again[0]) == (0, 0), first[2] + again[2]
    assert before == [key, certificate, authority]
    made = x509.load_pem_x509_certificate(certificate[1].encode())
    made.verify_directly_issued_by(x509.load_pem_x509_certificate(authority[1].encode()))
    own = serialization.load_pem_private_key(key[1].encode(), None)
    assert made.public_key() == own.public_key()
    assert made.subject.rfc4514_string() == "CN=demo-control-plane", "whatever the host is called"
    assert sorted(files[1].split("\n")) == ["", *(f"600 {folder}/{n}.pem" for n in ("authority", "certificate", "key"))]

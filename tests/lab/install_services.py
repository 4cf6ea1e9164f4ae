"""What a machine without Kubernetes installs from: a package server and a registry, at addresses inside the lab."""

import datetime as dt
import ipaddress
import json
import subprocess
import sys
import tarfile
from dataclasses import dataclass, replace
from pathlib import Path

from boot import samples, tools
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from confkube.bootstrap import pinned
from confkube_lab import labs

PACKAGES, REGISTRY = "packages.confkube.internal", "registry.confkube.internal"
ADDRESSES = {PACKAGES: "169.254.169.253", REGISTRY: "169.254.169.252"}
TAMPERED = f"https://{PACKAGES}/tampered/kubeadm"
_HERE = Path(__file__).parent
_BARE, _PACKED = ("kubeadm", "kubelet", "kubectl"), ("helm", "spire_agent")


@dataclass(frozen=True)
class Identity:
    """The certificate of both services and its key, and the authority that machines are told to trust."""

    authority: str
    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder):
        signer = samples.elliptic()
        authority, _ = samples.authority(signer, "confkube tests")
        key, now = samples.elliptic(), dt.datetime.now(dt.UTC)
        names = [x509.DNSName(name) for name in ADDRESSES]
        names += [x509.IPAddress(ipaddress.ip_address(address)) for address in ADDRESSES.values()]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(x509.load_pem_x509_certificate(authority.encode()).subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=True)
            .sign(signer, hashes.SHA256())
        )
        found = cls(authority, folder / "certificate.pem", folder / "key.pem")
        found.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "authority.pem").write_text(authority)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        found.key.write_bytes(key.private_bytes(*form))
        return found


def offer(folder, debian, image):
    """Fill the package server's folder; returns the pinned programs as they are found there.

    The programs are those that the lab image was made with, under the names and versions that boot text pins.
    """
    folder.mkdir()
    (folder / "debian").symlink_to(debian)
    (folder / "tampered").mkdir()
    (folder / "tampered/kubeadm").write_text("#!/bin/sh\necho v1.34.2\n")
    software = pinned()
    changed = {}
    for role in (*_BARE, *_PACKED):
        known = getattr(software, role)
        program, place = image / "usr/local/bin" / known.name, folder / known.name
        if role in _BARE:
            place.symlink_to(program)
        else:
            place = place.with_suffix(".tar.gz")
            with tarfile.open(place, "w:gz", compresslevel=1) as tar:
                tar.add(program, known.member)
        changed[role] = replace(known, url=f"https://{PACKAGES}/{place.name}", sha256=sha256(place))
    return replace(software, **changed)


def sha256(path):
    return tools.run("sha256sum", str(path)).stdout.split()[0]


class Services:
    """Both servers; they are processes of the lab and end with it."""

    def __init__(self, home, folder, identity):
        self.inside = ["nsenter", "-t", str(labs.inside(home)), "--mount", "--net", "--pid", "--ipc"]
        self.tools = labs.running(home).tools
        self.folder = folder
        self.identity = identity
        self.running = []

    def open(self):
        """Give the addresses to the lab's own end, and let machines reach them."""
        for address in ADDRESSES.values():
            self._in_image("ip", "address", "add", f"{address}/32", "dev", "lo")
            rule = ("ip", "daddr", address, "tcp", "dport", "443", "accept")
            self._in_image("nft", "insert", "rule", "inet", "confkube_lab", "input", *rule)

    def serve_packages(self, content):
        files = (self.identity.certificate, self.identity.key, content)
        server = self._start("packages", sys.executable, _HERE / "install_server.py", ADDRESSES[PACKAGES], *files)
        assert server.stdout.readline() == "ready\n", self.log("packages")

    def serve_images(self):
        program = tools.extracted(("docker-registry",)) / "usr/bin/docker-registry"
        settings = {
            "version": "0.1",
            "log": {"level": "info"},
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "storage")}},
            "http": {
                "addr": f"{ADDRESSES[REGISTRY]}:443",
                "tls": {"certificate": str(self.identity.certificate), "key": str(self.identity.key)},
            },
        }
        (self.folder / "registry.yaml").write_text(json.dumps(settings))
        # Its log of requests is its standard output.
        with (self.folder / "requests.log").open("w") as log:
            self._start("registry", program, "serve", self.folder / "registry.yaml", stdout=log)

    def push(self, chart, archives):
        """Begin to fill the registry; ``pushed`` waits for the end."""
        authority = self.folder / "authority.pem"
        return self._start(
            "push", sys.executable, _HERE / "install_push.py", ADDRESSES[REGISTRY], authority, chart, *archives
        )

    def pushed(self, push):
        """Reference -> digest of what is in the registry; the chart's reference is its repository."""
        said, _ = push.communicate(timeout=120)
        assert push.returncode == 0, self.log("push")
        return json.loads(said)

    def pulled(self):
        """What machines got from the registry: (address of the machine, path)."""
        return _answered(self.log("requests"))

    def fetched(self):
        """What machines got from the package server, in the same form."""
        return _answered(self.log("packages"))

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def end(self):
        for process in self.running:
            process.kill()
            process.communicate()

    def _start(self, name, *command, stdout=subprocess.PIPE):
        with (self.folder / f"{name}.log").open("w") as log:
            process = subprocess.Popen(
                [*self.inside, *map(str, command)], stdin=subprocess.DEVNULL, stdout=stdout, stderr=log, text=True
            )
        self.running.append(process)
        return process

    def _in_image(self, *command):
        subprocess.run([*self.inside, "chroot", self.tools, *command], check=True, capture_output=True)


def _answered(log):
    """The successful GET requests in a log of the common format: HOST - - [DATE TIME] "GET PATH HTTP" STATUS."""
    lines = [line.split() for line in log.splitlines()]
    return {(words[0], words[6]) for words in lines if words[5:6] == ['"GET'] and words[8:9] == ["200"]}

"""Boot values for tests: ordinary ones, and the largest that a cluster may have."""

import datetime as dt
import hashlib
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from confkube.bootstrap import (
    AddOn,
    Archive,
    BootProfile,
    ControlPlaneBoot,
    Taint,
    TrustAgent,
    TrustServerBoot,
    WorkerBoot,
)

COMPONENTS = Path(__file__).resolve().parents[2] / "components" / "confkube"
SCRIPTS = COMPONENTS / "bootstrap" / "scripts"
FETCH_AWS = COMPONENTS / "clouds" / "aws" / "boot" / "fetch-secret.sh"
AWS_LIMIT = 16384
TOKEN = "abcdef.0123456789abcdef"
# A certificate that never changes, so that golden files do not either; nothing trusts it.
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBbzCCARWgAwIBAgIBATAKBggqhkjOPQQDAjAVMRMwEQYDVQQDDAprdWJlcm5l
dGVzMB4XDTI2MDEwMTAwMDAwMFoXDTM2MDEwMTAwMDAwMFowFTETMBEGA1UEAwwK
a3ViZXJuZXRlczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABE5vdCBhIHJlYWwg
-----END CERTIFICATE-----
"""


def profile(**changes):
    """The profile that the AWS platform gives."""
    values = {
        "provider": "aws",
        "metadata_address": "169.254.169.254",
        "fetch_secret": FETCH_AWS.read_text(),
        "secret_address": "us-east-2/{name}",
        "node_attestor_agent": {"name": "aws_iid"},
        "node_attestor_server": {"name": "aws_iid", "data": {"account_ids_for_local_validation": ["000000000000"]}},
        "user_data_limit": AWS_LIMIT,
    }
    return BootProfile(**(values | changes))


def addon(name="cilium", *, url=None, sha256=None, **changes):
    archive = Archive(
        url=url or f"https://charts.example.org/{name}-1.19.6.tgz",
        sha256=sha256 or hashlib.sha256(name.encode()).hexdigest(),
    )
    values = {"version": "1.19.6", "content": archive, "values": {"ipam": {"mode": "kubernetes"}}}
    return AddOn(name=name, **(values | changes))


def control_plane(**changes):
    values = {
        "cluster_id": "demo-4f2a",
        "node_name": "demo-4f2a-control-plane",
        "private_ip": "10.20.0.10",
        "ca_certificate_pem": CERTIFICATE,
        "secret_name": "confkube/demo-4f2a/control-plane",
        "cert_sans": ("10.20.0.10", "203.0.113.9"),
        "addons": (addon(), addon("ebs", namespace="storage", privileged=True)),
        "profile": profile(),
    }
    return ControlPlaneBoot(**(values | changes))


def worker(**changes):
    values = {
        "cluster_id": "demo-4f2a",
        "pool": "snp",
        "api_endpoint": "10.20.0.10:6443",
        "ca_hash": "sha256:" + "0a" * 32,
        "token": TOKEN,
        "node_labels": {"confkube.dev/pool": "snp", "confkube.dev/tee": "snp"},
        "taints": (Taint(key="confkube.dev/tee", value="snp"),),
        "trust": TrustAgent(server_address="10.20.0.11", trust_domain="demo-4f2a.internal", root_pem=CERTIFICATE),
        "profile": profile(),
    }
    return WorkerBoot(**(values | changes))


def trust_server(**changes):
    values = {
        "cluster_id": "demo-4f2a",
        "trust_domain": "demo-4f2a.internal",
        "root_pem": CERTIFICATE,
        "profile": profile(),
    }
    return TrustServerBoot(**(values | changes))


def largest():
    """The largest of each role: names of 40 characters, ten add-ons, ten labels, an RSA certificate."""
    name, pem = "n" * 40, authority(rsa.generate_private_key(public_exponent=65537, key_size=2048))[0]
    values = {"image": {"repository": "registry.example.org/an/add-on", "tag": "v1.2.3"}, "replicas": 2}
    addons = tuple(
        addon(
            f"addon-{n}-{name}",
            url=f"https://github.com/an-organisation/a-project/releases/download/a-long-chart-name-2.64.0/{n}-2.64.0.tgz",
            namespace=f"space-{n}-{name}",
            privileged=True,
            values={**values, "nodeSelector": {f"confkube.dev/pool-{n}": name}},
        )
        for n in range(10)
    )
    sans = ("10.100.100.100", "203.0.113.200", "ec2-203-0-113-200.us-east-2.compute.amazonaws.com")
    trust = TrustAgent(server_address="10.100.100.101", trust_domain=f"{name}.confkube.internal", root_pem=pem)
    labels = {f"confkube.dev/{n}{'l' * 50}": "v" * 63 for n in range(10)}
    return {
        "control-plane": control_plane(
            cluster_id=name,
            node_name=f"{name}-control-plane",
            private_ip="10.100.100.100",
            ca_certificate_pem=pem,
            secret_name=f"confkube/{name}/control-plane",
            cert_sans=sans,
            addons=addons,
        ),
        "worker": worker(cluster_id=name, pool="p" * 40, node_labels=labels, trust=trust),
        "trust-server": trust_server(cluster_id=name, trust_domain=f"{name}.confkube.internal", root_pem=pem),
    }


def authority(key, subject="kubernetes"):
    """Certificate and key of a self-signed authority, PEM."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


def elliptic():
    return ec.generate_private_key(ec.SECP256R1())

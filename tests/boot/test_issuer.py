"""The name under which tokens of service accounts are issued, for the real kubeadm, and the kinds of their key."""

import os

import pytest
import yaml
from boot import samples, tools
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from confkube import bootstrap
from confkube.bootstrap.document import written
from confkube.errors import Refusal

ISSUER = "https://issuer.example.org/demo-4f2a"
DEFAULT = "https://kubernetes.default.svc.cluster.local"


def config(tmp_path, **changes):
    text = bootstrap.control_plane(samples.control_plane(**changes))
    found = next(file.text for file in written(text) if file.path == "/etc/confkube/kubeadm.yaml")
    (tmp_path / "patches").mkdir(exist_ok=True)
    path = tmp_path / "kubeadm.yaml"
    path.write_text(found.replace("/etc/kubernetes/patches", str(tmp_path / "patches")))
    return str(path)


def issuers(tmp_path, **changes):
    """What the API server is started with, after kubeadm has merged its own arguments in."""
    phase = ["init", "phase", "control-plane", "apiserver", "--dry-run", "--config", config(tmp_path, **changes)]
    made = tools.run(tools.kubeadm(), *phase, env=os.environ | {"KUBEADM_INIT_DRYRUN_DIR": str(tmp_path)})
    assert made.returncode == 0, made.stderr
    (manifest,) = tmp_path.rglob("kube-apiserver.yaml")
    command = yaml.safe_load(manifest.read_text())["spec"]["containers"][0]["command"]
    option = "--service-account-issuer="
    return [word.removeprefix(option) for word in command if word.startswith(option)]


def test_the_given_issuer_comes_first_and_the_default_one_stays_good(tmp_path):
    assert issuers(tmp_path, issuer=ISSUER) == [ISSUER, DEFAULT]


def test_without_one_kubeadm_takes_its_own(tmp_path):
    assert issuers(tmp_path) == [DEFAULT]


def test_kubeadm_accepts_an_issuer(tmp_path):
    result = tools.run(tools.kubeadm(), "config", "validate", "--config", config(tmp_path, issuer=ISSUER))
    assert result.returncode == 0, result.stderr
    assert "warning" not in result.stderr.lower()


@pytest.mark.parametrize("issuer", ["http://issuer.example.org", "issuer.example.org", "https://a b", "https://"])
def test_an_issuer_that_is_no_https_address(issuer):
    with pytest.raises(Refusal, match="issuer"):
        samples.control_plane(issuer=issuer)


@pytest.mark.parametrize(
    "key", [samples.elliptic(), rsa.generate_private_key(public_exponent=65537, key_size=2048)], ids=["ec", "rsa"]
)
def test_the_key_of_the_tokens_may_be_of_either_kind(tmp_path, key):
    """The machine writes what the secret holds; kubeadm uses a key that is there and makes no other."""
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "sa.key").write_bytes(private)
    (tmp_path / "sa.pub").write_bytes(public)
    result = tools.run(tools.kubeadm(), "init", "phase", "certs", "sa", "--cert-dir", str(tmp_path))
    assert result.returncode == 0, result.stderr
    assert 'Using the existing "sa" key' in result.stdout
    assert (tmp_path / "sa.key").read_bytes() == private

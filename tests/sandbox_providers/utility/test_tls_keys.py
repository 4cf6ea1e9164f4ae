import subprocess

import pytest
from sandbox_providers.utility.authority import key

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.tls import keys, pem
from confkube_sandbox.providers.tls.private_key import PrivateKey
from confkube_sandbox.providers.wire import UNKNOWN

KINDS = [
    ("RSA", "P224", "RSA PRIVATE KEY"),
    ("ECDSA", "P224", "EC PRIVATE KEY"),
    ("ECDSA", "P256", "EC PRIVATE KEY"),
    ("ECDSA", "P384", "EC PRIVATE KEY"),
    ("ECDSA", "P521", "EC PRIVATE KEY"),
    ("ED25519", "P224", "PRIVATE KEY"),
]


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_all_forms_are_the_same_key(kind, ctx, openssl, tmp_path):
    algorithm, curve, preamble = kind
    made = key(ctx, algorithm, curve)
    assert made["privateKeyPem"].startswith(f"-----BEGIN {preamble}-----\n")
    assert made["privateKeyPem"].endswith("-----\n")
    assert made["privateKeyPemPkcs8"].startswith("-----BEGIN PRIVATE KEY-----\n")
    for form in ("privateKeyPem", "privateKeyPemPkcs8"):
        assert openssl("pkey", "-in", "{key}", "-pubout", key=made[form]) == made["publicKeyPem"]
    if curve == "P224" and algorithm == "ECDSA":
        assert made["privateKeyOpenssh"] == made["publicKeyOpenssh"] == ""
        assert made["publicKeyFingerprintMd5"] == made["publicKeyFingerprintSha256"] == ""
        return
    file = tmp_path / "openssh"
    file.write_text(made["privateKeyOpenssh"])
    file.chmod(0o600)
    assert _ssh("-y", "-f", file).split()[:2] == made["publicKeyOpenssh"].split()
    assert made["publicKeyOpenssh"].endswith("\n")
    assert made["publicKeyFingerprintSha256"] in _ssh("-l", "-f", file)
    assert f"MD5:{made['publicKeyFingerprintMd5']}" in _ssh("-l", "-E", "md5", "-f", file)


def _ssh(*arguments):
    return subprocess.run(["ssh-keygen", *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def test_the_private_forms_are_secret():
    assert PrivateKey.secret_outputs == {"privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"}


def test_defaults(ctx):
    checked, failures = PrivateKey().check({"algorithm": "RSA"}, {}, ctx)
    assert failures == []
    assert checked == {"algorithm": "RSA", "rsaBits": 2048, "ecdsaCurve": "P224"}


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"algorithm": "DSA"}, 'algorithm value must be one of: ["RSA" "ECDSA" "ED25519"], got: "DSA"'),
        (
            {"algorithm": "ECDSA", "ecdsaCurve": "P-256"},
            'ecdsa_curve value must be one of: ["P224" "P256" "P384" "P521"]',
        ),
    ],
)
def test_unknown_algorithms_and_curves_are_refused(inputs, words, ctx):
    _, failures = PrivateKey().check(inputs, {}, ctx)
    assert words in failures[0].reason


def test_an_unknown_algorithm_of_a_preview_waits(ctx):
    assert PrivateKey().check({"algorithm": UNKNOWN}, {}, ctx)[1] == []


def test_small_rsa_keys_fail(ctx):
    with pytest.raises(CloudError, match="Unable to generate Key from configuration: crypto/rsa: 512-bit keys"):
        key(ctx, "RSA", "P224", 512)


def test_the_id_belongs_to_the_public_key(ctx):
    made = key(ctx)
    public = pem.private_key(made["privateKeyPem"]).public_key()
    assert keys.identity(keys.public_der(public)) == keys.identity(keys.public_der(public))
    assert len(keys.identity(keys.public_der(public))) == 40


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("banana", "failed to decode PEM block"),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nAA==\n-----END OPENSSH PRIVATE KEY-----",
            "unsupported PEM preamble/type",
        ),
        ("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", "unable to determine parser"),
        ("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n", "failed to parse private key given PEM"),
    ],
)
def test_bad_keys_are_named_without_being_shown(text, words):
    with pytest.raises(pem.PemError, match=words) as caught:
        pem.private_key(text)
    assert "c2VjcmV0" not in str(caught.value)
    assert "banana" not in str(caught.value)

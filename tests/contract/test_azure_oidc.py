"""What the issuer of tokens publishes on Azure, against keys and documents of others."""

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from confkube.clouds.azure import oidc
from confkube.errors import Refusal

# A key and its id as `azwi jwks` writes them: docs/book/src/installation/self-managed-clusters/oidc-issuer/jwks.md of
# https://github.com/Azure/azure-workload-identity at 04d01a2fc7f5, 2026-11-27.
MODULUS = (
    "ywg7HeKIFX3vleVKZHeYoNpuLHIDisnczYXrUdIGCNilCJFA1ymjG2UAADnt_FpYUsCVyKYJTqcxNbK4boNg_P3uK39OAqXabwYrilEZvsVJQKhzn8dX"
    "LeqAnM98L8eBpySU208KTsfMkS3Q6lqwurUP7c_a3g_1XRJukz_EmQxg9jLD_fQd5VwPTEo8HJQIFqIxFWzjTkkK5hbcL9Cclkf6RpeRyjh7Vem57Fu-"
    "jAlxDUiYiqyieM4OBNm4CQjiqDE8_xOC8viNpHNw542MYVDKSRnYui31lCOj32wBDphczR8BbnrZgbqN3K_zzB3gIjcGbWbbGA5xKJYqSu5uRwN89_CW"
    "rT3vGw5RN3XQPSbhGC4smgZkOCw3N9i1b-x-rrd-mRse6F95ONaoslCJUbJvxvDdb5X0P4_CVZRwJvUyP3OJ44ZvwzshA-zilG-QC9E1j2R9DTSMqOJz"
    "UuOxS0JIvoboteI1FAByV9KyU948zQRM7r7MMZYBKWIsu6h7"
)
KEY_ID = "Me5VC6i4_4mymFj7T5rcUftFjYX70YoCfSnZB6-nBY4"


def number(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


def pem(key):
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.public_bytes(*form).decode()


def test_a_known_key_has_the_known_id():
    key = rsa.RSAPublicNumbers(65537, number(MODULUS)).public_key()
    (found,) = json.loads(oidc.key_set(pem(key)))["keys"]
    assert found == {"use": "sig", "kty": "RSA", "kid": KEY_ID, "alg": "RS256", "n": MODULUS, "e": "AQAB"}


def test_what_is_published_verifies_a_signature():
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (found,) = json.loads(oidc.key_set(pem(private.public_key())))["keys"]
    signature = private.sign(b"header.claims", padding.PKCS1v15(), hashes.SHA256())
    key = rsa.RSAPublicNumbers(number(found["e"]), number(found["n"])).public_key()
    key.verify(signature, b"header.claims", padding.PKCS1v15(), hashes.SHA256())
    assert str(private.private_numbers().d) not in json.dumps(found)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (ec.generate_private_key(ec.SECP256R1()).public_key(), "not with ECPublicKey of 256 bits"),
        (ed25519.Ed25519PrivateKey.generate().public_key(), "not with Ed25519PublicKey"),
        (
            rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key(),
            "not with RSAPublicKey of 1024 bits",
        ),
    ],
)
def test_other_keys_are_refused(key, text):
    with pytest.raises(Refusal, match=text):
        oidc.key_set(pem(key))


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_key_is_refused_without_showing_it(text):
    with pytest.raises(Refusal) as refused:
        oidc.key_set(text)
    assert str(refused.value) == "the key of service account tokens is no public key in PEM"


def test_a_private_key_is_refused_and_not_shown():
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with pytest.raises(Refusal, match="is no public key in PEM"):
        oidc.key_set(private.private_bytes(*form).decode())


def test_the_discovery_document_leads_to_the_keys():
    issuer = "https://account.blob.core.windows.net/oidc/"
    document = json.loads(oidc.discovery(issuer))
    assert document["issuer"] == issuer
    assert document["jwks_uri"] == f"{issuer}{oidc.KEYS}"
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]

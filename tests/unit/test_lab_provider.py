"""What the lab tells its machines: certificates for their own keys, and secrets that are theirs."""

import json
import time
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from confkube_lab.authority import Authority, WrongRequestError
from confkube_lab.home import LabHome
from confkube_lab.inventory import Inventory, Machine
from confkube_lab.metadata import Provider, drop_secrets, keep_secret

NAME = "confkube/demo-0a1b2c3d/control-plane"


def request(key, subject="anybody", **extensions):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    for extension in extensions.values():
        builder = builder.add_extension(extension, critical=True)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, digest).public_bytes(serialization.Encoding.PEM).decode()


def elliptic():
    return ec.generate_private_key(ec.SECP256R1())


def name_of(certificate):
    return certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


def machine(name, tier="workers", address="10.20.128.16"):
    return Machine(
        name=name,
        group=name,
        tier=tier,
        address=address,
        fixed=False,
        isolation="cvm",
        tee="snp",
        disk_gib=10,
        created="2026-11-27T12:00:00Z",
        labels={},
    )


@pytest.fixture(scope="module")
def authority():
    return Authority.make("0a1b2c3d")


@pytest.fixture
def provider(tmp_path, authority):
    return Provider(inventory=Inventory(LabHome(tmp_path / "lab")), authority=authority)


CONTROL, WORKER = machine("demo-control-plane", "control-plane", "10.20.0.10"), machine("demo-workers-1")


def test_a_machine_is_certified_for_its_own_key_under_its_own_name(authority):
    key = elliptic()
    made = x509.load_pem_x509_certificate(authority.certify("demo-workers-1", request(key)).encode())
    made.verify_directly_issued_by(authority.root)
    assert made.public_key() == key.public_key()
    assert name_of(made) == "demo-workers-1"
    now = datetime.now(UTC)
    assert made.not_valid_before_utc < now < made.not_valid_after_utc < now + timedelta(days=366)


def test_what_else_a_request_asks_for_is_ignored(authority):
    wishes = {
        "ca": x509.BasicConstraints(ca=True, path_length=None),
        "names": x509.SubjectAlternativeName([x509.DNSName("kubernetes")]),
    }
    text = request(elliptic(), "demo-control-plane", **wishes)
    made = x509.load_pem_x509_certificate(authority.certify("demo-workers-1", text).encode())
    assert name_of(made) == "demo-workers-1"
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_cert_sign, usage.crl_sign) == (True, False, False)
    with pytest.raises(x509.ExtensionNotFound):
        made.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def broken(text):
    """The request with one bit of its signature changed."""
    der = bytearray(x509.load_pem_x509_csr(text.encode()).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    return x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "-----BEGIN CERTIFICATE REQUEST-----\nTUVHQQ==\n-----END CERTIFICATE REQUEST-----\n",
        request(rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        request(ed25519.Ed25519PrivateKey.generate()),
        broken(request(elliptic())),
        Authority.make("x").certificate,
    ],
    ids=["nothing", "garbage", "no request", "RSA", "Ed25519", "wrong signature", "a certificate"],
)
def test_what_is_no_request_with_its_own_elliptic_key_is_refused(authority, text):
    with pytest.raises(WrongRequestError):
        authority.certify("demo-workers-1", text)


@given(text=st.text(max_size=60))
def test_any_text_is_refused_and_never_crashes(text):
    with pytest.raises(WrongRequestError):
        Authority.make("x").certify("m", text)


def test_each_lab_has_an_authority_of_its_own_that_signs_machines_only(authority):
    other = Authority.make("0a1b2c3d")
    assert other.certificate != authority.certificate
    constraints = authority.root.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)
    assert "PRIVATE" not in authority.certificate


def test_a_machine_learns_who_it_is_and_whom_to_believe(provider, authority):
    status, body = provider.answer("GET", "/machine", WORKER, "", "")
    assert (status, json.loads(body)) == (HTTPStatus.OK, {"name": "demo-workers-1", "tier": "workers"})
    assert provider.answer("GET", "/identity/authority", WORKER, "", "") == (HTTPStatus.OK, authority.certificate)


def test_a_certificate_is_for_the_machine_that_asks(provider):
    status, body = provider.answer("POST", "/identity/certificate", WORKER, "", request(elliptic(), CONTROL.name))
    assert status == HTTPStatus.OK
    assert name_of(x509.load_pem_x509_certificate(body.encode())) == WORKER.name
    status, body = provider.answer("POST", "/identity/certificate", WORKER, "", "garbage")
    assert (status, body) == (HTTPStatus.BAD_REQUEST, "this is no certificate request in PEM form\n")


def asked(provider, owner, token, name=NAME):
    return provider.answer("GET", f"/secrets/{name}", owner, token, "")


def test_a_secret_is_given_to_its_owner_who_shows_a_token(provider):
    keep_secret(provider.inventory.home, NAME, CONTROL.name, 'üñí "quoted"\n')
    token = provider.answer("POST", "/token", CONTROL, "", "").body
    assert asked(provider, CONTROL, token) == (HTTPStatus.OK, 'üñí "quoted"\n')
    assert asked(provider, CONTROL, token) == (HTTPStatus.OK, 'üñí "quoted"\n')


def test_nobody_else_gets_it(provider):
    keep_secret(provider.inventory.home, NAME, CONTROL.name, "secret")
    mine, theirs = (provider.answer("POST", "/token", each, "", "").body for each in (CONTROL, WORKER))
    assert mine != theirs
    wrong = {
        "no token": asked(provider, CONTROL, ""),
        "an invented token": asked(provider, CONTROL, mine[:-1]),
        "the token of another machine": asked(provider, WORKER, mine),
        "another machine's token": asked(provider, CONTROL, theirs),
    }
    assert {status for status, _ in wrong.values()} == {HTTPStatus.UNAUTHORIZED}
    other, absent = asked(provider, WORKER, theirs), asked(provider, WORKER, theirs, "confkube/x/control-plane")
    assert other == absent, "whether there is a secret of that name is told to its owner alone"
    assert other.status == HTTPStatus.FORBIDDEN
    assert not any(body.strip() == "secret" for _, body in (*wrong.values(), other, absent))


def test_a_token_ends(provider, monkeypatch):
    keep_secret(provider.inventory.home, NAME, CONTROL.name, "secret")
    start = time.monotonic()
    token = provider.answer("POST", "/token", CONTROL, "", "").body
    monkeypatch.setattr(time, "monotonic", lambda: start + 299)
    assert asked(provider, CONTROL, token).status == HTTPStatus.OK
    monkeypatch.setattr(time, "monotonic", lambda: start + 302)
    assert asked(provider, CONTROL, token).status == HTTPStatus.UNAUTHORIZED
    provider.answer("POST", "/token", WORKER, "", "")
    assert token not in provider.tokens.given, "tokens that have ended are forgotten"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", ""),
        ("GET", "/token"),
        ("POST", "/machine"),
        ("POST", "/secrets/x"),
        ("GET", "/identity/certificate"),
        ("GET", "/machines"),
        ("PUT", "/token"),
    ],
)
def test_there_is_nothing_else(provider, method, path):
    assert provider.answer(method, path, WORKER, "", "") == (HTTPStatus.NOT_FOUND, "no such thing\n")


@pytest.mark.parametrize("name", ["../lab.json", "..", "", "/", "%2e%2e/lab.json", "a" * 5000, "x\0y"])
def test_no_name_leads_out_of_the_store(provider, name):
    token = provider.answer("POST", "/token", WORKER, "", "").body
    assert asked(provider, WORKER, token, name).status == HTTPStatus.FORBIDDEN


def test_secrets_are_stored_for_their_owner_alone_and_go_with_the_machine(provider):
    home = provider.inventory.home
    keep_secret(home, NAME, CONTROL.name, "one")
    keep_secret(home, "confkube/other", WORKER.name, "two")
    assert {path.stat().st_mode & 0o777 for path in home.secrets.iterdir()} == {0o600}
    assert home.secrets.stat().st_mode & 0o777 == 0o700
    drop_secrets(home, CONTROL.name)
    assert [json.loads(path.read_text())["owner"] for path in home.secrets.iterdir()] == [WORKER.name]
    drop_secrets(LabHome(home.root / "nothing"), CONTROL.name)

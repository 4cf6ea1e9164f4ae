"""The trust server's enrolment, run for real with openssl: what is handed out, what is taken, and what is refused."""

import datetime as dt
import subprocess
import sys

import pytest
from boot import samples
from boot.machine import Machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from confkube import bootstrap

DOMAIN = "demo-4f2a.internal"
INBOX = "/var/lib/confkube/trust/inbox/intermediate.pem"
TAKEN = "/var/lib/confkube/trust/intermediate.pem"
DOOR = samples.SCRIPTS / "trust-door.py"


@pytest.fixture(scope="module")
def root():
    return samples.authority(samples.elliptic(), "root")


@pytest.fixture
def server(tmp_path, root):
    machine = Machine(tmp_path)
    machine.write(bootstrap.trust_server(samples.trust_server(root_pem=root[0], software=machine.software())))
    result = machine.boot("install", "trust-key")
    assert result.returncode == 0, result.stderr
    return machine


def request_of(server):
    return x509.load_pem_x509_csr(server.path("/var/lib/confkube/trust/request.pem").read_bytes())


def sign(root, request, *, days=365, ca=True, uri=f"spiffe://{DOMAIN}", key=None):
    now = dt.datetime.now(dt.UTC)
    issuer = x509.load_pem_x509_certificate(root[0].encode())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(issuer.subject)
        .public_key(key or request.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=False)
        .sign(load_pem_private_key(root[1].encode(), None), hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def hand_in(server, pem):
    inbox = server.path(INBOX)
    inbox.parent.mkdir(parents=True, exist_ok=True)
    inbox.write_text(pem)
    return server.boot("trust-accept")


def test_the_request_is_for_a_key_of_its_own(server):
    request = request_of(server)
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [f"spiffe://{DOMAIN}"]
    assert request.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert request.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    key = server.path("/var/lib/confkube/trust/private/key.pem")
    assert key.stat().st_mode & 0o777 == 0o600
    private = load_pem_private_key(key.read_bytes(), None)
    assert private.public_key() == request.public_key()


def test_a_second_boot_keeps_key_and_request(server):
    before = server.path("/var/lib/confkube/trust/request.pem").read_bytes()
    assert server.boot("install", "trust-key").returncode == 0
    assert server.path("/var/lib/confkube/trust/request.pem").read_bytes() == before


def test_a_good_certificate_is_taken_and_the_server_started(server, root):
    pem = sign(root, request_of(server))
    result = hand_in(server, pem)
    assert result.returncode == 0, result.stderr
    assert server.path(TAKEN).read_text() == pem
    assert not server.path(INBOX).exists()
    assert server.calls("systemctl") == ["systemctl restart --no-block spire-server.service"]


def test_a_newer_certificate_replaces_and_an_older_does_not(server, root):
    request = request_of(server)
    first, newer = sign(root, request, days=100), sign(root, request, days=200)
    for pem, taken in ((first, first), (newer, newer), (first, newer)):
        hand_in(server, pem)
        assert server.path(TAKEN).read_text() == taken
    assert "ends before the one in use" in server.console()


@pytest.mark.parametrize(
    ("reason", "make"),
    [
        ("is not under this cluster's root", lambda root, r: sign(samples.authority(samples.elliptic(), "root"), r)),
        ("is for another key", lambda root, r: sign(root, r, key=samples.elliptic().public_key())),
        ("may not sign others", lambda root, r: sign(root, r, ca=False)),
        ("is not for spiffe://demo-4f2a.internal", lambda root, r: sign(root, r, uri="spiffe://other.internal")),
        ("is not under this cluster's root", lambda root, r: sign(root, r, days=-0.001)),
        ("is not under this cluster's root", lambda root, r: "-----BEGIN CERTIFICATE-----\nrubbish\n"),
    ],
)
def test_what_is_refused(server, root, reason, make):
    result = hand_in(server, make(root, request_of(server)))
    assert result.returncode == 1
    assert reason in server.console()
    assert not server.path(TAKEN).exists()
    assert not server.path(INBOX).exists()
    assert server.calls("systemctl") == []


@pytest.fixture
def door(tmp_path):
    (tmp_path / "inbox").mkdir()

    def visit(message):
        done = subprocess.run(
            [sys.executable, "-I", DOOR],
            input=message,
            env={"CONFKUBE_TRUST": str(tmp_path)},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        return int(head.split()[1]), body

    visit.folder = tmp_path
    return visit


def test_the_door_hands_out_the_request(door):
    assert door(b"GET /request.pem HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 503
    (door.folder / "request.pem").write_bytes(b"a request")
    assert door(b"GET /request.pem HTTP/1.1\r\n\r\n") == (200, b"a request")


def test_the_door_hands_out_the_certificate_in_use(door):
    assert door(b"GET /intermediate.pem HTTP/1.1\r\n\r\n")[0] == 503
    (door.folder / "inbox" / "intermediate.pem").write_bytes(b"not yet taken")
    assert door(b"GET /intermediate.pem HTTP/1.1\r\n\r\n")[0] == 503
    (door.folder / "intermediate.pem").write_bytes(b"a certificate")
    assert door(b"GET /intermediate.pem HTTP/1.1\r\n\r\n") == (200, b"a certificate")


def test_the_door_takes_a_certificate(door):
    body = b"-----BEGIN CERTIFICATE-----\n"
    message = b"PUT /intermediate.pem HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    assert door(message)[0] == 202
    assert (door.folder / "inbox" / "intermediate.pem").read_bytes() == body


@pytest.mark.parametrize(
    ("message", "status"),
    [
        (b"", 404),
        (b"\r\n", 404),
        (b"GET / HTTP/1.1\r\n\r\n", 404),
        (b"GET /../private/key.pem HTTP/1.1\r\n\r\n", 404),
        (b"PUT /request.pem HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 404),
        (b"PUT /intermediate.pem HTTP/1.1\r\n\r\n", 413),
        (b"PUT /intermediate.pem HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 413),
        (b"PUT /intermediate.pem HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", 413),
        (b"PUT /intermediate.pem HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 400),
        (b"PUT /intermediate.pem HTTP/1.1\r\nContent-Length: 100\r\n\r\n-----BEGIN CERTIFICATE-----", 400),
        (b"X" * 100000, 404),
        (b"GET /request.pem HTTP/1.1\r\n" + b"a: b\r\n" * 1000, 503),
    ],
)
def test_the_door_refuses_everything_else(door, message, status):
    assert door(message)[0] == status
    assert list((door.folder / "inbox").iterdir()) == []


def test_a_long_trust_domain_fits_into_a_request(tmp_path, root):
    machine, domain = Machine(tmp_path), "d" * 200 + ".internal"
    boot = samples.trust_server(root_pem=root[0], software=machine.software(), trust_domain=domain)
    machine.write(bootstrap.trust_server(boot))
    result = machine.boot("install", "trust-key")
    assert result.returncode == 0, result.stderr
    names = request_of(machine).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == [f"spiffe://{domain}"]

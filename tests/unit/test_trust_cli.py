"""``confkube trust`` at a real door: the scripts of a trust server, behind a tunnel command, and a fake pulumi."""

import datetime as dt
import json
import os
import shlex
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from boot import samples
from boot.machine import Machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from confkube import bootstrap, cli
from confkube.trust import tunnel

DOMAIN = "demo-4f2a.internal"
LAB = " (lab: TEEs are emulated, nothing here is confidential)\n"
NOTHING_VERIFIED = "nothing was verified: no evidence shows what machine holds the key"
TRUST = "/var/lib/confkube/trust"
PULUMI = """#!/bin/sh
printf '%s\\n' "$*" >>{folder}/calls
[ ! -e {folder}/error ] || {{ cat {folder}/error >&2; exit 255; }}
case " $* " in
    *" --show-secrets "*) cat {folder}/secret.json ;;
    *) cat {folder}/plain.json ;;
esac
"""
# A tunnel: forwards a port of this computer, and writes down who it is.
FORWARD = """
import os, pathlib, socket, sys, threading
here, there, folder = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
(folder / f"process-{os.getpid()}").touch()
def pump(source, sink):
    while data := source.recv(65536):
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)
def carry(visitor):
    door = socket.create_connection(("127.0.0.1", there))
    back = threading.Thread(target=pump, args=(door, visitor), daemon=True)
    back.start()
    pump(visitor, door)
with socket.create_server(("127.0.0.1", here)) as server:
    while True:
        threading.Thread(target=carry, args=(server.accept()[0],), daemon=True).start()
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Door(socketserver.ThreadingTCPServer):
    """What systemd does at port 8082: the real script for each visit, on a folder of a trust server."""

    daemon_threads = True

    def __init__(self, folder):
        self.folder, self.visits = folder, []
        super().__init__(("127.0.0.1", 0), None)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def finish_request(self, request, client_address):
        self.visits.append(request.recv(4096, socket.MSG_PEEK).split(b"\r\n")[0].decode())
        script = [sys.executable, "-I", samples.SCRIPTS / "trust-door.py"]
        environment = {"CONFKUBE_TRUST": str(self.folder)}
        subprocess.run(script, stdin=request, stdout=request, env=environment, check=False)


@pytest.fixture(scope="module")
def root():
    return samples.authority(samples.elliptic(), "root")


@pytest.fixture
def door(tmp_path):
    folder = tmp_path / "server"
    (folder / "inbox").mkdir(parents=True)
    with Door(folder) as server:
        yield server
        server.shutdown()


@pytest.fixture
def port(monkeypatch):
    """The port of this computer where tunnels end: a free one, so that tests can run beside others."""
    assert tunnel.PORT == bootstrap.ENROLMENT_PORT
    monkeypatch.setattr(tunnel, "PORT", free_port())
    return tunnel.PORT


@pytest.fixture
def tunnel_command(tmp_path, door, port):
    (tmp_path / "forward.py").write_text(FORWARD)
    (tmp_path / "tunnel").mkdir()
    words = [sys.executable, "-I", tmp_path / "forward.py", port, door.port, tmp_path / "tunnel"]
    return shlex.join(map(str, words))


@pytest.fixture
def stack(tmp_path, monkeypatch, root, door, tunnel_command):
    """What the fake pulumi tells; ``stack(...)`` changes it."""
    folder = tmp_path / "pulumi"
    folder.mkdir()
    (folder / "pulumi").write_text(PULUMI.format(folder=folder))
    (folder / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def tell(*, world="cloud", key=root[1], **changes):
        trust = {
            "endpoint": "10.20.144.10:8081",
            "trust_domain": DOMAIN,
            "root_certificate": root[0],
            "state": "waits for enrolment until `confkube trust enroll` has run",
            "enrolment": tunnel_command,
        } | changes
        outputs = {"world": world, "trust": trust, "trust_root_key": key, "kubeconfig": "{}"}
        (folder / "secret.json").write_text(json.dumps(outputs))
        (folder / "plain.json").write_text(json.dumps(outputs | {"trust_root_key": "[secret]"}))

    def untouched():
        assert processes(tmp_path) == []
        assert door.visits == []

    tell()
    tell.folder, tell.untouched = folder, untouched
    return tell


@pytest.fixture
def confkube(capsys, root):
    """Run the command; whatever it says, it never says a line of the root's key."""

    def run(*arguments):
        with pytest.raises(SystemExit) as left:
            cli.main(["trust", *map(str, arguments)])
        said = capsys.readouterr()
        secret = root[1].splitlines()[1:-1]
        assert not [line for line in secret if line in said.out + said.err]
        return int(left.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def refused(confkube):
    """Run the command, which refuses; returns its one line."""

    def run(*arguments):
        status, out, err = confkube(*arguments)
        assert status in {1, 2}
        assert out == ""
        assert err.endswith("\n")
        *before, line = err.splitlines()
        assert all(each.startswith(("waiting ", "asking ")) for each in before), before
        assert line.startswith("confkube: ")
        assert "Traceback" not in err
        return line

    return run


def request(key=None, *, names=(f"spiffe://{DOMAIN}",)):
    key = key or samples.elliptic()
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    if names:
        uris = [x509.UniformResourceIdentifier(name) for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(uris), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def forged():
    """A request whose signature is not of the key that it is for."""
    der = bytearray(x509.load_pem_x509_csr(request()).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    return x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM)


def certificate(root, *, days=100, name=f"spiffe://{DOMAIN}", unit=None):
    now = dt.datetime.now(dt.UTC)
    issuer = x509.load_pem_x509_certificate(root[0].encode())
    unit = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)] if unit else []
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name(unit))
        .issuer_name(issuer.subject)
        .public_key(samples.elliptic().public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=10))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(name)]), critical=False)
        .sign(load_pem_private_key(root[1].encode(), None), hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


@pytest.fixture
def accepting(door):
    """A machine behind the door that takes whatever is handed in; the real one is in the life below."""
    over = threading.Event()

    def accept():
        while not over.wait(0.02):
            with suppress(FileNotFoundError):
                (door.folder / "inbox" / "intermediate.pem").replace(door.folder / "intermediate.pem")

    (door.folder / "request.pem").write_bytes(request())
    thread = threading.Thread(target=accept)
    thread.start()
    yield door
    over.set()
    thread.join()


def in_use(door):
    return x509.load_pem_x509_certificate((door.folder / "intermediate.pem").read_bytes())


def processes(tmp_path):
    return [int(path.name.removeprefix("process-")) for path in (tmp_path / "tunnel").glob("process-*")]


def gone(number):
    """Whether a process has ended; one that nobody has waited for yet has."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def eventually(condition, seconds=10):
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    assert found
    return found


# The life of a trust server.


@pytest.fixture
def machine(tmp_path, root, door):
    """A trust server whose scripts run for real: key, request, and what takes the certificate."""
    (tmp_path / "machine").mkdir()
    server = Machine(tmp_path / "machine")
    server.write(bootstrap.trust_server(samples.trust_server(root_pem=root[0], software=server.software())))
    result = server.boot("install", "trust-key")
    assert result.returncode == 0, result.stderr
    door.folder = server.path(TRUST)
    over = threading.Event()

    def path_unit():
        while not over.wait(0.05):
            if server.path(f"{TRUST}/inbox/intermediate.pem").exists():
                server.boot("trust-accept")

    thread = threading.Thread(target=path_unit)
    thread.start()
    yield server
    over.set()
    thread.join()


def test_a_trust_server_is_enrolled_and_renewed(machine, stack, door, confkube, tmp_path):
    status, out, _ = confkube("status", "--stack", "demo")
    assert (status, out) == (0, "waits for enrolment: no agent attests until confkube trust enroll has run\n")

    status, out, err = confkube("enroll", "--stack", "demo", "--unverified", "--days", 30)
    assert status == 0, err
    end = in_use(door).not_valid_after_utc
    assert out == f"enrolled until {end:%Y-%m-%dT%H:%M:%SZ}; {NOTHING_VERIFIED}\n"
    assert abs(end - dt.datetime.now(dt.UTC) - dt.timedelta(days=30)) < dt.timedelta(minutes=5)
    assert "systemctl restart --no-block spire-server.service" in machine.calls("systemctl")
    assert stat_mode(machine.path(f"{TRUST}/intermediate.pem")) == 0o644

    line = confkube("enroll", "--unverified", "--days", 29)[2].splitlines()[-1]
    assert "takes no certificate that ends before that" in line
    status, out, err = confkube("enroll", "--unverified")
    assert status == 0, err
    assert in_use(door).not_valid_after_utc > end

    status, out, _ = confkube("status", "--json")
    end = in_use(door).not_valid_after_utc
    assert json.loads(out) == {
        "state": "enrolled without evidence",
        "verified": False,
        "not_after": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "trust_domain": DOMAIN,
        "endpoint": "10.20.144.10:8081",
        "world": "cloud",
    }
    assert all(eventually(lambda: [gone(number) for number in processes(tmp_path)]))
    calls = (stack.folder / "calls").read_text().splitlines()
    base = "--non-interactive stack output --json"
    assert calls[:3] == [f"{base} --stack demo", f"{base} --show-secrets --stack demo", f"{base} --show-secrets"]


def stat_mode(path):
    return path.stat().st_mode & 0o777


def test_the_machine_says_no_and_the_command_says_where_to_look(machine, stack, refused):
    foreign = samples.authority(samples.elliptic(), "root")
    stack(root_certificate=foreign[0], key=foreign[1])
    line = refused("enroll", "--unverified", "--timeout", 3)
    assert "did not take the certificate; on the machine, journalctl -u confkube-trust-accept says why" in line
    assert "is not under this cluster's root" in eventually(machine.console)


def test_what_the_server_signs_is_under_the_root(accepting, stack, root, confkube, tmp_path):
    """SPIRE's own authority is below the certificate, workloads below that, and no further authority is."""
    key = samples.elliptic()
    (accepting.folder / "request.pem").write_bytes(request(key))
    assert confkube("enroll", "--unverified")[0] == 0
    enrolled = in_use(accepting)
    assert enrolled.subject.rfc4514_string() == (f"CN=trust server of {DOMAIN},OU=enrolled without evidence,O=confkube")
    assert enrolled.extensions.get_extension_for_class(x509.KeyUsage).critical
    assert enrolled.extensions.get_extension_for_class(x509.BasicConstraints).critical
    assert enrolled.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    assert enrolled.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    chain, own, further = [enrolled], samples.elliptic(), samples.elliptic()
    chain.append(below(chain[-1], key, own.public_key(), "spire", ca=True))
    chain.append(below(chain[-1], own, further.public_key(), "workload", ca=False))
    assert "OK" in verified(tmp_path, root, chain)
    chain[-1] = below(chain[-2], own, further.public_key(), "further", ca=True)
    chain.append(below(chain[-1], further, samples.elliptic().public_key(), "workload", ca=False))
    assert "path length constraint exceeded" in verified(tmp_path, root, chain)


def below(issuer, key, public, name, *, ca):
    now = dt.datetime.now(dt.UTC)
    uri = f"spiffe://{DOMAIN}" + ("" if ca else "/workload")
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer.subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=False)
        .sign(key, hashes.SHA256())
    )


def verified(folder, root, chain):
    (folder / "root.pem").write_text(root[0])
    pems = [each.public_bytes(serialization.Encoding.PEM) for each in chain]
    (folder / "chain.pem").write_bytes(b"".join(pems[:-1]))
    (folder / "leaf.pem").write_bytes(pems[-1])
    files = ["-CAfile", folder / "root.pem", "-untrusted", folder / "chain.pem", folder / "leaf.pem"]
    done = subprocess.run(["openssl", "verify", "-no-CApath", *files], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_the_certificate_does_not_outlive_the_root(accepting, stack, root, confkube):
    assert confkube("enroll", "--unverified", "--days", 3650)[0] == 0
    issuer = x509.load_pem_x509_certificate(root[0].encode())
    assert in_use(accepting).not_valid_after_utc <= issuer.not_valid_after_utc


def test_a_long_trust_domain_stands_in_the_certificate_all_the_same(accepting, stack, confkube):
    domain = "d" * 200 + ".internal"
    stack(trust_domain=domain)
    (accepting.folder / "request.pem").write_bytes(request(names=[f"spiffe://{domain}"]))
    assert confkube("enroll", "--unverified")[0] == 0
    assert "CN=trust server," in in_use(accepting).subject.rfc4514_string()


def test_an_open_way_is_used_instead_of_the_tunnel(accepting, stack, confkube, monkeypatch, tmp_path):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert confkube("enroll", "--unverified", "--url", accepting.url)[0] == 0
    _, out, _ = confkube("status", "--url", accepting.url)
    assert out.startswith("enrolled without evidence (--unverified) until ")
    assert out.endswith(": nothing proves what machine holds the key\n")
    assert processes(tmp_path) == []


def test_a_machine_that_boots_is_waited_for(accepting, stack, confkube):
    document = (accepting.folder / "request.pem").read_bytes()
    (accepting.folder / "request.pem").unlink()
    timer = threading.Timer(1.0, (accepting.folder / "request.pem").write_bytes, [document])
    timer.start()
    assert confkube("enroll", "--unverified")[0] == 0
    assert accepting.visits.count("GET /request.pem HTTP/1.1") > 1


def test_the_lab_is_named_in_every_message(accepting, stack, confkube):
    stack(world="lab")
    for arguments in (["enroll"], ["enroll", "--unverified"], ["status"], ["status", "--url", "nonsense"]):
        _, out, err = confkube(*arguments)
        assert (out or err).endswith(LAB), arguments
    assert json.loads(confkube("status", "--json")[1])["world"] == "lab"


# Status.


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, "enrolled by other means"),
        ({"unit": "enrolled without evidence"}, "enrolled without evidence"),
        ({"unit": "enrolled without evidence", "days": -1}, "enrolment ended"),
    ],
)
def test_status_reads_the_certificate_in_use(door, root, confkube, values, state):
    (door.folder / "intermediate.pem").write_bytes(certificate(root, **values))
    assert confkube("status")[1].startswith(state)
    found = json.loads(confkube("status", "--json")[1])
    assert (found["state"], found["verified"]) == (state, False)
    assert found["not_after"]


def test_status_of_an_external_server_opens_nothing(stack, confkube, tmp_path):
    stack(state="external", enrolment="", key="")
    status, out, err = confkube("status")
    assert (status, err) == (0, "")
    assert out == "external: others run this trust server, and nothing is known of it here\n"
    assert json.loads(confkube("status", "--json")[1])["not_after"] is None
    assert processes(tmp_path) == []


@pytest.mark.parametrize(
    "document",
    [
        lambda _: certificate(samples.authority(samples.elliptic(), "root"), unit="enrolled without evidence"),
        lambda root: certificate(root, name="spiffe://other.internal"),
        lambda _: b"-----BEGIN CERTIFICATE-----\nrubbish\n",
        lambda _: b"\0\xff",
    ],
    ids=["foreign root", "other trust domain", "rubbish", "no text"],
)
def test_a_certificate_that_is_not_under_the_root_is_believed_by_neither(door, stack, root, refused, document):
    (door.folder / "request.pem").write_bytes(request())
    (door.folder / "intermediate.pem").write_bytes(document(root))
    assert "is not this stack's trust server" in refused("status")
    assert "is not this stack's trust server" in refused("enroll", "--unverified")
    assert not [visit for visit in door.visits if visit.startswith("PUT")]


# Refusals.


def test_without_the_flag_nothing_is_opened_and_no_secret_is_read(stack, refused):
    line = refused("enroll")
    assert "shows no evidence yet, so nothing proves what holds the key; add --unverified" in line
    assert "will be printed from then on" in line
    stack.untouched()
    assert "--show-secrets" not in (stack.folder / "calls").read_text()


@pytest.mark.parametrize(
    ("arguments", "changes", "said"),
    [
        (["enroll", "--unverified"], {"world": "sandbox"}, "where no machine boots: there is nothing to enrol"),
        (["enroll"], {"world": "sandbox"}, "where no machine boots: there is nothing to enrol"),
        (["status"], {"world": "sandbox"}, "where no machine boots: there is nothing to enrol"),
        (
            ["enroll", "--unverified"],
            {"state": "external", "enrolment": "", "key": ""},
            "10.20.144.10:8081 is external",
        ),
        (["enroll", "--unverified"], {"enrolment": ""}, "names no tunnel to its trust server"),
        (["status"], {"enrolment": ""}, "give it as --url"),
        (["enroll", "--unverified"], {"key": ""}, "trust_root_key) cannot be read"),
        (["enroll", "--unverified"], {"key": "[secret]"}, "trust_root_key) cannot be read"),
        (["enroll", "--unverified"], {"key": samples.authority(samples.elliptic())[1]}, "do not belong together"),
        (["enroll", "--unverified"], {"root_certificate": "rubbish"}, "root_certificate in its output trust)"),
        (["enroll", "--unverified"], {"root_certificate": ""}, "output trust lacks root_certificate"),
        (["status"], {"trust_domain": 7}, "output trust lacks trust_domain"),
        (["status"], {"world": None}, "bring the stack up first with: pulumi up"),
        (["enroll", "--unverified", "--days", "0"], {}, "--days"),
        (["status", "--timeout", "0"], {}, "--timeout"),
        (["nonsense"], {}, "choose one of enroll, status"),
    ],
)
def test_what_is_refused_before_anything_is_opened(stack, refused, arguments, changes, said):
    stack(**changes)
    assert said in refused(*arguments)
    stack.untouched()


def test_a_root_that_has_ended_signs_nothing(stack, refused, door):
    key = samples.elliptic()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root")])
    now = dt.datetime.now(dt.UTC)
    ended = x509.CertificateBuilder(name, name, key.public_key(), 1, now - dt.timedelta(days=2), now).sign(
        key, hashes.SHA256()
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    stack(root_certificate=ended.public_bytes(serialization.Encoding.PEM).decode(), key=private.decode())
    assert "the stack's root ended at" in refused("enroll", "--unverified")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"rubbish", "is not a certificate request"),
        (b"", "is not a certificate request"),
        (b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "is not a certificate req"),
        (forged(), "is not signed with the key that it is for"),
        (request(rsa.generate_private_key(65537, 2048)), "not for a key on one of the curves P-256"),
        (request(ec.generate_private_key(ec.SECP256K1())), "not for a key on one of the curves P-256"),
        (request(names=["spiffe://other.internal"]), "is for spiffe://other.internal, but"),
        (request(names=[f"spiffe://{DOMAIN}/spire/server"]), "trust domain is spiffe://demo-4f2a.internal"),
        (request(names=[f"spiffe://{DOMAIN}", "spiffe://other.internal"]), "spiffe://other.internal, but"),
        (request(names=()), "is for no name at all"),
    ],
)
def test_a_wrong_request_is_not_signed(door, stack, refused, document, said):
    (door.folder / "request.pem").write_bytes(document)
    line = refused("enroll", "--unverified")
    assert said in line
    assert "nothing was signed" in line
    assert not [visit for visit in door.visits if visit.startswith("PUT")]


def test_a_request_that_does_not_come_is_not_waited_for_without_end(door, stack, refused):
    line = refused("enroll", "--unverified", "--timeout", 1)
    assert "does not hand out its request (waited 1 s for http://127.0.0.1:" in line
    assert "not there yet" in line


def test_a_door_that_is_not_there_is_not_waited_for_without_end(stack, refused):
    address = f"http://127.0.0.1:{free_port()}"
    for arguments in (["enroll", "--unverified"], ["status"]):
        assert "connection refused" in refused(*arguments, "--timeout", 1, "--url", address)


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "https://127.0.0.1:8082", "http://", "http://a:b", "http://u:p@a", "http://a/b", "http://[::1"],
)
def test_a_wrong_address_is_refused(stack, refused, url):
    assert "it has the form http://host:port" in refused("status", "--url", url)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\x1b", "answered 404 to GET /intermediate.pem: no"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://example.org/\r\nContent-Length: 0\r\n\r\n", "answered 302"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "ssh-2.0-openssh_9.2"),
        (b"", "remote end closed connection"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "cut off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 70000, "cut off"),
    ],
)
def test_something_else_behind_the_address(stack, refused, answer, said):
    class Other(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(65536)
            with suppress(OSError):
                self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        line = refused("status", "--timeout", 1, "--url", address)
        server.shutdown()
    assert said in line
    assert line.isprintable()


def test_a_certificate_that_is_not_taken_is_said(door, stack, refused):
    (door.folder / "request.pem").write_bytes(request())
    (door.folder / "inbox").rmdir()
    assert "nothing was handed in: http://127.0.0.1:" in refused("enroll", "--unverified")


@pytest.mark.parametrize("command", ["enroll --unverified", "status"])
@pytest.mark.parametrize(
    ("way", "said"),
    [
        (
            r"printf 'no\033[1m\ncredentials\n' >&2; exit 3",
            "the tunnel command ended with status 3: no [1m credentials",
        ),
        ("true", "the tunnel command ended with status 0: it said nothing"),
        ("no-such-program-anywhere --port 8082", "ended with status 127: "),
    ],
)
def test_a_tunnel_that_ends_early_says_why(stack, refused, command, way, said):
    stack(enrolment=way)
    assert said in refused(*command.split())


def test_a_port_that_is_taken_is_not_mistaken_for_the_tunnel(stack, port, refused, tmp_path):
    with socket.create_server(("127.0.0.1", port)):
        line = refused("enroll", "--unverified")
    assert f"something listens at 127.0.0.1:{port} already" in line
    assert f"--url http://127.0.0.1:{port}" in line
    assert processes(tmp_path) == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("error: no stack named 'demo' found\n", "cannot tell the stack's outputs: no stack named 'demo' found"),
        ("warning: a\nerror: no stack selected\nsee b\n", "outputs: no stack selected"),
        ("killed\n", "outputs: killed"),
        ("", "outputs: it does not say why"),
    ],
)
def test_what_pulumi_refuses_is_told(stack, refused, error, said):
    (stack.folder / "error").write_text(error)
    assert said in refused("status", "--stack", "demo")


@pytest.mark.parametrize("output", ["", "not JSON at all", "[]", "null", '{"kubeconfig": "x"}', "{}"])
def test_outputs_that_are_none(stack, refused, output):
    (stack.folder / "plain.json").write_text(output)
    assert refused("status")


def test_outputs_that_cannot_be_read_are_not_shown(stack, refused, root):
    (stack.folder / "secret.json").write_text(root[1])
    assert "printed no JSON object" in refused("enroll", "--unverified")


def test_pulumi_may_be_missing(stack, refused, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert "pulumi is not on PATH" in refused("status")
    (stack.folder / "pulumi").chmod(0o644)
    monkeypatch.setenv("PATH", str(stack.folder))
    assert "pulumi cannot be run: " in refused("status")


# The end of the tunnel.


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [(signal.SIGINT, 130, ["confkube: interrupted"]), (signal.SIGTERM, 143, []), (signal.SIGHUP, 129, [])],
)
def test_a_signal_ends_the_tunnel_and_all_its_processes(stack, tmp_path, number, status, said):
    """Also those that it started and left, and those that do not listen to a polite signal."""
    folder = tmp_path / "tunnel"
    stubborn = f"trap '' INT TERM HUP; touch {folder}/process-$$; while :; do sleep 1; done"
    stack(enrolment=f"sh -c {shlex.quote(stubborn)} & touch {folder}/process-$$; wait")
    code = (
        f"from confkube import cli; from confkube.trust import tunnel; tunnel.PORT = {tunnel.PORT}; "
        "cli.main(['trust', 'enroll', '--unverified'])"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    eventually(lambda: len(processes(tmp_path)) == 2)
    assert not any(gone(each) for each in processes(tmp_path))
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == status
    assert out == ""
    assert [line for line in err.splitlines() if line][1:] == said
    eventually(lambda: all(gone(each) for each in processes(tmp_path)))


@pytest.mark.usefixtures("accepting", "stack")
def test_no_private_key_is_in_an_argument_or_a_file(root, confkube, tmp_path, monkeypatch):
    """What other users of this computer could see while the command runs, and what it leaves behind."""
    seen, over = set(), threading.Event()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))

    def look():
        while not over.wait(0.005):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    seen.add(path.read_bytes())

    watcher = threading.Thread(target=look)
    watcher.start()
    assert confkube("enroll", "--unverified")[0] == 0
    over.set()
    watcher.join()
    secret = [line.encode() for line in root[1].splitlines()[1:-1]]
    assert any(b"forward.py" in command for command in seen)
    assert not [line for line in secret for command in seen if line in command]
    assert list((tmp_path / "temporary").iterdir()) == []

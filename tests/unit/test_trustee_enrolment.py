"""``confkube trust`` at the door of a Trustee: the very same exchange as with a SPIRE server."""

import json
import os
import threading

import pytest
from boot import relying, samples
from boot import trustee as values
from boot.machine import Machine
from cryptography import x509
from unit.test_trust_cli import PULUMI, TRUST, Door

from confkube import bootstrap, cli


@pytest.fixture(scope="module")
def root():
    return relying.certificate(name="root", ca=True, days=(-1, 3650))


@pytest.fixture
def machine(tmp_path, root):
    """A Trustee's machine whose scripts run for real, with what waits for the certificate."""
    (tmp_path / "machine").mkdir()
    server = Machine(tmp_path / "machine")
    profile = samples.profile(user_data_limit=1 << 20)
    boot = values.trustee(root_pem=root.pem, profile=profile, software=server.software())
    server.write(bootstrap.trustee_server(boot))
    result = server.boot("install", "trust-key")
    assert result.returncode == 0, result.stderr
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


@pytest.fixture
def confkube(tmp_path, monkeypatch, root, machine, capsys):
    """The command, with a pulumi that tells of a stack with a Trustee, and the machine's door as its address."""
    folder = tmp_path / "pulumi"
    folder.mkdir()
    (folder / "pulumi").write_text(PULUMI.format(folder=folder))
    (folder / "pulumi").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    trust = {
        "endpoint": f"{values.ADDRESS}:8080",
        "trust_domain": values.DOMAIN,
        "root_certificate": root.pem,
        "state": "waits for enrolment until `confkube trust enroll` has run",
        "enrolment": "",
    }
    outputs = {"world": "cloud", "trust": trust, "trust_root_key": root.key_pem}
    (folder / "secret.json").write_text(json.dumps(outputs))
    (folder / "plain.json").write_text(json.dumps(outputs | {"trust_root_key": "[secret]"}))
    with Door(machine.path(TRUST)) as door:

        def run(*words):
            with pytest.raises(SystemExit) as left:
                cli.main(["trust", *words, "--url", door.url, "--timeout", "60"])
            said = capsys.readouterr()
            assert root.key_pem.splitlines()[1] not in said.out + said.err
            return int(left.value.code or 0), said.out

        yield run
        door.shutdown()


def test_a_trustee_is_enrolled_and_renewed_as_any_trust_server(confkube, machine, root):
    assert confkube("status")[1].startswith("waits for enrolment")
    assert confkube("enroll")[0] == 1
    status, out = confkube("enroll", "--unverified", "--days", "30")
    assert status == 0
    assert "nothing was verified" in out
    first = x509.load_pem_x509_certificate(machine.path(f"{TRUST}/intermediate.pem").read_bytes())
    first.verify_directly_issued_by(root.certificate)
    state = json.loads(confkube("status", "--json")[1])
    assert (state["state"], state["verified"], state["endpoint"]) == (
        "enrolled without evidence",
        False,
        f"{values.ADDRESS}:8080",
    )
    assert confkube("enroll", "--unverified", "--days", "60")[0] == 0
    assert confkube("enroll", "--unverified", "--days", "10")[0] == 1
    assert "confkube-trustee.service" in machine.calls("systemctl")[-1]


def test_what_it_was_enrolled_with_issues_its_certificates(confkube, machine, root):
    assert confkube("enroll", "--unverified")[0] == 0
    for name in ("trustee", "token"):
        result = machine.boot(f"/bin/sh /usr/local/lib/confkube/trust-leaf.sh {name}")
        assert result.returncode == 0, result.stderr
        leaf, middle = x509.load_pem_x509_certificates(machine.path(f"{TRUST}/leaves/{name}/chain.pem").read_bytes())
        leaf.verify_directly_issued_by(middle)
        middle.verify_directly_issued_by(root.certificate)

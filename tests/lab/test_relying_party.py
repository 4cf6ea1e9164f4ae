"""The relying party on machines of the lab, with a real SPIRE server and agent: one workload gets the secret.

The machines are containers and nothing here is confidential: what is proved to SPIRE is a key that the lab handed out.
"""

import base64
import json
import os

import pytest
from lab.trust_world import DOMAIN, PROFILE, TRUST, WORKER, TrustWorld, eventually, exposure, user_data
from lab_guard import alone

from confkube import bootstrap
from confkube.attest.plugin import Plugin
from confkube.attest.spire import AgentConfig
from confkube.bootstrap import DEMO_PATH, UNVERIFIED, RelyingParty, TrustServerBoot
from confkube.bootstrap.files import plain
from confkube.bootstrap.parts import ETC, TRUST_ROOT, common_files, units
from confkube.bootstrap.software import pinned
from confkube_lab import check, labs
from confkube_lab.home import LabHome

UNIT = "confkube-relying-party"
ATTESTED, OTHER, STRANGER = 1001, 1002, 1003
"""Users of the worker: the one that the secret is for, another workload, and one that nobody registered."""
SOCKET = "/run/spire/agent-sockets/spire-agent.sock"


def trust_server(root):
    party = RelyingParty(names=(TRUST,), spiffe_ids=(f"spiffe://{DOMAIN}{DEMO_PATH}",), allow=(UNVERIFIED,))
    return bootstrap.trust_server(
        TrustServerBoot(
            cluster_id="attested", trust_domain=DOMAIN, root_pem=root.pem, profile=PROFILE, relying_party=party
        )
    )


def worker(root):
    """A machine with an agent and without a kubelet: workloads are users here."""
    software = pinned()
    agent = AgentConfig(
        server_address=TRUST,
        server_port=8081,
        trust_domain=DOMAIN,
        root_path=TRUST_ROOT,
        node_attestor=Plugin.parse("agent", PROFILE.node_attestor_agent),
        workload_attestors=(Plugin(name="unix"),),
    )
    variables = {"CONTAINERD": "", "PACKAGES": " ".join(software.packages)}
    files = [
        *common_files(PROFILE, [software.spire_agent], variables),
        plain(f"{ETC}/spire-agent.conf", agent.render()),
        plain(TRUST_ROOT, root.pem, 0o644),
        *units("spire-agent.service"),
    ]
    return user_data(files, ["confkube-install", "confkube-firewall", "spire-agent"])


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    home = LabHome(tmp_path_factory.mktemp("relying") / "home")
    with alone():
        missing = check.reason(home, os.environ)
        if missing:
            pytest.skip(f"no lab here: {missing}")
        try:
            found = TrustWorld(home)
            found.start("trust", TRUST, trust_server(found.root))
            found.start("worker", WORKER, worker(found.root))
            yield found
        finally:
            labs.reset(home)


def ask(world, user, *, svid=True):
    """Ask for the secret as a user of the worker, with the identity that the agent gives it, if it gives one."""
    fetch = f"spire-agent api fetch x509 -socketPath {SOCKET} -write . >fetched 2>&1 || true;" if svid else ""
    line = (
        f"umask 077; mkdir -p /tmp/{user} && cd /tmp/{user} && rm -f svid* fetched status; {fetch}"
        "set --; [ ! -s svid.0.pem ] || set -- --cert svid.0.pem --key svid.0.key;"
        f"curl -sS -m 20 --cacert {TRUST_ROOT} -w '\\n%{{http_code}}' \"$@\" https://{TRUST}:8083/secret"
    )
    done = world.run(
        "worker", "setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups", "sh", "-c", line
    )
    body, _, status = done.stdout.rpartition("\n")
    assert done.returncode == 0, done.stderr
    return int(status), json.loads(body)


class TestRelyingParty:
    """In order: each starts where the one before ended."""

    def test_nothing_is_there_before_the_trust_server_is_enrolled(self, world):
        eventually(lambda: world.active("trust", "confkube-trust-door.socket") == "active")
        assert world.active("trust", UNIT) == "inactive"
        assert world.active("trust", "spire-server") == "inactive"

    def test_it_starts_when_that_is_enrolled(self, world):
        world.enrol()
        eventually(lambda: "answers at port 8083" in world.journal("trust", UNIT))
        assert world.active("trust", UNIT) == "active"
        chain = world.shell("trust", "cat /var/lib/confkube/trust/leaves/relying-party/chain.pem").stdout
        assert chain.count("BEGIN CERTIFICATE") == 2

    def test_its_service_is_closed_in(self, world):
        found = world.run("trust", "systemd-analyze", "security", "--no-pager", UNIT)
        assert exposure(found.stdout) < 2.0, found.stdout
        pid = world.run("trust", "systemctl", "show", "-P", "MainPID", UNIT).stdout.strip()
        status = world.shell("trust", f"cat /proc/{pid}/status").stdout
        values = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert values["Uid"].split()[0] not in ("0", "")
        assert values["CapEff"].strip("0") == values["CapBnd"].strip("0") == ""
        assert (values["NoNewPrivs"], values["Seccomp"]) == ("1", "2")

    def test_the_attested_workload_gets_the_secret(self, world):
        agents = eventually(lambda: self.agents(world))
        assert agents[0]["attestation_type"] == "x509pop"
        parent = f"spiffe://{DOMAIN}{agents[0]['id']['path']}"
        for user, path in ((ATTESTED, DEMO_PATH), (OTHER, "/other")):
            words = ("-parentID", parent, "-spiffeID", f"spiffe://{DOMAIN}{path}", "-selector", f"unix:uid:{user}")
            made = world.run(
                "trust", "spire-server", "entry", "create", "-socketPath", "/run/spire/server.sock", *words
            )
            assert made.returncode == 0, made.stdout + made.stderr
        status, answer = eventually(lambda: (got := ask(world, ATTESTED))[0] == 200 and got)
        assert len(base64.b64decode(answer["secret"])) == 32
        assert ask(world, ATTESTED) == (status, answer)
        assert f"released to spiffe://{DOMAIN}{DEMO_PATH}, at {WORKER}" in world.journal("trust", UNIT)
        assert answer["secret"] not in world.journal("trust", "*")

    @staticmethod
    def agents(world):
        shown = world.run(
            "trust", "spire-server", "agent", "list", "-socketPath", "/run/spire/server.sock", "-output", "json"
        )
        return shown.returncode == 0 and json.loads(shown.stdout)["agents"]

    def test_another_attested_workload_does_not(self, world):
        status, answer = eventually(lambda: (got := ask(world, OTHER))[0] != 401 and got)
        assert status == 403
        assert answer == {"error": f"spiffe://{DOMAIN}/other is not one of those that the secret is for"}
        assert f"refused 403 to {WORKER}: {answer['error']}" in world.journal("trust", UNIT)

    def test_a_workload_that_nobody_registered_does_not(self, world):
        status, answer = ask(world, STRANGER)
        assert (status, answer) == (401, {"error": "show an X.509-SVID as client certificate"})
        assert "no identity issued" in world.shell("worker", f"cat /tmp/{STRANGER}/fetched").stdout

    def test_the_same_user_without_its_identity_does_not(self, world):
        assert ask(world, ATTESTED, svid=False)[0] == 401

    def test_the_agents_own_identity_does_not(self, world):
        """The node is attested, and is not the workload."""
        line = (
            "cd /var/lib/spire/agent && ls; "
            f"curl -sS -m 20 --cacert {TRUST_ROOT} --cert /var/lib/confkube-lab/certificate.pem "
            f"--key /var/lib/confkube-lab/key.pem https://{TRUST}:8083/secret"
        )
        done = world.shell("worker", line)
        assert done.returncode != 0
        assert "secret" not in done.stdout
        eventually(lambda: "refused at the handshake" in world.journal("trust", UNIT))

    def test_without_the_allowance_an_enrolment_without_evidence_does_not_count(self, world):
        settings = "/etc/confkube/relying-party.json"
        world.shell("trust", f"sed -i 's/\"{UNVERIFIED}\"//' {settings} && systemctl restart {UNIT}")
        eventually(lambda: world.journal("trust", UNIT).count("answers at port 8083") == 2)
        status, answer = ask(world, ATTESTED)
        assert status == 403
        assert "enrolled without evidence, and that is not allowed here" in answer["error"]
        undo = f'sed -i \'s/"allow": \\[/&"{UNVERIFIED}"/\' {settings} && systemctl restart {UNIT}'
        assert world.shell("trust", undo).returncode == 0
        assert eventually(lambda: (got := ask_when_up(world)) and got)[0] == 200

    def test_a_renewed_enrolment_brings_a_new_certificate_and_keeps_the_secret(self, world):
        before = ask(world, ATTESTED)
        chain = world.shell("trust", "cat /var/lib/confkube/trust/leaves/relying-party/chain.pem").stdout
        world.enrol(days=60)
        again = "cat /var/lib/confkube/trust/leaves/relying-party/chain.pem"
        eventually(lambda: world.shell("trust", again).stdout != chain)
        assert eventually(lambda: (got := ask_when_up(world)) and got[0] == 200 and got) == before


def ask_when_up(world):
    try:
        return ask(world, ATTESTED)
    except AssertionError:
        return None

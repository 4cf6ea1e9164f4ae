"""A Trustee's machine in the lab: enrolment, its store, its certificates, and its container by the real containerd.

The image is a stand-in of a shell and openssl, and no Trustee: what is seen here is how it is run, and what it may do.
"""

import os
from pathlib import Path

import pytest
from boot.trustee import IMAGE, value
from lab.trust_world import DOMAIN, PROFILE, TRUST, TrustWorld, eventually
from lab_guard import alone

from confkube import bootstrap
from confkube.attest.trustee import read_kbs_config
from confkube.bootstrap import TrusteeServerBoot
from confkube_lab import check, labs
from confkube_lab.home import LabHome

UNIT = "confkube-trustee"
STORE = "/var/lib/confkube/trustee/store"
FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    home = LabHome(tmp_path_factory.mktemp("trustee") / "home")
    with alone():
        missing = check.reason(home, os.environ)
        if missing:
            pytest.skip(f"no lab here: {missing}")
        try:
            found = TrustWorld(home)
            boot = TrusteeServerBoot(
                cluster_id="attested",
                trust_domain=DOMAIN,
                root_pem=found.root.pem,
                profile=PROFILE,
                image=IMAGE,
                names=(TRUST,),
                reference_values=(value(), value("mr_td", year=2020)),
            )
            found.start("trust", TRUST, bootstrap.trustee_server(boot))
            yield found
        finally:
            labs.reset(home)


class TestTrusteeMachine:
    """In order: each starts where the one before ended."""

    def test_nothing_runs_before_it_is_enrolled(self, world):
        eventually(lambda: world.active("trust", "confkube-trust-door.socket") == "active")
        assert world.active("trust", UNIT) == "inactive"
        assert world.run("trust", "ls", "/var/lib/confkube/trust/leaves").returncode != 0

    def test_it_starts_when_it_is_enrolled(self, world):
        eventually(lambda: world.active("trust", "containerd") == "active")
        make, program = ((FOLDER / f"{name}.sh").read_text() for name in ("stand-in-image", "stand-in"))
        made = world.run("trust", "sh", "-c", make, "make", IMAGE, stdin=program, timeout=120)
        assert made.returncode == 0, made.stderr
        world.enrol()
        log = eventually(lambda: "cannot write elsewhere" in (said := world.journal("trust", UNIT)) and said)
        uid = world.run("trust", "id", "-u", "confkube-trustee").stdout.strip()
        assert uid not in ("0", "")
        assert f"stand-in: --config-file /etc/confkube/trustee/kbs-config.toml as {uid}\n" in log
        assert "CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2" in log

    def test_what_its_program_can_do_and_what_not(self, world):
        said = {line.removeprefix("stand-in: ") for line in world.journal("trust", UNIT).splitlines()}
        assert {line for line in said if line.startswith("can")} == {
            "can read its configuration",
            "can read the root",
            "can read its keys",
            "can read its values",
            "can add a resource",
            "can write in /tmp",
            "cannot see the signing key",
            "cannot change its policy",
            "cannot replace its policies",
            "cannot write its certificate",
            "cannot write elsewhere",
        }

    def test_its_certificate_is_believed_by_who_pins_the_root(self, world):
        line = f"curl -sS -m 20 --cacert /etc/confkube/trust-root.pem https://{TRUST}:8080/"
        done = eventually(lambda: (got := world.shell("trust", line)).returncode == 0 and got)
        assert "TLSv1.3" in done.stdout

    def test_its_configuration_reads_as_one_of_its_version(self, world):
        text = world.run("trust", "cat", "/etc/confkube/trustee/kbs-config.toml").stdout
        assert read_kbs_config(text).admin.authorization_mode == "DenyAll"

    def test_a_value_that_has_ended_is_not_in_its_store(self, world):
        assert world.run("trust", "ls", f"{STORE}/reference_value").stdout.split() == ["snp_launch_measurement"]
        world.shell("trust", f"echo x >{STORE}/reference_value/forgotten; systemctl start confkube-trustee-store")
        assert world.run("trust", "ls", f"{STORE}/reference_value").stdout.split() == ["snp_launch_measurement"]

    def test_timers_renew_certificates_and_look_for_values_that_end(self, world):
        shown = world.run("trust", "systemctl", "list-timers", "--no-pager", "--plain").stdout
        for timer in ("confkube-trust-leaf@trustee", "confkube-trust-leaf@token", "confkube-trustee-store"):
            assert f"{timer}.timer" in shown

    def test_a_container_that_was_left_behind_does_not_block(self, world):
        """Its client is killed, and what it had started goes on by itself."""
        before = self.starts(world)
        world.run("trust", "systemctl", "kill", "--kill-whom=main", "--signal=KILL", UNIT)
        eventually(lambda: self.starts(world) > before)
        line = f"curl -sS -m 20 --cacert /etc/confkube/trust-root.pem https://{TRUST}:8080/"
        eventually(lambda: world.shell("trust", line).returncode == 0)
        listed = world.run("trust", "ctr", "--namespace", "confkube", "tasks", "list", "--quiet").stdout
        assert listed.split() == ["trustee"]

    def test_stopping_it_leaves_no_container(self, world):
        assert world.run("trust", "systemctl", "stop", UNIT).returncode == 0
        assert world.run("trust", "ctr", "--namespace", "confkube", "tasks", "list", "--quiet").stdout == ""
        assert world.run("trust", "ctr", "--namespace", "confkube", "containers", "list", "--quiet").stdout == ""

    def test_it_starts_again(self, world):
        before = self.starts(world)
        assert world.run("trust", "systemctl", "start", UNIT).returncode == 0
        eventually(lambda: self.starts(world) > before)

    @staticmethod
    def starts(world):
        return world.journal("trust", UNIT).count("stand-in: --config-file")

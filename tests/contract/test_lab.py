"""The lab against the contract, and what is its own."""

import json
from dataclasses import replace

import pytest
import recorder
from contract.suite import Contract

import confkube as ck
from confkube.clouds.lab import LabPlatform
from confkube.errors import Refusal
from confkube_lab import spec


def told(recorded):
    """Name -> what the command of a resource reads from its standard input."""
    return {each.name: json.loads(recorder.plain(each.inputs["stdin"])) for each in recorded.of_type(recorder.COMMAND)}


def machines(recorded):
    return {name: one for name, one in told(recorded).items() if "user_data" in one}


class TestLab(Contract):
    block = {"lab": {}}
    allow = ("unattested",)
    near = "127."

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def on_a_large_computer(cls):
        """How many machines there is memory for depends on the computer; the contract does not."""
        limits = LabPlatform.limits
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(LabPlatform, "limits", property(lambda lab: replace(limits.fget(lab), machines=5000)))
            yield

    @pytest.fixture(scope="class")
    @classmethod
    def default(cls, on_a_large_computer):
        return cls().up()

    def user_data(self, recorded):
        return {name: one["user_data"] for name, one in machines(recorded).items()}

    def inbound(self, recorded):
        return [
            (opening["tier"], opening["source"])
            for one in told(recorded).values()
            for opening in one.get("openings", ())
        ]

    def labelled(self, recorded):
        return [one["labels"] for one in told(recorded).values()]

    def confidential(self, recorded):
        return {name: one["isolation"] == "cvm" for name, one in machines(recorded).items()}

    def test_every_disk_is_encrypted(self, default):
        """The one promise that the lab does not keep: a disk is a file of this computer. It claims nothing else."""
        assert default[1]["attestation"].startswith("lab: nothing here is confidential")

    def test_machines_know_only_the_name_of_their_tee(self, default):
        assert {name: one["tee"] for name, one in machines(default[0]).items()} == {
            "demo-control-plane": "none",
            "demo-trust": "snp",
            "demo-workers": "snp",
        }

    def test_the_world_is_the_lab_and_the_account_is_this_computer(self, default):
        assert (default[1]["world"], default[1]["account"]) == ("lab", "computer-0a1b2c3d4e5f")
        assert default[1]["place"] == {"zone": "this-computer", "cidr": "10.20.0.0/16"}

    def test_the_lab_takes_what_it_is_told(self, default):
        """Both ends of standard input are confkube's own; nothing may be lost or refused between them."""
        for name, given in told(default[0]).items():
            taken = (spec.machines if "user_data" in given else spec.network)(given)
            assert {key: value for key, value in json.loads(json.dumps(taken)).items() if key in given} == given, name

    def test_what_a_command_reads_is_secret_and_what_it_answers_is_not(self, default):
        for each in default[0].of_type(recorder.COMMAND):
            assert each.inputs["stdin"][recorder.SIGNATURE] == recorder.SECRET, each.name
            assert not each.inputs["addPreviousOutputInEnv"], each.name
            assert not {"environment", "logging"} & set(each.inputs), each.name
        assert default[1]["machines"] == {"control-plane": "demo-control-plane", "trust": "demo-trust"}

    def test_no_secret_is_in_a_command_line(self, default):
        lines = {
            each.name: {each.inputs[verb] for verb in ("create", "update", "delete")}
            for each in default[0].of_type(recorder.COMMAND)
        }
        up = "confkube lab machines-up"
        assert lines == {
            "demo-network": {"confkube lab network-up", "confkube lab network-down demo-network"},
            "demo-control-plane": {up, "confkube lab machines-down demo-control-plane"},
            "demo-trust": {up, "confkube lab machines-down demo-trust"},
            "demo-workers": {up, "confkube lab machines-down demo-workers"},
        }

    def test_the_control_plane_alone_is_given_a_secret(self, default):
        found = {name: one.get("secret") for name, one in machines(default[0]).items()}
        assert found["demo-control-plane"]["name"] == "confkube/demo-0a1b2c3d/control-plane"
        assert "PRIVATE KEY" in found["demo-control-plane"]["value"]
        assert (found["demo-trust"], found["demo-workers"]) == (None, None)

    def test_machines_are_in_the_network_of_their_cluster(self, default):
        places = {name: (one["lab"], one["tier"]) for name, one in machines(default[0]).items()}
        assert places == {
            "demo-control-plane": ("demo-network", "control-plane"),
            "demo-trust": ("demo-network", "trust"),
            "demo-workers": ("demo-network", "workers"),
        }
        tiers = {tier["name"] for tier in told(default[0])["demo-network"]["tiers"]}
        assert tiers == {"control-plane", "trust", "workers"}

    def test_tunnels_lead_to_the_ports_that_the_roles_name(self, default):
        assert default[1]["trust"]["enrolment"] == "confkube lab tunnel demo-trust 8082"
        openings = told(default[0])["demo-network"]["openings"]
        assert {(each["tier"], each["port"]) for each in openings if each["source"] == "tunnel"} == {
            ("control-plane", 6443),
            ("trust", 8082),
        }

    def test_what_the_computer_lacks_is_refused_before_anything_is_registered(self):
        seen = recorder.Recorder(lab_lacks="root: user 1000; run it as root, for example with sudo")
        with pytest.raises(Exception, match=r"^args\.platform\.lab: root: user 1000; run it as root") as refusal:
            self.up(seen=seen)
        assert "\n" not in str(refusal.value)
        assert seen.registered == []

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (({}, [("command", "sh: 1: confkube: not found\n: exit status 127")]), "confkube: not found"),
            ({"stdout": "confkube: no such command 'lab'", "stderr": ""}, "Expecting value"),
            ({"stdout": "{}", "stderr": ""}, "'reason'"),
        ],
    )
    def test_a_command_that_gives_no_answer_is_told_where_it_should_be(self, answer, reason):
        class Other(recorder.Recorder):
            def call(self, args):
                return answer

        seen = Other()
        with pytest.raises(Exception, match=rf"check` gives no answer \(.*{reason}.*; put the folder of") as refusal:
            self.up(seen=seen)
        assert "\n" not in str(refusal.value)
        assert seen.registered == []

    @pytest.mark.parametrize("tee", ["snp", "tdx"])
    def test_an_emulated_tee_has_to_be_allowed(self, tee):
        seen = recorder.Recorder()
        with pytest.raises(Exception, match=rf"lab {tee} vm is unattested: .*allow: \[unattested\]"):
            recorder.run(lambda: ck.CvmNodes("demo", {"platform": self.block, "tee": tee}).outputs, recorder=seen)
        assert seen.registered == []

    def test_settings_are_none(self):
        with pytest.raises(Refusal, match=r"args\.platform\.lab: 'here' is not a block of arguments"):
            LabPlatform("here", "args.platform.lab")

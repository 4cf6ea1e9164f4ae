"""``confkube lab`` where there is no lab, or where it is asked for what cannot be: one line, and an exit status."""

import io
import json
import os

import pytest

from confkube import cli
from confkube_lab import check, labs
from confkube_lab.home import LabHome
from confkube_lab.image import build
from confkube_lab.inventory import Inventory, Machine

NETWORK = {
    "name": "demo-network",
    "cidr": "10.20.0.0/16",
    "tiers": [{"name": "workers", "cidr": "10.20.128.0/17"}],
    "openings": [{"tier": "workers", "source": "workers", "protocol": "udp", "port": 8472}],
    "labels": {},
}
MACHINES = {
    "name": "demo-workers",
    "lab": "demo-network",
    "tier": "workers",
    "image": "confkube-lab",
    "isolation": "cvm",
    "tee": "snp",
    "disk_gib": 10,
    "user_data": "#cloud-config\n",
    "labels": {},
    "count": 3,
}
NO_MACHINE = "no machine is in the lab; bring one up with: make up STACK=cvm-nodes-lab"
FAULTS = ["kill", "start", "reboot", "unplug", "plug", "fill-disk", "drain-disk"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFKUBE_LAB_HOME", str(tmp_path / "lab"))
    return LabHome(tmp_path / "lab")


@pytest.fixture
def lab(capsys, monkeypatch, home):
    """Runs a command; returns exit status, output and errors, and asserts that nothing of Python's is shown."""

    def run(*arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as left:
            cli.main(["lab", *arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return int(left.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def image(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "path", lambda _: tmp_path)


def machine(name, group, **changes):
    values = {"tier": "workers", "address": "10.20.128.16", "fixed": False, "isolation": "cvm", "tee": "snp"}
    values |= {"disk_gib": 10, "created": "2026-11-27T12:00:00Z", "labels": {}} | changes
    return Machine(name=name, group=group, **values)


def refusal(answer):
    status, out, err = answer
    assert (status, out) == (1, "")
    assert err.startswith("confkube: ")
    assert err.count("\n") == 1
    return err.removeprefix("confkube: ").strip()


@pytest.mark.parametrize("command", ["shell", "logs", *FAULTS])
def test_without_a_lab_there_is_no_machine(lab, home, command):
    assert refusal(lab(command, "nothing")) == NO_MACHINE
    assert not home.root.exists()


def test_without_a_lab_there_is_no_tunnel_no_kubectl_and_nothing_to_wait_for(lab):
    assert refusal(lab("tunnel", "nothing", "6443")) == NO_MACHINE
    assert refusal(lab("kubectl", "get", "nodes")).startswith("no control plane is in the lab; bring one up with: ")
    status, out, err = lab("wait")
    assert (status, out) == (1, "")
    assert err.splitlines()[-1].startswith("confkube: no lab is running; where its stack says that it is up, ")


@pytest.mark.parametrize("command", ["shell", "logs", *FAULTS])
def test_a_machine_that_is_not_there_is_refused_with_those_that_are(lab, home, command):
    Inventory(home).add(machine("demo-workers-1", "demo-workers"))
    assert refusal(lab(command, "nothing")) == "machine: 'nothing' is not one of demo-workers-1"


@pytest.mark.parametrize("command", ["shell", "kill", "fill-disk", "drain-disk"])
def test_a_machine_that_is_off_is_told_how_to_switch_on(lab, home, command):
    Inventory(home).add(machine("demo-workers-1", "demo-workers"))
    said = refusal(lab(command, "workers-1"))
    assert "machine demo-workers-1 is switched off" in said
    assert said.endswith("switch it on with: confkube lab start demo-workers-1")


@pytest.mark.parametrize("command", ["plug", "unplug"])
def test_a_cable_needs_a_lab(lab, home, command):
    Inventory(home).add(machine("demo-workers-1", "demo-workers"))
    assert refusal(lab(command, "workers-1")) == "no lab is running; bring one up with: make up STACK=cvm-nodes-lab"


def test_status_without_a_lab_says_so_and_makes_nothing(lab, home):
    status, out, err = lab("status")
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == f"no lab is running in {home.root}"
    assert out.splitlines()[-1].startswith("lab: real machines on this computer; TEEs are emulated")
    assert not home.root.exists()


def test_status_as_json_is_one_object(lab, home):
    Inventory(home).add(machine("demo-workers-1", "demo-workers"))
    found = json.loads(lab("status", "--json")[1])
    assert (found["lab"], found["loopback"]) == (None, home.loopback)
    (row,) = found["machines"]
    assert (row["name"], row["state"], row["ready"], row["confidential"]) == ("demo-workers-1", "off", None, False)
    assert "nothing here is confidential" in found["label"]


def test_reset_is_a_dry_run_until_it_is_told_otherwise(lab, home):
    status, out, _ = lab("reset")
    assert (status, out) == (0, f"there is no lab in {home.root}\n")
    Inventory(home).add(machine("demo-workers-1", "demo-workers"))
    status, out, _ = lab("reset")
    assert (status, out.splitlines()) == (
        0,
        [
            "would go: machine demo-workers-1",
            f"would go: {home.root}",
            "nothing was changed; add --yes to do it",
        ],
    )
    assert Inventory(home).find("workers-1")
    status, out, _ = lab("reset", "--yes")
    assert (status, out.splitlines()) == (0, ["removed: machine demo-workers-1", f"removed: {home.root}"])
    assert list(home.root.parent.iterdir()) == []


@pytest.mark.parametrize(("command", "name"), [("network-down", "demo-network"), ("machines-down", "demo-workers")])
def test_what_is_gone_can_be_removed_again(lab, home, command, name):
    assert lab(command, name) == (0, "", "")
    assert not home.root.exists()


@pytest.mark.parametrize("command", ["network-up", "machines-up"])
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "standard input is not JSON: Expecting value"),
        ("{", "standard input is not JSON: "),
        ("[]", "standard input is not a JSON object"),
        ("7", "standard input is not a JSON object"),
        ("{}", "standard input.name is required"),
        ('{"name": 7}', "standard input.name: 7 is not text; write it in quotes: '7'"),
        ('{"name": "../../etc"}', "standard input.name: '../../etc' is not a name; write lower-case letters"),
        ('{"name": "demo", "colour": "grey"}', "standard input: unknown key 'colour'; the keys are "),
    ],
)
def test_standard_input_is_checked(lab, home, command, text, sentence):
    assert sentence in refusal(lab(command, stdin=text))
    assert not home.root.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"cidr": "banana"}, "standard input.cidr: 'banana' is not an IPv4 range; write it like 10.20.0.0/16"),
        ({"tiers": "workers"}, "standard input.tiers: 'workers' is not a list"),
        ({"tiers": [{"name": "workers"}]}, "standard input.tiers[0].cidr is required"),
        ({"tiers": [{"name": "workers", "cidr": "10.30.0.0/24"}]}, "tier workers: 10.30.0.0/24 lies outside 10.20"),
        ({"tiers": NETWORK["tiers"] * 2}, "standard input: tiers: each name may occur once"),
        ({"openings": [{"tier": "workers"}]}, "standard input.openings[0].source is required"),
        (
            {"openings": [{**NETWORK["openings"][0], "protocol": "sctp"}]},
            "standard input.openings[0].protocol: 'sctp' is not known; choose one of tcp, udp, icmp",
        ),
        ({"openings": [{**NETWORK["openings"][0], "port": 65536}]}, "65536 is not between 0 and 65535"),
        ({"openings": [{**NETWORK["openings"][0], "tier": "cellar"}]}, "'cellar' is not one of the tiers workers"),
        ({"openings": [{**NETWORK["openings"][0], "source": "cellar"}]}, "'cellar' is not an IPv4 range"),
        ({"labels": {"a": 1}}, "standard input.labels.a: 1 is not text"),
    ],
)
def test_a_network_that_cannot_be_is_refused(lab, home, changes, sentence):
    assert sentence in refusal(lab("network-up", stdin=json.dumps({**NETWORK, **changes})))
    assert not home.root.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"count": None}, "standard input: give either address, for a single machine, or count, for a pool"),
        ({"address": "10.20.0.10"}, "give either address"),
        ({"count": None, "address": "10.20.0"}, "standard input.address: '10.20.0' is not an IPv4 address"),
        ({"count": 0}, "standard input.count: 0 is not between 1 and 5000"),
        ({"count": "3"}, "standard input.count: '3' is not a whole number"),
        ({"disk_gib": 10**6}, "standard input.disk_gib: 1000000 is not between 1 and 1024"),
        ({"isolation": "vm"}, "'vm' is not known; choose one of plain, cvm, nested"),
        ({"user_data": None}, "standard input.user_data: None is not text"),
        ({"secret": {"name": "x"}}, "standard input.secret.value is required"),
        ({"labels": []}, "standard input.labels: [] is not a block of settings"),
    ],
)
def test_machines_that_cannot_be_are_refused(lab, home, changes, sentence):
    assert sentence in refusal(lab("machines-up", stdin=json.dumps({**MACHINES, **changes})))
    assert not home.root.exists()


def test_what_the_platform_says_is_taken(image):
    from confkube_lab import spec

    assert json.loads(json.dumps(spec.network(NETWORK))) == NETWORK
    assert spec.machines(MACHINES) == {**MACHINES, "address": None, "secret": None}


def test_a_network_needs_the_image(lab, home, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "path", lambda _: tmp_path / "nothing")
    said = refusal(lab("network-up", stdin=json.dumps(NETWORK)))
    assert said == "the lab image is not built; build it, some minutes once, with: make lab-image"
    assert not home.root.exists()


def test_machines_need_their_network(lab):
    said = refusal(lab("machines-up", stdin=json.dumps(MACHINES)))
    assert said == "the lab demo-network is not running; bring its stack up again"


def test_one_computer_holds_one_lab(lab, monkeypatch, image):
    other = labs.Lab(lab="other-network", cidr="10.0.0.0/16", tools="/", image="/", tiers=(), openings=())
    monkeypatch.setattr(labs, "running", lambda _: other)
    said = refusal(lab("network-up", stdin=json.dumps(NETWORK)))
    assert said.startswith("the lab other-network is running already, and this computer holds one; destroy its stack")


@pytest.mark.parametrize("met", [True, False])
def test_check_answers_as_a_table_and_as_json(lab, monkeypatch, met):
    row = check.Requirement(name="root", met=met, found="user 1000", remedy="run it as root")
    monkeypatch.setattr(check, "requirements", lambda *_: iter([row]))
    status, out, _ = lab("check")
    assert status == (0 if met else 1)
    assert ("run it as root" in out) == (not met)
    status, out, _ = lab("check", "--json")
    found = json.loads(out)
    assert status == 0
    assert found["reason"] == ("" if met else "root: user 1000; run it as root")
    assert found["computer"].startswith("computer-")
    assert found["requirements"] == [vars(row)]


def test_the_image_is_made_by_root(lab, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "path", lambda _: tmp_path / "nothing")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert refusal(lab("image")) == "the lab image is made as root; run this as root"


def test_misuse_is_answered_with_the_good_words(lab):
    status, out, err = lab("nonsense")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "choose one of" in err
    assert "shell" in err
    assert lab("tunnel", "m", "70000")[0] == 2

"""Where a lab keeps what it knows, which machines it has, and which processes are really its own."""

import json
import signal
import subprocess
import sys
import time
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confkube.errors import Refusal
from confkube_lab import machines
from confkube_lab.home import DEFAULT, LabHome, read_json, write_json
from confkube_lab.inventory import Inventory, Machine
from confkube_lab.processes import Process, children, name, parent, with_arguments

PATHS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40).map(Path)


def machine(name_, group, tier="workers", **changes):
    values = {"address": "10.20.128.16", "fixed": False, "isolation": "cvm", "tee": "snp", "disk_gib": 10}
    values |= {"created": "2026-11-27T12:00:00Z", "labels": {}} | changes
    return Machine(name=name_, group=group, tier=tier, **values)


@pytest.fixture
def inventory(tmp_path):
    return Inventory(LabHome(tmp_path / "lab"))


@pytest.fixture
def filled(inventory):
    for each in (
        machine("demo-control-plane", "demo-control-plane", "control-plane", fixed=True, address="10.20.0.10"),
        machine("demo-trust", "demo-trust", "trust", fixed=True, address="10.20.1.10"),
        *(machine(f"demo-a-{n}", "demo-a", address=f"10.20.128.{15 + n}") for n in (1, 2, 10)),
        machine("demo-b-1", "demo-b", address="10.20.128.40"),
    ):
        inventory.add(each)
    return inventory


# -- home --------------------------------------------------------------------------------------------------------------
def test_the_home_is_where_it_is_said_to_be(monkeypatch, tmp_path):
    assert LabHome.locate({}) == LabHome(DEFAULT) == LabHome.locate({"CONFKUBE_LAB_HOME": ""})
    assert LabHome.locate({"CONFKUBE_LAB_HOME": "/srv/lab"}).root == Path("/srv/lab")
    monkeypatch.chdir(tmp_path)
    assert LabHome.locate({"CONFKUBE_LAB_HOME": "mine"}).root == tmp_path / "mine"


@given(PATHS)
def test_every_home_has_an_address_of_this_computer_that_nobody_else_listens_at(path):
    home = LabHome(path)
    address = IPv4Address(home.loopback)
    assert address in IPv4Network("127.0.0.0/8")
    assert 64 <= address.packed[1] <= 191
    assert 1 <= address.packed[3] <= 254
    assert home.loopback == LabHome(path).loopback
    assert len(home.tag) == 8
    assert int(home.tag, 16) >= 0


def test_two_homes_are_two_labs(tmp_path):
    one, other = LabHome(tmp_path / "one"), LabHome(tmp_path / "other")
    assert one.tag != other.tag
    assert one.loopback != other.loopback
    assert one.lock_file != other.lock_file
    assert not one.lock_file.is_relative_to(one.root), "the lock outlives the home"


def test_a_record_is_replaced_in_one_step_and_its_owners_alone(tmp_path):
    path = tmp_path / "new" / "record.json"
    write_json(path, {"a": 1})
    write_json(path, {"a": "ü"})
    assert read_json(path) == {"a": "ü"}
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["record.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"x"', "null"])
def test_a_record_that_is_not_whole_counts_as_none(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    assert read_json(tmp_path / "x.json") == {}
    assert read_json(tmp_path / "nothing.json") == {}


# -- inventory ---------------------------------------------------------------------------------------------------------
def test_an_empty_lab_has_no_machines(inventory):
    assert list(inventory) == []
    assert inventory.overview() == []
    assert inventory.at("10.20.0.10") is None
    assert inventory.single("control-plane") is None
    with pytest.raises(Refusal, match=r"^no machine is in the lab; bring one up with: make up STACK=cvm-nodes-lab$"):
        inventory.find("workers-1")


def test_machines_come_back_as_they_were_recorded(filled):
    assert [each.name for each in filled] == [
        "demo-a-1",
        "demo-a-10",
        "demo-a-2",
        "demo-b-1",
        "demo-control-plane",
        "demo-trust",
    ]
    assert filled.find("demo-b-1") == machine("demo-b-1", "demo-b", address="10.20.128.40")
    assert [each.name for each in filled.of_group("demo-a")] == ["demo-a-1", "demo-a-2", "demo-a-10"]
    assert filled.of_group("demo-x") == []
    assert filled.at("10.20.0.10").name == "demo-control-plane"
    assert filled.single("trust").name == "demo-trust"
    assert filled.single("workers") is None


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("demo-a-1", "demo-a-1"),
        ("a-1", "demo-a-1"),
        ("a-10", "demo-a-10"),
        ("10", "demo-a-10"),
        ("2", "demo-a-2"),
        ("trust", "demo-trust"),
        ("control-plane", "demo-control-plane"),
        ("plane", "demo-control-plane"),
    ],
)
def test_a_name_may_be_shortened_to_its_end(filled, word, found):
    assert filled.find(word).name == found


def test_a_word_that_may_be_several_is_refused_with_those(filled):
    with pytest.raises(Refusal) as refusal:
        filled.find("1")
    assert str(refusal.value) == "machine: '1' may be demo-a-1, demo-b-1; give more of the name"


@pytest.mark.parametrize("word", ["demo", "rust", "-trust", "", "demo-a", "DEMO-TRUST", "../x"])
def test_a_word_that_is_none_is_refused_with_all(filled, word):
    with pytest.raises(Refusal) as refusal:
        filled.find(word)
    assert str(refusal.value) == (
        f"machine: {word!r} is not one of demo-a-1, demo-a-10, demo-a-2, demo-b-1, demo-control-plane, demo-trust"
    )


def test_a_machine_that_is_called_as_the_end_of_another_is_found_by_its_own_name(inventory):
    for each in ("trust", "demo-trust"):
        inventory.add(machine(each, each))
    assert inventory.find("trust").name == "trust"


def test_half_a_machine_does_not_count(filled):
    folder = filled.home.machines / "demo-a-3"
    (folder / "seed").mkdir(parents=True)
    assert len(list(filled)) == 6
    (folder / "machine.json").write_text('{"name": "demo')
    assert len(list(filled)) == 6


@pytest.mark.parametrize("record", ['{"name": "demo-a-1"}', '{"name": 5}', "[]", "{"])
def test_a_record_that_is_wrong_does_not_count_and_breaks_nothing(filled, record):
    (filled.home.machines / "demo-a-1" / "machine.json").write_text(record)
    (filled.home.machines / "stray").write_text("")
    assert len(list(filled)) == 5


def test_what_is_off_is_off(filled):
    found = filled.find("trust")
    assert (filled.running(found), filled.leader(found)) == (False, None)
    assert {row["state"] for row in filled.overview()} == {"off"}
    assert not any(row["confidential"] for row in filled.overview())


def test_a_cable_has_a_name_that_the_kernel_takes_and_no_other_machine_has(filled):
    cables = [machines.cable_of(filled.home, each) for each in filled]
    assert len(set(cables)) == 6
    assert all(len(cable) <= 15 for cable in cables)
    elsewhere = LabHome(filled.home.root.with_name("other"))
    assert not set(cables) & {machines.cable_of(elsewhere, each) for each in filled}


# -- processes ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def started():
    running = []

    def start(*command):
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield start
    for each in running:
        each.kill()
        each.wait()
        each.stdout.close()


def test_a_process_is_known_again_by_number_and_start(started):
    pid = started("sleep", "60").pid
    found = Process.of(pid)
    assert found.alive
    assert Process.read(json.loads(json.dumps(found.record()))) == found
    assert Process.read({**found.record(), "started": found.started + 1}) is None, "somebody else has the number now"
    assert Process.read({**found.record(), "boot": "another"}) is None, "the computer has been restarted"


@pytest.mark.parametrize("pid", ["x", None, float("inf"), 1])
def test_a_record_of_no_process(pid):
    assert Process.read({"pid": pid, "started": 1}) is None
    assert Process.read({"pid": pid}) is None


def test_a_process_that_has_ended_is_gone_even_before_its_parent_notices(started):
    child = started("true")
    deadline = time.monotonic() + 5
    while Process.of(child.pid) is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert Process.of(child.pid) is None
    assert child.wait() == 0
    assert Process.of(child.pid) is None


def test_an_end_is_waited_for(started):
    child = started("sleep", "60")
    found = Process.of(child.pid)
    assert found.end()
    assert not found.alive
    assert found.end(), "it may be asked for again"
    assert child.wait() == -signal.SIGKILL


def test_who_does_not_listen_is_told_so(started):
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
    child = started(sys.executable, "-c", deaf)
    assert child.stdout.readline() == "up\n"
    found = Process.of(child.pid)
    begun = time.monotonic()
    assert not found.end(signal.SIGTERM, patience=0.2)
    assert 0.2 <= time.monotonic() - begun < 5
    assert found.alive


def test_a_number_that_somebody_else_has_now_is_not_signalled(started):
    child = started("sleep", "60")
    stale = Process(pid=child.pid, started=Process.of(child.pid).started - 1)
    assert not stale.alive
    assert stale.end()
    assert child.poll() is None


def called(pid, wanted):
    """A process has its parent's name until it runs its own program."""
    deadline = time.monotonic() + 5
    while name(pid) != wanted and time.monotonic() < deadline:
        time.sleep(0.01)
    assert name(pid) == wanted


def test_children_and_parents_are_told(started):
    outer = started("sh", "-c", "sh -c 'sleep 60 & echo up; wait' & wait")
    assert outer.stdout.readline() == "up\n"
    (first,) = children(outer.pid)
    (second,) = children(first)
    assert (parent(second), parent(first), parent(2**22)) == (first, outer.pid, 0)
    called(second, "sleep")
    assert second in with_arguments("sleep", "60")
    assert second not in with_arguments("60", "sleep")


def test_a_name_with_blanks_and_brackets_is_read(started, tmp_path):
    odd = tmp_path / "a) Z (b"
    odd.symlink_to("/bin/sleep")
    child = started(str(odd), "60")
    called(child.pid, "a) Z (b")
    assert Process.of(child.pid).alive


def test_nobody_has_no_name_and_no_children():
    assert (name(2**22), children(2**22), Process.of(2**22)) == ("", [], None)

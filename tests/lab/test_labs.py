"""The lab's network and machines without a cluster in them: one at a time, and nothing that is left behind blocks."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from glob import glob
from pathlib import Path

import pytest
from lab_guard import alone

from confkube.errors import Refusal
from confkube_lab import check, enter, faults, labs, machines, watchers
from confkube_lab.home import LabHome
from confkube_lab.image import build
from confkube_lab.inventory import Inventory

NETWORK = {
    "name": "first",
    "cidr": "10.20.0.0/16",
    "tiers": [{"name": "workers", "cidr": "10.20.0.0/17"}, {"name": "control-plane", "cidr": "10.20.128.0/20"}],
    "openings": [
        {"tier": "control-plane", "source": "workers", "protocol": "tcp", "port": 6443},
        {"tier": "control-plane", "source": "tunnel", "protocol": "tcp", "port": 6443},
    ],
}
PLAIN = {
    "lab": "first",
    "isolation": "plain",
    "tee": "none",
    "disk_gib": 5,
    "labels": {},
    "user_data": "#cloud-config\n{}\n",
}
LISTENER = """
import socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self): self.request.sendall(self.request.recv(100)[::-1])
socketserver.TCPServer.allow_reuse_address = True
socketserver.TCPServer(("", {port}), Echo).serve_forever()
"""


@pytest.fixture
def home(tmp_path):
    found = LabHome(tmp_path / "home")
    with alone():
        missing = check.reason(found, os.environ)
        if missing:
            pytest.skip(f"no lab here: {missing}")
        yield found
        labs.reset(found)


def groups(home):
    return [path for depth in ("*", "*/*", "*/*/*") for path in glob(f"/sys/fs/cgroup/{depth}/*{home.tag}*")]


def command(home, *words, stdin=None):
    return subprocess.run(
        [Path(sys.prefix) / "bin" / "confkube", "lab", *words],
        env=os.environ | {"CONFKUBE_LAB_HOME": str(home.root)},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_second_lab_is_refused_with_the_remedy(home):
    labs.up(home, NETWORK, os.environ)
    refused = command(home, "network-up", stdin=json.dumps({**NETWORK, "name": "second"}))
    assert refused.returncode == 1
    assert refused.stderr == (
        "confkube: the lab first is running already, and this computer holds one; "
        "destroy its stack first, or clear it away with: confkube lab reset --yes\n"
    )
    assert labs.running(home).lab == "first"


def test_the_same_network_again_changes_nothing(home):
    labs.up(home, NETWORK, os.environ)
    holder = labs.holding(home)
    labs.up(home, NETWORK, os.environ)
    assert labs.holding(home) == holder


def test_a_lab_whose_holder_was_killed_never_blocks(home):
    labs.up(home, NETWORK, os.environ)
    machines.apply(home, {**PLAIN, "name": "lost", "tier": "workers", "count": 1})
    os.kill(labs.holding(home).pid, signal.SIGKILL)
    assert command(home, "status").stdout.startswith("no lab is running")
    labs.up(home, {**NETWORK, "name": "second"}, os.environ)
    assert labs.running(home).lab == "second"
    assert not list(Inventory(home))
    assert not groups(home)


def test_a_killed_start_leaves_nothing_that_blocks(home):
    """A record is written before the process that it speaks of: one may be there without the other."""
    home.root.mkdir()
    home.lab_file.write_text('{"lab": "half"')
    (home.machines / "half").mkdir(parents=True)
    home.holder_file.write_text(json.dumps({"pid": os.getpid(), "started": 1}))
    labs.up(home, NETWORK, os.environ)
    assert labs.running(home).lab == "first"
    assert not home.machines.exists()


def test_what_is_not_the_labs_is_never_touched(home):
    home.root.mkdir()
    (home.root / "thesis").write_text("years of work")
    with pytest.raises(Refusal, match="holds other things, such as thesis; give the lab an empty folder"):
        labs.up(home, NETWORK, os.environ)
    labs.down(home, "first")
    labs.reset(home)
    assert (home.root / "thesis").read_text() == "years of work"
    (home.root / "thesis").unlink()


@pytest.mark.parametrize("record", ["{", '{"pid": "-1", "started": 0}', '{"pid": 1e999, "started": 1}'])
def test_a_holder_whose_record_is_lost_is_found_all_the_same(home, record):
    labs.up(home, NETWORK, os.environ)
    lost = labs.holding(home)
    home.holder_file.write_text(record)
    assert labs.running(home) is None
    labs.up(home, {**NETWORK, "name": "second"}, os.environ)
    assert not lost.alive
    assert labs.running(home).lab == "second"


def test_a_start_that_was_killed_is_done_again(home):
    labs.up(home, NETWORK, os.environ)
    wanted = {**PLAIN, "name": "pool", "tier": "workers", "count": 2}
    for delay in (0.15, 0.2, 0.25, 0.3, 0.4):
        line = [Path(sys.prefix) / "bin" / "confkube", "lab", "machines-up"]
        killed = subprocess.Popen(
            line,
            env=os.environ | {"CONFKUBE_LAB_HOME": str(home.root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        killed.stdin.write(json.dumps({**wanted, "image": "any"}).encode())
        killed.stdin.close()
        time.sleep(delay)
        killed.kill()
        killed.wait()
        machines.apply(home, wanted)
        assert {row["name"]: row["state"] for row in Inventory(home).overview()} == {
            "pool-1": "running",
            "pool-2": "running",
        }
        machines.remove(home, "pool")
        assert not list(Inventory(home))
        assert not groups(home)


def test_one_pool_asked_for_twice_at_once_ends_as_one_of_them_said(home):
    labs.up(home, NETWORK, os.environ)
    wanted = [{**PLAIN, "name": "pool", "tier": "workers", "count": count} for count in (1, 3)]
    made = [threading.Thread(target=machines.apply, args=(home, each)) for each in wanted]
    for each in made:
        each.start()
    for each in made:
        each.join()
    assert [row["state"] for row in Inventory(home).overview()] in (["running"], ["running"] * 3)


def test_a_name_or_an_address_of_another_machine_is_refused(home):
    labs.up(home, NETWORK, os.environ)
    machines.apply(home, {**PLAIN, "name": "pool", "tier": "workers", "count": 1})
    with pytest.raises(Refusal, match="'pool-1' is one of pool; choose another name"):
        machines.apply(home, {**PLAIN, "name": "pool-1", "tier": "workers", "address": "10.20.0.99"})
    with pytest.raises(Refusal, match=r"10\.20\.0\.16 belongs to another machine"):
        machines.apply(home, {**PLAIN, "name": "other", "tier": "workers", "address": "10.20.0.16"})


def test_two_machines_at_once_get_two_addresses(home):
    labs.up(home, NETWORK, os.environ)
    made = [
        threading.Thread(target=machines.apply, args=(home, {**PLAIN, "name": name, "tier": "workers", "count": 2}))
        for name in ("one", "two")
    ]
    for each in made:
        each.start()
    for each in made:
        each.join()
    addresses = [machine.address for machine in Inventory(home)]
    assert len(set(addresses)) == 4


def test_an_open_port_leads_to_the_single_machine_and_a_tunnel_to_any(home):
    labs.up(home, NETWORK, os.environ)
    machines.apply(home, {**PLAIN, "name": "master", "tier": "control-plane", "address": "10.20.128.10"})
    inventory = Inventory(home)
    machine = inventory.find("master")
    for port in (6443, 7000):
        line = enter.command(inventory, machine, ["python3", "-c", LISTENER.format(port=port)])
        subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert ask(home.loopback, 6443) == b"olleh"
    free = 46443
    tunnel = subprocess.Popen(
        [Path(sys.prefix) / "bin" / "confkube", "lab", "tunnel", "master", "7000", "--local", str(free)],
        env=os.environ | {"CONFKUBE_LAB_HOME": str(home.root)},
        stderr=subprocess.DEVNULL,
    )
    try:
        assert ask("127.0.0.1", free) == b"olleh"
    finally:
        tunnel.send_signal(signal.SIGINT)
    assert tunnel.wait(10) in (0, 130)


def ask(address, port, seconds=30):
    import socket

    deadline = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection((address, port), 2) as connection:
                connection.sendall(b"hello")
                if answer := connection.recv(100):
                    return answer
        except OSError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_machine_that_does_not_start_leaves_nothing(home, monkeypatch):
    labs.up(home, NETWORK, os.environ)
    lab = json.loads(home.lab_file.read_text())
    empty = home.root / "empty"
    empty.mkdir()
    home.lab_file.write_text(json.dumps({**lab, "image": str(empty)}))
    with pytest.raises(Refusal, match="machine broken-1 does not start: the last that it said was: "):
        machines.apply(home, {**PLAIN, "name": "broken", "tier": "workers", "count": 1})
    assert not list(Inventory(home))
    assert not groups(home)


def test_a_full_disk_is_refused_before_anything_is_made(home, monkeypatch):
    labs.up(home, NETWORK, os.environ)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(Refusal, match=r"2 machines of the lab need 4 GiB but .* has 0\.0 free; free some"):
        machines.apply(home, {**PLAIN, "name": "pool", "tier": "workers", "count": 2})
    assert not list(Inventory(home))


def test_watchers_that_are_used_up_are_said_before_anything_is_made(home, monkeypatch):
    labs.up(home, NETWORK, os.environ)
    monkeypatch.setattr(watchers, "used", lambda: watchers.most() - 20)
    with pytest.raises(
        Refusal, match=r"2 machines of the lab need 28 of the kernel's file watchers and 20 are free; allow"
    ):
        machines.apply(home, {**PLAIN, "name": "pool", "tier": "workers", "count": 2})
    assert not list(Inventory(home))


def test_switching_off_and_on_keeps_the_disk(home):
    labs.up(home, NETWORK, os.environ)
    machines.apply(home, {**PLAIN, "name": "pool", "tier": "workers", "count": 1})
    inventory = Inventory(home)
    machine = inventory.find("pool-1")
    assert enter.run(inventory, machine, "sh", "-c", "echo kept >/root/file; sync").returncode == 0
    faults.kill(inventory, machine)
    with pytest.raises(Refusal, match="switched off already; switch it on with: confkube lab start pool-1"):
        faults.kill(inventory, machine)
    with pytest.raises(Refusal, match="is switched off"):
        enter.run(inventory, machine, "true")
    faults.start(inventory, machine)
    assert enter.run(inventory, machine, "cat", "/root/file").stdout == "kept\n"
    with pytest.raises(Refusal, match="running already; restart it with: confkube lab reboot pool-1"):
        faults.start(inventory, machine)


def test_reset_says_what_would_go_and_takes_it_when_told(home):
    labs.up(home, NETWORK, os.environ)
    machines.apply(home, {**PLAIN, "name": "pool", "tier": "workers", "count": 1})
    asked = command(home, "reset")
    assert asked.stdout.splitlines()[0] == "would go: machine pool-1"
    assert asked.stdout.splitlines()[-1] == "nothing was changed; add --yes to do it"
    assert labs.running(home)
    assert "removed: machine pool-1" in command(home, "reset", "--yes").stdout
    assert not home.root.exists()
    assert command(home, "reset").stdout == f"there is no lab in {home.root}\n"


def test_a_machine_cannot_pass_for_another(home):
    labs.up(home, NETWORK, os.environ)
    machines.apply(home, {**PLAIN, "name": "pool", "tier": "workers", "count": 2})
    inventory = Inventory(home)
    one, two = inventory.of_group("pool")

    def named(address):
        ask = f"curl -sS -m 2 --interface {address} -H 'Confkube-Lab: machine' http://169.254.169.254/confkube-lab/v1/machine"
        return enter.run(inventory, one, "sh", "-c", ask).stdout

    deadline = time.monotonic() + 30
    while one.name not in named(one.address):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    faults.kill(inventory, two)
    assert enter.run(inventory, one, "ip", "address", "add", f"{two.address}/17", "dev", "host0").returncode == 0
    assert not named(two.address)
    # The kernel asks for the gateway anew, after the questions under the other's address were not answered.
    deadline = time.monotonic() + 30
    while one.name not in named(one.address):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_new_image_removes_older_ones_but_not_one_that_is_in_use(home, tmp_path):
    images = tmp_path / "images"
    for name in ("new", "old", "used"):
        (images / name / "root").mkdir(parents=True)
    with build.in_use(images / "used" / "root"):
        build.prune(images / "new" / "root")
        assert sorted(path.name for path in images.iterdir()) == ["new", "used"]
    build.prune(images / "new" / "root")
    assert [path.name for path in images.iterdir()] == ["new"]


def test_a_running_lab_holds_its_image(home):
    labs.up(home, NETWORK, os.environ)
    root = build.path(os.environ)
    used = (root.parent / "used").open("a")
    with used, pytest.raises(BlockingIOError):
        fcntl.flock(used, fcntl.LOCK_EX | fcntl.LOCK_NB)
    labs.reset(home)
    with (root.parent / "used").open("a") as again:
        fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)

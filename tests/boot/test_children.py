"""The program of a host of children, run for real on a fake machine: what it makes, keeps, takes away and refuses."""

import json
import sys

import pytest
from boot import samples, tools
from boot.children_world import boot
from boot.machine import EXCHANGE, Machine
from unit.test_nested_host import children

from confkube import bootstrap
from confkube.bootstrap import Archive

IMAGE = "child.qcow2"
FETCH = f"#!/bin/sh\ncat {EXCHANGE}/secret\n"
# Writes what would be the seed's content beside, and a file where the seed would be.
SEED = f'for last in "$@"; do :; done; cp -r "$last" {EXCHANGE}/seed-"$(basename "$(dirname "$last")")"; : >"$6"'
QEMU_IMG = f"""
case $1 in
    info) cat {EXCHANGE}/info ;;
    create) for argument in "$@"; do case $argument in /*/disk) : >"$argument" ;; esac; done ;;
esac"""
SYSTEMCTL = 'case $1 in show) printf "ActiveState=active\\nMainPID=7\\nNRestarts=0\\n" ;; esac'


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path)
    programs = made.folder / "disk/usr/local/sbin"
    for name, body in {"genisoimage": SEED, "qemu-img": QEMU_IMG, "systemctl": SYSTEMCTL, "nft": "exit 0"}.items():
        made._program(programs / name, body)
    made._program(programs / "qemu-system-x86_64", "echo sev-guest")
    made._program(programs / "python3", f'exec {sys.executable} "$@"', record=False)
    size = made.path("/sys/class/net/confkube-br/mtu")
    size.parent.mkdir(parents=True)
    size.write_text("1410\n")
    resolvers = made.path("/etc/resolv.conf")
    resolvers.parent.mkdir(parents=True, exist_ok=True)
    resolvers.write_text("nameserver 127.0.0.53\nnameserver 10.20.0.2\nsearch example.org\n")
    (made.folder / "info").write_text(json.dumps({"format": "qcow2", "virtual-size": 3 << 30}))
    return made


def write(machine, number=1, **changes):
    """Put the boot text of a host on the machine, whose children start from what the machine offers."""
    image = Archive(url=f"https://downloads.example.org/{IMAGE}", sha256=machine.chart(IMAGE, b"a disk"))
    wanted = children(**{"image": image} | changes)
    (machine.folder / "secret").write_text(wanted.user_data)
    values = {"profile": samples.profile(fetch_secret=FETCH), "software": machine.software(), "children": wanted}
    machine.write(bootstrap.nested_host(boot(number, **values)))
    return wanted


def apply(machine):
    return machine.boot("/bin/sh /usr/local/lib/confkube/children.sh apply")


def applied(machine):
    done = apply(machine)
    assert done.returncode == 0, done.stderr
    return machine.calls("qemu-img", "genisoimage", "systemctl", "curl")


def started(calls):
    return [call.removeprefix("systemctl ") for call in calls if call.startswith("systemctl") and "show" not in call]


def test_the_first_time(machine):
    wanted = write(machine)
    calls = applied(machine)
    file = f"/var/lib/confkube/children/files/{wanted.image.sha256}"
    assert [call.split()[-1] for call in calls if call.startswith("curl")] == [wanted.image.url]
    assert [call for call in calls if call.startswith("qemu-img create")] == [
        f"qemu-img create -q -f qcow2 -b {file} -F qcow2 /var/lib/confkube/children/{number}/disk {20 << 30}"
        for number in (1, 2)
    ]
    assert started(calls) == [
        f"{verb} confkube-child@{number}.service" for number in (1, 2) for verb in ("stop", "--no-block start")
    ]
    rules = (machine.folder / "run/confkube/children/cables.nft").read_text()
    assert '"confkube-c2" . 02:cf:0a:15:01:0b . 10.21.1.11' in rules


def test_what_a_child_is_told(machine):
    wanted = write(machine, number=2)
    applied(machine)
    seed = {path.name: path.read_text() for path in (machine.folder / "seed-2").iterdir()}
    assert seed["user-data"] == wanted.user_data
    assert json.loads(seed["meta-data"])["local-hostname"] == "demo-4f2a-host-2-child-2"
    assert json.loads(seed["network-config"])["ethernets"]["eth0"] == {
        "match": {"macaddress": "02:cf:0a:15:02:0b"},
        "set-name": "eth0",
        "mtu": 1410,
        "addresses": ["10.21.2.11/24"],
        "routes": [{"to": "0.0.0.0/0", "via": "10.21.2.1"}],
        "nameservers": {"addresses": ["10.20.0.2"]},
    }
    # Only the seed is left on the host, and it is the child's alone.
    assert not machine.path("/var/lib/confkube/children/2/parts").exists()
    users = set()
    for number in ("1", "2"):
        child = machine.path(f"/var/lib/confkube/children/{number}")
        owners = {path.stat().st_uid for path in (child, child / "disk", child / "seed")}
        assert (child.stat().st_mode & 0o777, len(owners)) == (0o700, 1)
        users |= owners
    assert len(users - {0}) == 2


def test_the_status_says_that_nothing_is_confidential(machine):
    write(machine)
    applied(machine)
    status = json.loads((machine.folder / "run/confkube/children/status.json").read_text())
    assert status.pop("children") == [
        {
            "name": f"demo-4f2a-host-1-child-{number}",
            "address": f"10.21.1.{9 + number}",
            "ActiveState": "active",
            "MainPID": "7",
            "NRestarts": "0",
        }
        for number in (1, 2)
    ]
    assert status == {
        "hypervisor": "qemu-kvm",
        "tee": "none",
        "note": "not confidential: ordinary virtual machines; nothing about them is attested",
        "measurement": "none is computed",
        "accelerator": "tcg",
    }


def test_the_same_again_makes_and_fetches_nothing(machine):
    write(machine)
    applied(machine)
    calls = applied(machine)
    assert started(calls) == [f"--no-block start confkube-child@{number}.service" for number in (1, 2)]
    assert not [call for call in calls if not call.startswith("systemctl")]


def test_a_smaller_count_takes_children_away_with_all_that_they_have(machine):
    write(machine, count=3)
    applied(machine)
    write(machine, count=1)
    calls = applied(machine)
    assert {call for call in started(calls) if call.startswith("stop")} == {
        f"stop confkube-child@{number}.service" for number in (2, 3)
    }
    assert sorted(path.name for path in machine.path("/var/lib/confkube/children").iterdir()) == ["1", "files"]


def test_none_need_nothing(machine):
    write(machine, count=0, tee="tdx")
    assert not [call for call in applied(machine) if "show" not in call]


def test_another_boot_text_is_another_child_and_another_size_a_restart(machine):
    write(machine, count=1)
    applied(machine)
    machine.path("/var/lib/confkube/children/1/machine").write_text("as it was started")
    assert started(applied(machine)) == ["--no-block restart confkube-child@1.service"]
    write(machine, count=1, user_data="#cloud-config\n{}\n")
    assert started(applied(machine)) == ["stop confkube-child@1.service", "--no-block start confkube-child@1.service"]


def test_an_image_that_the_host_carries_is_not_fetched(machine):
    wanted = write(machine)
    carried = machine.path(f"/usr/share/confkube/children/{wanted.image.sha256}")
    carried.parent.mkdir(parents=True)
    carried.write_bytes(b"a disk")
    calls = applied(machine)
    assert not [call for call in calls if call.startswith("curl")]
    assert f"-b /usr/share/confkube/children/{wanted.image.sha256} " in next(c for c in calls if "create" in c)


def test_a_larger_image_is_never_cut(machine):
    (machine.folder / "info").write_text(json.dumps({"format": "raw", "virtual-size": 30 << 30}))
    write(machine)
    assert f"-F raw /var/lib/confkube/children/1/disk {30 << 30}" in "\n".join(applied(machine))


@pytest.mark.parametrize(
    ("changes", "spoil", "reason"),
    [
        ({}, ("web/child.qcow2", "another disk"), "https://downloads.example.org/child.qcow2 could not be fetched"),
        ({}, ("secret", "#cloud-config\n# another\n"), "bound is not the sha256 of /etc/confkube/children-user-data"),
        ({}, ("info", '{"format": "qcow2", "virtual-size": 1, "backing-filename": "/etc/shadow"}'), "stands alone"),
        ({"tee": "tdx"}, None, "this QEMU knows no tdx-guest; it needs 10.1 or later"),
        ({"tee": "snp"}, None, "this QEMU knows no sev-snp-guest; it needs 9.1 or later"),
        ({"firmware": "/opt/none.fd"}, None, "the firmware /opt/none.fd is not here; name another one"),
        (
            {"hypervisor": "mshv", "tee": "snp", "igvm": Archive(url="https://example.org/i", sha256="ab" * 32)},
            None,
            "the program cloud-hypervisor is not installed",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_a_child_starts(machine, changes, spoil, reason):
    write(machine, **changes)
    if spoil:
        (machine.folder / spoil[0]).write_text(spoil[1])
    done = apply(machine)
    assert done.returncode == 1
    assert reason in machine.console(), done.stderr
    assert not [call for call in machine.calls("systemctl") if "start confkube" in call]


def test_a_secret_that_never_comes_is_said(machine):
    write(machine)
    (machine.folder / "secret").unlink()
    assert apply(machine).returncode == 1
    assert "the secret us-east-2/confkube/demo-4f2a/host-1 could not be read" in machine.console()


def test_removal_leaves_nothing_of_the_children(machine):
    write(machine)
    applied(machine)
    before = tools.run("grep", "-rl", samples.TOKEN, str(machine.folder / "disk")).stdout.split()
    assert before
    assert machine.boot("/bin/sh /usr/local/lib/confkube/children.sh remove").returncode == 0
    assert not machine.path("/var/lib/confkube/children").exists()
    assert not (machine.folder / "run/confkube/children").exists()
    assert tools.run("grep", "-rl", samples.TOKEN, str(machine.folder / "disk")).stdout == ""
    assert "confkube-child" not in machine.path("/etc/passwd").read_text()
    assert "disable --now" in "\n".join(started(machine.calls("systemctl")))

"""How ssh is called and what its failures mean; a script stands for ssh."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from confkube.errors import Refusal
from confkube.metal import boot_text, checks, preparation, told
from confkube.metal.hosts import Host, Hosts
from confkube.metal.remote import reaching

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE2Yh5Jq8Qq7mLr0WQd1i0v3Xw0sYg0x9dM0Yk0m2a1b"


def host(**more):
    return Host(**{"name": "one", "address": "192.0.2.1", "host_key": KEY, **more})


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    """Stands for ssh: runs the given script, which finds ssh's own arguments in its arguments."""

    def make(script):
        path = tmp_path / "bin/ssh"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")

    return make


def run(given=b"", timeout=20, words=("true",), **more):
    with reaching([host(**more)], None) as (one,):
        return one.run(words, given, timeout=timeout)


def test_ssh_asks_nobody_and_believes_the_given_key_alone(ssh, tmp_path):
    ssh('for word; do echo "$word"; done; grep . "$(printf "%s\\n" "$@" | sed -n s/^UserKnownHostsFile=//p)"')
    key = tmp_path / "key"
    key.write_text("x")
    key.chmod(0o600)
    said = run(key_file=str(key), port=2222).output.splitlines()
    options = [said[at + 1] for at, word in enumerate(said) if word == "-o"]
    for wanted in (
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "GlobalKnownHostsFile=none",
        "ForwardAgent=no",
        "UpdateHostKeys=no",
        "PasswordAuthentication=no",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        f'IdentityFile="{key}"',
        "HostKeyAlias=confkube-one",
    ):
        assert wanted in options, wanted
    assert said[:2] == ["-F", "none"]
    assert said[said.index("-p") : -1] == ["-p", "2222", "-l", "root", "--", "192.0.2.1", "true"]
    assert said[-1] == f"confkube-one {KEY}"


def test_the_real_ssh_takes_these_options():
    with reaching([host(port=2222, user="ops")], None) as (one,):
        done = subprocess.run([one.line[0], "-G", *one.line[1:]], capture_output=True, text=True, check=False)
    shown = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    assert done.returncode == 0, done.stderr
    assert (shown["user"], shown["port"], shown["batchmode"], shown["forwardagent"]) == ("ops", "2222", "yes", "no")
    assert (shown["stricthostkeychecking"], shown["hostkeyalias"]) == ("true", "confkube-one")


def test_the_key_is_gone_when_nobody_needs_it_any_more(ssh):
    ssh('printf "%s\\n" "$@" | sed -n s/^UserKnownHostsFile=//p; stat -c %a "$(dirname "$0")" >/dev/null')
    known = run().output
    assert known
    assert not Path(known).exists()


def test_what_is_given_travels_on_standard_input(ssh):
    ssh('case "$*" in *sesame*) exit 9;; esac; cat')
    done = run(b"sesame\n" * 100_000)
    assert (done.code, done.output.count("sesame")) == (0, 100_000)


def test_anybody_but_root_uses_sudo(ssh):
    ssh('shift $(($# - 1)); echo "$1"')
    assert run(user="ops", words=("sh", "-c", "echo it's")).output == "sudo -n -- sh -c 'echo it'\"'\"'s'"
    assert run(words=("sh", "-c", "true")).output == "sh -c true"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "Host key verification failed.",
            "host one: what answers at 192.0.2.1 has another host key than the given one",
        ),
        ("root@192.0.2.1: Permission denied (publickey).", "host one: user root is not let in with any key"),
        (
            "ssh: connect to host 192.0.2.1 port 22: Connection timed out",
            "192.0.2.1 port 22 is not reached: ssh: connect",
        ),
        ("", "is not reached: ssh says nothing"),
    ],
)
def test_failures_of_ssh_are_one_line(ssh, said, reason):
    ssh(f"echo '{said}' >&2; exit 255")
    with pytest.raises(Refusal) as refused:
        run()
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_sudo_with_a_password_is_refused(ssh):
    ssh("echo 'sudo: a password is required' >&2; exit 1")
    with pytest.raises(Refusal, match="user ops may not become root; let him use sudo without a password"):
        run(user="ops")


def test_a_host_that_says_nothing_is_given_up(ssh):
    ssh("exec sleep 60")
    with pytest.raises(Refusal, match="host one: no answer within 1 s"):
        run(timeout=1)


def test_a_key_that_others_may_read_is_refused(tmp_path):
    key = tmp_path / "key"
    key.write_text("x")
    key.chmod(0o644)
    with pytest.raises(Refusal, match=f"others may read {key}; make it private: chmod 600"):
        run(key_file=str(key))
    with pytest.raises(Refusal, match="is no file that can be read"):
        run(key_file=str(tmp_path / "absent"))


def test_checks_that_do_not_end_are_no_readiness(ssh):
    ssh("""echo '{"check": "cores", "ok": true, "found": "8", "fix": "", "source": "x"}'""")
    (found,) = checks.look(Hosts(hosts=(host(),)))
    assert "did not run to their end" in found.problems("demo")[0]


def rows(*given, owner=""):
    first = {"check": "owner", "ok": True, "found": owner, "fix": "", "source": "x"}
    return "\n".join(f"echo '{json.dumps({**first, **row})}'" for row in ({}, *given))


def test_all_that_hosts_lack_is_in_one_line(ssh):
    ssh(rows({"check": "swap", "ok": False, "found": "/dev/sda2", "fix": "swapoff -a"}, {"check": "time", "ok": None}))
    block = Hosts(hosts=(host(), host(name="two", address="192.0.2.2", host_key=KEY[:-1] + "c")))
    with pytest.raises(Refusal) as refused:
        checks.require(block, "demo")
    assert str(refused.value) == (
        "2 of 2 hosts are not ready, and nothing was changed: "
        "one (1): swap: /dev/sda2: swapoff -a (x) | two (1): swap: /dev/sda2: swapoff -a (x)"
    )


def test_two_hosts_of_one_name_are_refused(ssh):
    ssh(rows({"check": "hostname", "found": "debian"}))
    block = Hosts(hosts=(host(), host(name="two", address="192.0.2.2", host_key=KEY[:-1] + "c")))
    with pytest.raises(Refusal, match="two: its host name debian is also that of one; give each one of its own"):
        checks.require(block, "demo")


def test_a_host_of_the_cluster_itself_may_have_its_ports_taken(ssh):
    ssh(rows({"check": "ports", "ok": False}, {"check": "vacant", "ok": False}, owner="demo"))
    checks.require(Hosts(hosts=(host(),)), "demo")
    with pytest.raises(Refusal, match="it belongs to the cluster demo; destroy that one first"):
        checks.require(Hosts(hosts=(host(),)), "other")


PLAIN = """#cloud-config
write_files:
- {path: /etc/confkube/node.env, permissions: '0600', content: "A=1\\n"}
runcmd:
- [tar, --extract, --file, x, --directory, /]
- [systemctl, daemon-reload]
- [systemctl, enable, --now, --no-block, one, two]
"""


def test_boot_text_is_read_as_cloud_init_would():
    text = boot_text.read(PLAIN)
    assert [(each.path, each.text, each.mode) for each in text.files] == [("/etc/confkube/node.env", "A=1\n", 0o600)]
    assert text.units == ("one", "two")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Content-Type: multipart/mixed; boundary=x\n", "leave extra_user_data out"),
        ("#!/bin/sh\n", "needs cloud-init"),
        (PLAIN + "users: []\n", "user data: users cannot be carried out without cloud-init"),
        (PLAIN + "bootcmd: [[id]]\n", "user data: bootcmd cannot"),
        (PLAIN.replace("--no-block", "--force"), "its commands cannot be carried out"),
        (PLAIN.replace("runcmd:\n", "runcmd:\n- [id]\n"), "its commands cannot be carried out"),
    ],
)
def test_what_would_need_cloud_init_is_refused(text, reason):
    with pytest.raises(Refusal, match=reason):
        boot_text.read(text)


def test_the_program_runs_from_memory():
    """The loader and the program are the real ones; what is asked for is nothing that they do."""
    program = preparation._program()
    line = [sys.executable, "-I", "-c", preparation._LOADER, "no-such-command"]
    done = subprocess.run(line, input=f"{len(program)}\n".encode() + program + b"{}", capture_output=True, check=False)
    assert done.stderr.splitlines()[-1] == b"KeyError: 'no-such-command'"


def test_previous_hosts_are_those_of_the_last_answer():
    given = {"PULUMI_COMMAND_STDOUT": json.dumps({"hosts": [vars(host()) | {"tee": "snp"}]})}
    assert [each.name for each in told.before(given)] == ["one"]
    assert told.before({}) == told.before({"PULUMI_COMMAND_STDOUT": "not JSON"}) == ()


def test_the_commands_of_the_platform_say_who_calls_them():
    line = [f"{sys.prefix}/bin/confkube", "metal", "network-up"]
    done = subprocess.run(line, input='{"name": "a", "cluster": "b"}', capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "confkube: CONFKUBE_METAL is not set; this command is for the platform, use: confkube metal check\n"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("config: {'confkube:args': {platform: {aws: {zone: a}}}}", "unknown key 'aws'; the keys are control_plane"),
        ("[1]", "is not a block of arguments"),
        ("{", "not YAML"),
        ("hosts: []", r"hosts: \[\] is empty"),
    ],
)
def test_a_file_without_hosts_is_refused_in_one_line(tmp_path, text, reason):
    path = tmp_path / "stack.yaml"
    path.write_text(text)
    line = [f"{sys.prefix}/bin/confkube", "metal", "check", str(path)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert re.search(reason, done.stderr), done.stderr

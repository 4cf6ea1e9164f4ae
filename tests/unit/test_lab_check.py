"""What keeps a computer from carrying a lab is said in one line, with the remedy."""

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from confkube.errors import Refusal
from confkube_lab import check, watchers
from confkube_lab.home import LabHome
from confkube_lab.image import build

PROGRAMS = ["bash", "mkfs.ext4", "mount", "nsenter", "unshare"]
LATER = [
    "namespaces",
    "loop devices",
    "file watchers",
    "lab image",
    "network devices",
    "bridge firewall",
    "nftables",
]


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A computer that has all, in files that a test may change."""
    root = tmp_path / "computer"
    for hierarchy in ("memory", "pids", "systemd", "cpu,cpuacct"):
        (root / "sys/fs/cgroup" / hierarchy).mkdir(parents=True)
    (root / "proc").mkdir()
    (root / "proc/filesystems").write_text("nodev\tproc\n\text4\nnodev\toverlay\n")
    (root / "etc").mkdir()
    (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    (root / "dev").mkdir()
    (root / "dev/loop-control").touch()
    (root / "image").mkdir()
    (root / "bin").mkdir()
    for name in PROGRAMS:
        (root / "bin" / name).touch(mode=0o755)

    def run(command, **_):
        return SimpleNamespace(returncode=0, stdout="", stderr="")

    monkeypatch.setattr(check, "Path", lambda path: root / str(path).lstrip("/"))
    monkeypatch.setattr(check, "subprocess", SimpleNamespace(run=run))
    monkeypatch.setattr(build, "path", lambda _: root / "image")
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(watchers, "used", lambda: 0)
    memory(monkeypatch, 8)
    disk(monkeypatch, 100)
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, path=None: which(name, path=str(root / "bin")))
    return root


def memory(monkeypatch, gib):
    pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": int(gib * 2**30 / 4096)}
    monkeypatch.setattr(os, "sysconf", pages.__getitem__)


def disk(monkeypatch, gib):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=gib * 2**30))


def failing(monkeypatch, word, stderr):
    """Let every command with ``word`` in it fail."""

    def run(command, **_):
        hit = any(word in part for part in command)
        return SimpleNamespace(returncode=int(hit), stdout="", stderr=stderr if hit else "")

    monkeypatch.setattr(check, "subprocess", SimpleNamespace(run=run))


def reason(root):
    home = LabHome(root.parent / "lab")
    found = check.reason(home, {})
    if found:
        with pytest.raises(Refusal) as refusal:
            check.require(home, {})
        assert str(refusal.value) == f"{found} (all requirements: confkube lab check)"
        assert "\n" not in found
    else:
        check.require(home, {})
    return found


def names(root):
    return [each.name for each in check.requirements(LabHome(root.parent / "lab"), {})]


def test_a_computer_that_has_all_is_fine(fake):
    assert reason(fake) == ""
    found = list(check.requirements(LabHome(fake), {}))
    assert {each.met for each in found} == {True}
    assert [each.name for each in found][-len(LATER) :] == LATER


def test_watchers_that_others_have(fake, monkeypatch):
    monkeypatch.setattr(watchers, "most", lambda: 128)
    monkeypatch.setattr(watchers, "used", lambda: 65)
    assert reason(fake) == (
        "file watchers: 65 of 128 in use; "
        "the default cluster takes 64; allow more: sysctl fs.inotify.max_user_instances=1024"
    )


def test_not_linux(fake, monkeypatch):
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert reason(fake) == "Linux on x86_64: Darwin on arm64; use a Linux computer or virtual machine"
    assert names(fake) == ["Linux on x86_64"], "nothing else can be looked at"


def test_another_processor(fake, monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert reason(fake).startswith("Linux on x86_64: Linux on aarch64; ")


def test_not_root(fake, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert reason(fake) == "root: user 1000; run it as root, for example with sudo"
    assert not set(LATER) & set(names(fake)), "what needs root is not tried"


def test_missing_programs_are_named_with_their_packages(fake):
    for name in ("nsenter", "unshare", "mkfs.ext4"):
        (fake / "bin" / name).unlink()
    assert reason(fake) == (
        "programs: missing mkfs.ext4, nsenter, unshare; on Debian: apt-get install e2fsprogs util-linux"
    )


def test_too_little_memory(fake, monkeypatch):
    memory(monkeypatch, 2)
    assert reason(fake) == "memory: 2.0 GiB; 3 GiB carry the smallest cluster; use a larger computer"
    memory(monkeypatch, 3)
    assert reason(fake) == ""


def test_too_little_disk(fake, monkeypatch):
    disk(monkeypatch, 5)
    assert re.fullmatch(
        r"disk: 5\.0 GiB free in /\S+; a cluster needs 6 GiB; free some, or set CONFKUBE_LAB_HOME to .*", reason(fake)
    )
    disk(monkeypatch, 6)
    assert reason(fake) == ""


def test_the_disk_is_that_of_the_home(fake, monkeypatch):
    asked = []

    def usage(folder):
        asked.append(folder)
        return SimpleNamespace(free=2**40)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    list(check.requirements(LabHome(fake / "image" / "not" / "there"), {}))
    assert asked == [fake / "image"]


def test_an_unknown_layout_of_control_groups(fake):
    (fake / "sys/fs/cgroup/memory").rmdir()
    assert reason(fake) == (
        "control groups: neither version 2 nor a complete version 1 (3 hierarchies); "
        "boot with systemd.unified_cgroup_hierarchy=1"
    )
    shutil.rmtree(fake / "sys")
    assert "(0 hierarchies)" in reason(fake)


def test_both_versions_of_control_groups_are_known(fake):
    for hierarchy in (fake / "sys/fs/cgroup").iterdir():
        hierarchy.rmdir()
    (fake / "sys/fs/cgroup/cgroup.controllers").touch()
    assert reason(fake) == ""


def test_a_missing_file_system(fake):
    (fake / "proc/filesystems").write_text("nodev\tproc\n\text4\n")
    assert reason(fake) == "file systems: missing overlay; load them: modprobe -a overlay"


def test_no_loop_devices(fake):
    (fake / "dev/loop-control").unlink()
    assert reason(fake) == "loop devices: no /dev/loop-control; load the module: modprobe loop"


def test_forbidden_namespaces(fake, monkeypatch):
    failing(monkeypatch, "--pid", "warning\nunshare: unshare failed: Operation not permitted\n")
    assert reason(fake) == (
        "namespaces: unshare: unshare failed: Operation not permitted; the kernel, or the container this runs in, "
        "forbids namespaces; run on a computer or a full virtual machine"
    )
    failing(monkeypatch, "--pid", "")
    assert reason(fake).startswith("namespaces: no reason given; ")


def test_an_image_that_is_not_built(fake):
    (fake / "image").rmdir()
    assert reason(fake) == "lab image: not built; build it, some minutes once, with: make lab-image"
    found = {each.name: each.met for each in check.requirements(LabHome(fake), {})}
    assert (found["network devices"], found["nftables"]) == (None, None), "they are tried with the image's programs"


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("vxlan", "network devices: Error: Unknown device type.; load the modules: modprobe -a bridge veth vxlan"),
        ("nft -f", "nftables: Error: Unknown device type.; load the modules: modprobe -a nf_tables nft_masq nft_ct"),
    ],
)
def test_what_the_kernel_lacks(fake, monkeypatch, word, sentence):
    failing(monkeypatch, word, "Error: Unknown device type.\n")
    assert reason(fake) == sentence


def test_the_first_thing_that_is_missing_is_the_reason(fake, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    memory(monkeypatch, 1)
    disk(monkeypatch, 1)
    assert reason(fake).startswith("root: ")


def test_a_computer_has_one_name_that_does_not_tell_its_identifier(fake):
    found = check.computer()
    assert re.fullmatch(r"computer-[0-9a-f]{12}", found)
    assert found == check.computer()
    assert "0123456789ab" not in found
    (fake / "etc/machine-id").write_text("f" * 32)
    other = check.computer()
    assert other != found
    (fake / "etc/machine-id").unlink()
    assert re.fullmatch(r"computer-[0-9a-f]{12}", check.computer())


def test_this_computer_is_looked_at_for_real(tmp_path):
    found = {each.name: each for each in check.requirements(LabHome(tmp_path), os.environ)}
    assert all(each.met in {True, False, None} for each in found.values())
    assert all(each.met or each.remedy for each in found.values() if each.met is not None)
    if os.geteuid() == 0 and platform.system() == "Linux" and build.path(os.environ).is_dir():
        lacking = subprocess.run(["unshare", "--net", "true"], check=False).returncode
        assert (found["nftables"].met, found["network devices"].met) == (not lacking, not lacking)
    assert Path("/proc/filesystems").exists() or not found["Linux on x86_64"].met

"""Workers whose pods run in virtual machines: devices, one start anew, an archive, and another package manager."""

import hashlib
import io
import re
import tarfile
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from boot import samples, tools
from boot.machine import EXCHANGE, Machine

from confkube import bootstrap
from confkube.bootstrap import KVM, REMOTE, Archive, HostRuntime, mshv
from confkube.bootstrap.document import written
from confkube.errors import Refusal

STEPS = ("install", "host", "join")
ANY = mshv(Archive(url="https://x.example/a.tar.gz", sha256="0" * 64))
ROOM = samples.profile(user_data_limit=10**6)
# The device is there when the test says so, as after a start with another kernel.
DEVICE = f"[ ! -e {EXCHANGE}/device ] || : >/dev/mshv"
CTR = f'echo "Client:\n  Version:  v2.9\nServer:\n  Version:  $(cat {EXCHANGE}/containerd)"'
MENU = f"""
printf '%s\\n' 'menuentry "Azure Linux" {{' >/boot/grub2/grub.cfg
[ -e {EXCHANGE}/no-entry ] || printf '%s\\n' 'menuentry "Dom0" {{' >>/boot/grub2/grub.cfg
"""


@pytest.fixture
def machine(tmp_path):
    found = Machine(tmp_path)
    programs = {
        "ctr": CTR,
        "grub2-mkconfig": MENU,
        "tdnf": f'for package in "$@"; do touch {EXCHANGE}/packages/"$package" 2>/dev/null || true; done',
        "rpm": f"[ -e {EXCHANGE}/packages/$2 ]",
    }
    for name, body in programs.items():
        found._program(tmp_path / "disk/usr/local/sbin" / name, body)
    (tmp_path / "containerd").write_text("v2.3.3\n")
    found.path("/etc/default").mkdir(parents=True)
    found.path("/etc/default/grub").write_text('GRUB_TIMEOUT=0\nGRUB_DEFAULT="saved"\n')
    found.path("/boot/grub2").mkdir(parents=True)
    return found


def archive(machine, files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text), 0o755
            tar.addfile(entry, io.BytesIO(text.encode()))
    (machine.folder / "web/pods.tar.gz").write_bytes(buffer.getvalue())
    return Archive(
        url="https://downloads.example.org/pods.tar.gz", sha256=hashlib.sha256(buffer.getvalue()).hexdigest()
    )


def write(machine, runtime, **changes):
    machine.write(bootstrap.worker(samples.worker(software=machine.software(), runtime=runtime, **changes)))


def host_of_mshv(machine):
    """A machine of the other distribution that becomes the root partition of the hypervisor."""
    given = archive(machine, {"opt/confidential-containers/version": "1\n", "usr/local/bin/containerd-shim": "#!\n"})
    other = bootstrap.pinned_for("tdnf")
    software = replace(
        machine.software(), packages=other.packages, node_packages=other.node_packages, manager=other.manager
    )
    machine.write(bootstrap.worker(samples.worker(software=software, runtime=mshv(given), trust=None)))
    return given


def test_the_root_partition_of_a_hypervisor_is_made_with_one_start_anew(machine):
    given = host_of_mshv(machine)
    result = machine.boot(DEVICE, *STEPS)
    assert result.returncode == 1
    assert "starting anew with the boot entry Dom0" in result.stdout
    assert "this machine was told to start anew and did not" in machine.console()
    calls = machine.calls()
    assert "systemctl --no-block reboot" in calls
    assert not [call for call in calls if "kubeadm join" in call or "pods.tar.gz" in call]
    assert machine.path("/etc/default/grub").read_text() == 'GRUB_TIMEOUT=0\nGRUB_DEFAULT="Dom0"\n'
    assert not [call for call in calls if call.startswith(("apt-get", "dpkg-query"))]
    (installed,) = [call for call in calls if call.startswith("tdnf")]
    assert {"kernel-mshv", "mshv-bootloader-lx", "containerd2", "conntrack-tools", "iproute"} <= set(installed.split())

    (machine.folder / "device").touch()
    result = machine.boot(DEVICE, *STEPS)
    assert result.returncode == 0, result.stderr
    calls = machine.calls()
    assert "systemctl --no-block reboot" not in calls
    assert machine.path("/opt/confidential-containers/version").read_text() == "1\n"
    assert machine.path("/etc/modules-load.d/confkube-host.conf").read_text() == "erofs\ndm_verity\n"
    order = [call for call in calls if call == "systemctl restart containerd" or "kubeadm join" in call]
    assert order == ["systemctl restart containerd", "kubeadm join --v=1 --config /etc/confkube/kubeadm.yaml"]

    assert machine.boot(DEVICE, *STEPS).returncode == 0
    assert not [call for call in machine.calls() if given.url in call or "restart" in call or "reboot" in call]


def test_a_device_that_is_not_there_after_the_start_anew(machine):
    host_of_mshv(machine)
    assert machine.boot(DEVICE, "install", "host").returncode == 1
    machine.calls()
    assert machine.boot(DEVICE, "install", "host").returncode == 1
    assert "there is no /dev/mshv after a start with the boot entry Dom0" in machine.console()
    assert "systemctl --no-block reboot" not in machine.calls()


def test_a_boot_entry_that_the_menu_does_not_have(machine):
    host_of_mshv(machine)
    (machine.folder / "no-entry").touch()
    assert machine.boot(DEVICE, "install", "host").returncode == 1
    assert "the boot entry Dom0 could not be chosen" in machine.console()
    assert "systemctl --no-block reboot" not in machine.calls()


def test_an_archive_with_another_digest(machine):
    host_of_mshv(machine)
    (machine.folder / "device").touch()
    (machine.folder / "web/pods.tar.gz").write_bytes(b"something else")
    result = machine.boot(DEVICE, *STEPS)
    assert result.returncode == 1
    assert "does not have the pinned sha256" in result.stderr
    assert "the runtime could not be fetched from https://downloads.example.org/pods.tar.gz" in machine.console()
    assert not machine.path("/opt/confidential-containers").exists()


def test_a_containerd_that_is_too_old(machine):
    host_of_mshv(machine)
    (machine.folder / "device").touch()
    (machine.folder / "containerd").write_text("2.2.4\n")
    assert machine.boot(DEVICE, *STEPS).returncode == 1
    assert "containerd 2.2.4 runs here; pods in virtual machines need 2.3 or newer" in machine.console()


@pytest.mark.parametrize(
    ("version", "good"), [("1.7.28", True), ("1.6.20~ds1", False), ("v2.10.0", True), ("1.10.0", True), ("", False)]
)
def test_the_least_containerd(machine, version, good):
    (machine.folder / "containerd").write_text(version + "\n")
    write(machine, REMOTE)
    assert (machine.boot("install", "host").returncode == 0) == good


def test_a_machine_without_hardware_virtualisation_does_not_join(machine):
    write(machine, KVM)
    assert machine.boot(*STEPS).returncode == 1
    assert "this machine has no /dev/kvm /dev/vhost-vsock: virtual machines cannot be started here" in machine.console()
    calls = machine.calls()
    assert [call for call in calls if call.startswith("modprobe")][-3:] == [
        "modprobe kvm",
        "modprobe vhost_net",
        "modprobe vhost_vsock",
    ]
    assert "systemctl --no-block reboot" not in calls


def test_a_machine_with_it_joins(machine):
    write(machine, KVM)
    assert machine.boot(": >/dev/kvm", ": >/dev/vhost-vsock", *STEPS).returncode == 0
    assert [call for call in machine.calls("kubeadm") if " join " in call]


@pytest.fixture
def full():
    """Boot text with everything that a host can have."""
    return bootstrap.worker(samples.worker(runtime=ANY, software=bootstrap.pinned_for("tdnf"), profile=ROOM))


def test_cloud_init_accepts_it(full, tmp_path):
    (tmp_path / "user-data").write_text(full)
    result = tools.cloud_init_schema(tmp_path / "user-data")
    assert result.returncode == 0, result.stdout + result.stderr


def test_systemd_understands_the_units(full, tmp_path):
    if not Path("/usr/bin/systemd-analyze").exists():
        pytest.skip("systemd-analyze is not here")
    (unit,) = [file for file in written(full) if file.path.endswith("confkube-host.service")]
    (tmp_path / "confkube-host.service").write_text(unit.text)
    result = tools.run("systemd-analyze", "verify", "--man=no", str(tmp_path / "confkube-host.service"))
    told = [line for line in result.stderr.splitlines() if "RestartMode" not in line]
    assert not [line for line in told if re.search(r"Unknown|Failed to parse|Invalid|not absolute", line)]


def test_the_scripts_are_there_and_parse(full, tmp_path):
    files = {file.path: file.text for file in written(full)}
    for name in ("host", "install", "tdnf"):
        (tmp_path / name).write_text(files[f"/usr/local/lib/confkube/{name}.sh"])
        assert tools.run("sh", "-n", str(tmp_path / name)).returncode == 0
    assert "confkube-host" in full.splitlines()[-1]


def containerd_of(runtime):
    files = {file.path: file.text for file in written(bootstrap.worker(samples.worker(runtime=runtime)))}
    return tomllib.loads(files["/etc/containerd/config.toml"])


def test_containerd_keeps_what_guests_need():
    plain, kept = (containerd_of(runtime)["plugins"]["io.containerd.grpc.v1.cri"] for runtime in (None, REMOTE))
    assert set(plain["containerd"]) == {"runtimes"}
    assert kept["containerd"]["discard_unpacked_layers"] is False
    assert kept["containerd"]["disable_snapshot_annotations"] is False
    assert kept["containerd"]["runtimes"] == plain["containerd"]["runtimes"]
    assert containerd_of(REMOTE)["imports"] == ["/etc/containerd/conf.d/*.toml"]


def test_containerd_knows_the_runtime_of_the_archive():
    found = containerd_of(ANY)["plugins"]
    runtimes = found["io.containerd.grpc.v1.cri"]["containerd"]["runtimes"]
    assert set(runtimes) == {"runc", "kata-cc"}
    assert runtimes["kata-cc"]["runtime_type"] == "io.containerd.kata-cc.v2"
    assert runtimes["kata-cc"]["pod_annotations"] == ["io.katacontainers.*"]
    assert found["io.containerd.service.v1.diff-service"]["default"] == ["erofs", "walking"]


def test_the_node_bears_the_label_that_the_daemon_sets_look_for():
    assert "node.kubernetes.io/worker=" in samples.worker(runtime=REMOTE).label_argument.split(",")
    assert "node.kubernetes.io/worker" not in samples.worker().label_argument


def test_the_host_is_ready_before_it_joins():
    files = {file.path: file.text for file in written(bootstrap.worker(samples.worker(runtime=KVM)))}
    unit = files["/etc/systemd/system/confkube-host.service"]
    assert "Before=confkube-join.service " in unit
    assert "RequiredBy=confkube-join.service " in unit


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"modules": ("a b",)}, "kernel module: 'a b' is not a plain word"),
        ({"devices": ("kvm",)}, "device: 'kvm' is not a device such as /dev/kvm"),
        ({"devices": ("/dev/../etc",)}, "is not a device such as /dev/kvm"),
        ({"boot_entry": "a'b"}, 'boot entry: "a\'b" is not a plain word'),
        ({"handler": "kata-cc"}, "an archive and the handler that it brings are given together"),
        (
            {"archive": Archive(url="oci://x.example/y", sha256="0" * 64), "handler": "kata-cc"},
            "'oci://x.example/y' is not an https address",
        ),
        (
            {"archive": Archive(url="https://x.example/y", sha256="0" * 64), "handler": "runc"},
            "host runtime handler: 'runc' is not known; choose one of kata-cc",
        ),
    ],
)
def test_refusals(changes, reason):
    with pytest.raises(Refusal) as refused:
        HostRuntime(**changes)
    assert reason in str(refused.value)

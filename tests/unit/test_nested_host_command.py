"""The command line of a child, word by word, and the file from which its host makes it."""

import base64
import dataclasses
import hashlib
import json
import uuid

import pytest
from boot.children_world import OVERLAY, boot
from unit.test_nested_host import IGVM, children

from confkube import bootstrap
from confkube.bootstrap import Archive
from confkube.bootstrap.children import plan as host
from confkube.bootstrap.document import written
from confkube.bootstrap.nested_command import command, needs
from confkube.bootstrap.nested_values import hardware_address

KERNEL = Archive(url="https://images.example.org/kernel", sha256="01" * 32)
INITRD = Archive(url="https://images.example.org/initrd", sha256="02" * 32)
DIRECT = {"kernel": KERNEL, "initrd": INITRD, "kernel_arguments": "root=/dev/vda $HOME"}


def after(words, option):
    """What follows an option, each time that it occurs."""
    return [words[number + 1] for number, word in enumerate(words) if word == option]


@pytest.fixture
def laid_down(tmp_path):
    """Write the host's file as it arrives, and read it there."""

    def lay_down(**changes):
        return change(lambda values: values, **changes)

    def change(values, **changes):
        made = boot(1, children=children(**changes))
        files = {file.path: file.text for file in written(bootstrap.nested_host(made))}
        given = json.loads(files["/etc/confkube/children.json"]) | {"user_data": str(tmp_path / "user-data")}
        (tmp_path / "user-data").write_text(made.children.user_data)
        path = tmp_path / "children.json"
        path.write_text(json.dumps(values(given)))
        return host.read(str(path))

    lay_down.changed = change
    return lay_down


def words(plan, number=1):
    child = plan.children[number - 1]
    return child.words(cable=7, vhost=",vhost=on,vhostfd=8", accelerator="kvm", cpu="host")


def test_an_ordinary_child(laid_down):
    assert words(laid_down(), 2) == [
        "qemu-system-x86_64",
        *(
            "-name",
            "demo-4f2a-host-1-child-2",
            "-uuid",
            str(uuid.uuid5(uuid.NAMESPACE_DNS, "demo-4f2a-host-1-child-2")),
        ),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-accel", "kvm"),
        *("-smp", "2", "-m", "4096M", "-cpu", "host", "-machine", "q35"),
        *("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"),
        *("-qmp", "unix:/run/confkube/children/2/monitor,server=on,wait=off"),
        *("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"),
        *("-drive", "if=none,id=disk,file=/var/lib/confkube/children/2/disk,format=qcow2,discard=unmap"),
        *("-device", "virtio-blk-pci,drive=disk"),
        *("-drive", "if=none,id=seed,file=/var/lib/confkube/children/2/seed,format=raw,readonly=on"),
        *("-device", "virtio-blk-pci,drive=seed"),
        *("-netdev", "tap,id=net,fd=7,vhost=on,vhostfd=8"),
        *("-device", "virtio-net-pci,netdev=net,mac=02:cf:0a:15:01:0b,romfile="),
        *("-device", "virtio-rng-pci"),
    ]


def test_an_snp_child_started_directly(laid_down):
    made = words(laid_down(tee="snp", **DIRECT))
    data = base64.b64encode(bytes.fromhex(children().bound_digest)).decode()
    assert len(base64.b64decode(data)) == 32
    assert after(made, "-object") == [
        "memory-backend-memfd,id=ram,size=4096M,share=on,prealloc=off",
        "sev-snp-guest,id=tee,policy=0x30000,cbitpos=51,reduced-phys-bits=1,kernel-hashes=on,host-data=" + data,
    ]
    assert after(made, "-machine") == ["q35,confidential-guest-support=tee,memory-backend=ram,vmport=off"]
    assert after(made, "-cpu") == ["EPYC-v4"]
    assert after(made, "-bios") == ["/usr/share/ovmf/OVMF.amdsev.fd"]
    assert after(made, "-kernel") == [f"/var/lib/confkube/children/files/{KERNEL.sha256}"]
    assert after(made, "-initrd") == [f"/var/lib/confkube/children/files/{INITRD.sha256}"]
    assert after(made, "-append") == ["root=/dev/vda $HOME"]
    assert all("iommu_platform=on" in device for device in after(made, "-device"))


def test_an_snp_child_from_its_disk_has_no_kernel_to_hash(laid_down):
    made = words(laid_down(tee="snp"))
    assert "kernel-hashes=off" in after(made, "-object")[1]
    assert after(made, "-bios") == ["/usr/share/ovmf/OVMF.fd"]


def test_a_tdx_child(laid_down):
    made = words(laid_down(tee="tdx"))
    guest = json.loads(after(made, "-object")[1])
    identity = base64.b64decode(guest.pop("mrconfigid"))
    assert identity == bytes.fromhex(children().bound_digest) + bytes(16)
    assert guest == {
        "qom-type": "tdx-guest",
        "id": "tee",
        "quote-generation-socket": {"type": "vsock", "cid": "2", "port": "4050"},
    }
    machine = "q35,confidential-guest-support=tee,memory-backend=ram,kernel-irqchip=split,hpet=off"
    assert after(made, "-machine") == [machine]


def test_a_child_under_the_microsoft_hypervisor(laid_down):
    assert words(laid_down(hypervisor="mshv", tee="snp", igvm=IGVM)) == [
        *("cloud-hypervisor", "--api-socket", "path=/run/confkube/children/1/monitor", "--cpus", "boot=2"),
        *("--memory", "size=4096M", "--serial", "tty", "--console", "off"),
        *("--disk", "path=/var/lib/confkube/children/1/disk", "path=/var/lib/confkube/children/1/seed,readonly=on"),
        *("--net", "fd=7,mac=02:cf:0a:15:01:0a", "--platform", "sev_snp=on"),
        *("--igvm", f"/var/lib/confkube/children/files/{IGVM.sha256}", "--host-data", children().bound_digest),
    ]
    assert after(command(children(hypervisor="mshv", **DIRECT)), "--cmdline") == ["root=/dev/vda $$HOME"]
    assert command(children(hypervisor="mshv", firmware="/x$y"))[-2:] == ["--firmware", "/x$$y"]


def test_a_firmware_of_the_users_own_goes_before_the_distributions(laid_down):
    assert after(words(laid_down(tee="tdx", firmware="/opt/td$vf.fd")), "-bios") == ["/opt/td$vf.fd"]


def test_what_a_host_needs_is_asked_for_with_a_reason():
    assert [why for _, _, why in needs(children())] == [
        "the program genisoimage is not installed",
        "the program qemu-img is not installed",
    ]
    assert "this QEMU knows no tdx-guest; it needs 10.1 or later" in [why for _, _, why in needs(children(tee="tdx"))]
    assert needs(children(tee="snp"))[-1][2] == "the firmware /usr/share/ovmf/OVMF.fd is not here; name another one"
    assert "/dev/mshv" in needs(children(hypervisor="mshv", tee="snp", igvm=IGVM))[-1][0]


def test_names_and_addresses_are_the_same_on_both_sides(laid_down):
    plan = laid_down()
    for number, child in enumerate(plan.children, 1):
        assert child.name == boot(1).child_name(number)
        assert child.address == OVERLAY.child(1, number)
        assert child.mac == hardware_address(child.address)
        assert len(child.cable) <= 15


def test_the_last_cable_has_a_name_that_the_kernel_takes(laid_down):
    assert len(laid_down(count=200).children[-1].cable) <= 15


def test_what_makes_another_child_and_what_another_machine(laid_down):
    plan = laid_down()
    child = plan.children[0]
    for name, value, content, machine in (
        ("count", 9, False, False),
        ("vcpus", 9, False, True),
        ("memory_mib", 9999, False, True),
        ("disk_gib", 99, True, True),
        ("bound", "00", True, True),
        ("names", "other-", True, True),
        ("files", {"image": ["ff", "https://example.org"]}, True, True),
    ):
        other = dataclasses.replace(plan, **{name: value}).children[0]
        assert ((other.content != child.content), (other.machine != child.machine)) == (content, machine), name


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (lambda given: [], "is not as it should be"),
        (lambda given: given | {"colour": "red"}, "unexpected keyword argument 'colour'"),
        (lambda given: {name: value for name, value in given.items() if name != "tee"}, "keyword-only argument: 'tee'"),
        (lambda given: given | {"count": 201}, "count must be 0 to 200"),
        (lambda given: given | {"count": "2"}, "is not as it should be"),
        (lambda given: given | {"vcpus": 0}, "at least 1"),
        (lambda given: given | {"command": ["$colour"]}, "KeyError"),
        (lambda given: given | {"bound": hashlib.sha256(b"other").hexdigest()}, "bound is not the sha256 of"),
        (lambda given: given | {"first_address": "10.21"}, "is not as it should be"),
    ],
)
def test_a_wrong_file_is_refused_on_the_host(laid_down, values, message):
    with pytest.raises(ValueError, match=message):
        laid_down.changed(values)

"""What starts a child, as data: words with places that its host fills, and what the host must have before.

QEMU: docs/system/i386/amd-memory-encryption.rst and tdx.rst, and the properties of its objects sev-snp-guest (since
9.1) and tdx-guest (since 10.1). Cloud Hypervisor: docs/amd_sev_snp.md, and the options that its main.rs takes. All
read 2026-11-27. What is confidential here has never been run on hardware.
"""

import base64
import json
import shlex

from confkube.bootstrap.nested_values import MSHV, NO_TEE, SNP, TDX, Children

# No debugging, no migration, SMT allowed; bit 17 is reserved and must be one (SEV-SNP firmware ABI, guest policy).
_SNP_POLICY = "0x30000"
# Position of the encryption bit, and bits of an address that it costs, on EPYC since its third generation.
_SNP_ADDRESSES = "cbitpos=51,reduced-phys-bits=1"
# The host as vsock calls it, and the port of Intel's quote generation service there.
_QUOTE_SERVICE = {"type": "vsock", "cid": "2", "port": "4050"}
_MRCONFIGID_BYTES = 48
# Hashes of a kernel that is started directly are for OVMF's build for AMD, which measures them.
_OVMF, _OVMF_AMD = "/usr/share/ovmf/OVMF.fd", "/usr/share/ovmf/OVMF.amdsev.fd"


def firmware(children: Children) -> str:
    """Path of the firmware on the host; empty for the hypervisor's own."""
    if children.firmware or children.tee == NO_TEE or children.hypervisor == MSHV:
        return children.firmware
    return _OVMF_AMD if children.tee == SNP and children.kernel else _OVMF


def command(children: Children) -> list[str]:
    """Return the words of a child's command line; ``$`` starts the name of a place, ``$$`` stands for itself."""
    return _mshv(children) if children.hypervisor == MSHV else _qemu(children)


def _qemu(children: Children) -> list[str]:
    device = "" if children.tee == NO_TEE else ",disable-legacy=on,iommu_platform=on"
    words = ["qemu-system-x86_64", "-name", "$name", "-uuid", "$uuid", "-nodefaults", "-no-user-config"]
    words += ["-display", "none", "-no-reboot", "-accel", "$accelerator", "-smp", "$vcpus", "-m", "${memory_mib}M"]
    words += _confidence(children)
    words += ["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"]
    words += ["-qmp", "unix:$run/monitor,server=on,wait=off"]
    words += ["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"]
    words += ["-drive", "if=none,id=disk,file=$folder/disk,format=qcow2,discard=unmap"]
    words += ["-device", f"virtio-blk-pci,drive=disk{device}"]
    words += ["-drive", "if=none,id=seed,file=$folder/seed,format=raw,readonly=on"]
    words += ["-device", f"virtio-blk-pci,drive=seed{device}"]
    words += ["-netdev", "tap,id=net,fd=$cable$vhost"]
    words += ["-device", f"virtio-net-pci,netdev=net,mac=$mac,romfile={device}", "-device", f"virtio-rng-pci{device}"]
    if path := firmware(children):
        words += ["-bios", _literal(path)]
    if children.kernel:
        words += ["-kernel", "$kernel", "-append", _literal(children.kernel_arguments)]
    if children.initrd:
        words += ["-initrd", "$initrd"]
    return words


def _confidence(children: Children) -> list[str]:
    """CPU, machine, memory, and the object that makes them confidential."""
    if children.tee == NO_TEE:
        return ["-cpu", "$cpu", "-machine", "q35"]
    bound = bytes.fromhex(children.bound_digest)
    memory = ["-object", "memory-backend-memfd,id=ram,size=${memory_mib}M,share=on,prealloc=off"]
    shared = "q35,confidential-guest-support=tee,memory-backend=ram"
    if children.tee == SNP:
        hashes = "on" if children.kernel else "off"
        data = base64.b64encode(bound).decode()
        guest = f"sev-snp-guest,id=tee,policy={_SNP_POLICY},{_SNP_ADDRESSES},kernel-hashes={hashes},host-data={data}"
        return ["-cpu", "EPYC-v4", "-machine", f"{shared},vmport=off", *memory, "-object", guest]
    identity = base64.b64encode(bound.ljust(_MRCONFIGID_BYTES, b"\0")).decode()
    properties = {"qom-type": "tdx-guest", "id": "tee", "mrconfigid": identity}
    guest = json.dumps(properties | {"quote-generation-socket": _QUOTE_SERVICE})
    return ["-cpu", "host", "-machine", f"{shared},kernel-irqchip=split,hpet=off", *memory, "-object", guest]


def _mshv(children: Children) -> list[str]:
    words = ["cloud-hypervisor", "--api-socket", "path=$run/monitor", "--cpus", "boot=$vcpus"]
    words += ["--memory", "size=${memory_mib}M", "--serial", "tty", "--console", "off"]
    words += ["--disk", "path=$folder/disk", "path=$folder/seed,readonly=on", "--net", "fd=$cable,mac=$mac"]
    if children.tee == SNP:
        return [*words, "--platform", "sev_snp=on", "--igvm", "$igvm", "--host-data", children.bound_digest]
    if children.kernel:
        initrd = ["--initramfs", "$initrd"] if children.initrd else []
        return [*words, "--kernel", "$kernel", *initrd, "--cmdline", _literal(children.kernel_arguments)]
    return [*words, "--firmware", _literal(firmware(children))]


def _literal(text: str) -> str:
    return text.replace("$", "$$")


_KVM = ("test -w /dev/kvm && echo yes", "yes", "there is no /dev/kvm, and confidential machines need it")
_TEE_NEEDS = {
    SNP: (
        ("qemu-system-x86_64 -object help", "sev-snp-guest", "this QEMU knows no sev-snp-guest; it needs 9.1 or later"),
        (
            "cat /sys/module/kvm_amd/parameters/sev_snp",
            "^[Y1]",
            "/sys/module/kvm_amd/parameters/sev_snp does not say Y: kernel or firmware of this machine have no SNP",
        ),
        _KVM,
    ),
    TDX: (
        ("qemu-system-x86_64 -object help", "tdx-guest", "this QEMU knows no tdx-guest; it needs 10.1 or later"),
        (
            "cat /sys/module/kvm_intel/parameters/tdx",
            "^[Y1]",
            "/sys/module/kvm_intel/parameters/tdx does not say Y: kernel or firmware of this machine have no TDX",
        ),
        _KVM,
    ),
}
_MSHV_NEED = (
    "test -e /dev/mshv && echo yes",
    "yes",
    "there is no /dev/mshv: this machine did not start as root partition of the hypervisor",
)


def needs(children: Children) -> list[tuple[str, str, str]]:
    """Return what the host must have: a command line, what it must say, and what is wrong where it does not."""
    programs = ["genisoimage", *(["cloud-hypervisor"] if children.hypervisor == MSHV else ["qemu-img"])]
    found = [(f"command -v {name}", "/", f"the program {name} is not installed") for name in programs]
    if children.hypervisor == MSHV:
        found.append(_MSHV_NEED)
    else:
        found += _TEE_NEEDS.get(children.tee, ())
    if path := firmware(children):
        found.append(
            (f"test -r {shlex.quote(path)} && echo yes", "yes", f"the firmware {path} is not here; name another one")
        )
    return found

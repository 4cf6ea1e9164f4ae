"""Called by children.sh and by the services of the children.

check: print what has to be downloaded. apply: bring the children to what the file says. status: write what there is.
run N: become the hypervisor of child N. stop N: ask it to shut down, and wait.
"""

import contextlib
import fcntl
import grp
import json
import os
import pwd
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
from ipaddress import ip_address
from pathlib import Path

from .plan import BRIDGE, CARRIED, RUN, STATE, Child, Plan, read

_PATIENCE = 90
"""Seconds that a child has to shut down in order; its service is cut off later."""
_CREATE_MACHINE, _SET_INTERFACE = 0xAE01, 0x400454CA
_TAP = 0x5002
"""IFF_TAP, IFF_NO_PI and IFF_VNET_HDR."""
_RESOLVERS = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))


def _run(*words: object) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise ValueError(f"{words[0]} {words[1]}: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def _check(plan: Plan) -> None:
    for words, wanted, why in plan.needs if plan.count else ():
        said = subprocess.run(["/bin/sh", "-c", words], capture_output=True, text=True, check=False).stdout  # noqa: S603
        if not re.search(wanted, said):
            raise ValueError(why)
    for sha256, url in plan.files.values() if plan.count else ():
        if not (CARRIED / sha256).exists():
            sys.stdout.write(f"{sha256} {url}\n")


def _apply(plan: Plan) -> None:
    rows = ", ".join(f'"{child.cable}" . {child.mac} . {child.address}' for child in plan.children)
    elements = f"add element bridge confkube_overlay cables {{ {rows} }}\n" if rows else ""
    (RUN / "cables.nft").write_text(elements, encoding="ascii")
    _run("nft", "-f", "/etc/confkube/overlay.nft")
    for folder in STATE.glob("[0-9]*"):
        if int(folder.name) > plan.count:
            _forget(folder)
    for child in plan.children:
        _settle(child)
    _say(plan)


def _settle(child: Child) -> None:
    if _kept(child, "made") != child.content:
        _forget(child.folder)
        _make(child)
    verb = "start" if _kept(child, "machine") in ("", child.machine) else "restart"
    # This service is not up before it ends, and they wait for it.
    _run("systemctl", "--no-block", verb, child.unit)


def _kept(child: Child, name: str) -> str:
    path = child.folder / name
    return path.read_text(encoding="ascii") if path.exists() else ""


def _forget(folder: Path) -> None:
    _run("systemctl", "stop", f"confkube-child@{folder.name}.service")
    for path in (folder, RUN / folder.name):
        shutil.rmtree(path, ignore_errors=True)


def _user(child: Child) -> pwd.struct_passwd:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(child.user)
    _run("useradd", "--system", "--no-create-home", "--home-dir", "/", "--shell", "/usr/sbin/nologin", child.user)
    return pwd.getpwnam(child.user)


def _make(child: Child) -> None:
    plan, owner = child.plan, _user(child)
    child.folder.mkdir(mode=0o700)
    disk, image = child.folder / "disk", plan.file("image")
    if plan.hypervisor == "mshv":
        _run("cp", "--sparse=always", image, disk)
        os.truncate(disk, max(plan.disk_gib << 30, disk.stat().st_size))
    else:
        found = json.loads(_run("qemu-img", "info", "--output=json", image))
        if "backing-filename" in found:
            raise ValueError(f"{plan.files['image'][1]} is no image that stands alone")
        size = max(plan.disk_gib << 30, int(found["virtual-size"]))
        _run("qemu-img", "create", "-q", "-f", "qcow2", "-b", image, "-F", found["format"], disk, size)
    _seed(child)
    for path in (disk, child.folder / "seed", child.folder):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    (child.folder / "made").write_text(child.content, encoding="ascii")


def _seed(child: Child) -> None:
    """Write what cloud-init takes as its NoCloud source: a volume named cidata."""
    network = {
        "match": {"macaddress": child.mac},
        "set-name": "eth0",
        "mtu": _packet_size(),
        "addresses": [f"{child.address}/24"],
        "routes": [{"to": "0.0.0.0/0", "via": child.plan.gateway}],
        "nameservers": {"addresses": _resolvers()},
    }
    parts = child.folder / "parts"
    parts.mkdir()
    shutil.copy(child.plan.user_data, parts / "user-data")
    for name, value in {
        "meta-data": {"instance-id": child.content[:32], "local-hostname": child.name},
        "network-config": {"version": 2, "ethernets": {"eth0": network}},
    }.items():
        (parts / name).write_text(json.dumps(value), encoding="ascii")
    _run("genisoimage", "-quiet", "-volid", "cidata", "-rational-rock", "-o", child.folder / "seed", parts)
    shutil.rmtree(parts)


def _resolvers() -> list[str]:
    """Who answers questions about names here, except this machine itself."""
    for path in _RESOLVERS:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        found = re.findall(r"(?m)^nameserver\s+([0-9a-f.:]+)\s*$", text)
        if good := [each for each in found if not ip_address(each).is_loopback]:
            return good
    return []


def _packet_size() -> int:
    return int(Path(f"/sys/class/net/{BRIDGE}/mtu").read_text(encoding="ascii"))


def _accelerator(plan: Plan) -> str:
    """``kvm`` where the kernel makes a virtual machine when asked, else ``tcg``: QEMU computes all by itself."""
    if plan.hypervisor == "mshv":
        return "mshv"
    with contextlib.suppress(OSError), Path("/dev/kvm").open("r+b", buffering=0) as device:
        os.close(fcntl.ioctl(device, _CREATE_MACHINE, 0))
        return "kvm"
    return "tcg"


def _become(child: Child) -> None:
    """Start the hypervisor in place of this program, with the child's cable, and without root's rights."""
    plan, owner = child.plan, _user(child)
    shutil.rmtree(child.run, ignore_errors=True)
    child.run.mkdir(mode=0o700)
    os.chown(child.run, owner.pw_uid, owner.pw_gid)
    how, cable, vhost = _accelerator(plan), _cable(child), ""
    with contextlib.suppress(OSError):
        device = os.open("/dev/vhost-net", os.O_RDWR)
        os.set_inheritable(device, True)
        vhost = f",vhost=on,vhostfd={device}"
    words = child.words(cable=cable, vhost=vhost, accelerator=how, cpu="host" if how == "kvm" else "max")
    (child.folder / "machine").write_text(child.machine, encoding="ascii")
    _say(plan)
    sys.stderr.write(f"{child.name}, {child.address}, {how}: {plan.note}\n")
    os.setgroups([each.gr_gid for each in grp.getgrall() if each.gr_name == "kvm"])
    os.setgid(owner.pw_gid)
    os.setuid(owner.pw_uid)
    os.execvp(words[0], words)  # noqa: S606  that is the point


def _cable(child: Child) -> int:
    """Plug the child in; its interface goes away by itself when the hypervisor ends."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, _SET_INTERFACE, struct.pack("16sH22x", child.cable.encode(), _TAP))
    os.set_inheritable(device, True)
    _run("ip", "link", "set", child.cable, "mtu", _packet_size(), "master", BRIDGE, "up")
    _run("bridge", "link", "set", "dev", child.cable, "isolated", "on")
    return device


def _stop(child: Child) -> None:
    """Press the child's power button and wait for its hypervisor to end."""
    process = os.environ.get("MAINPID", "none")
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as monitor:
        monitor.settimeout(10)
        monitor.connect(str(child.run / "monitor"))
        if child.plan.hypervisor == "mshv":
            monitor.sendall(b"PUT /api/v1/vm.power-button HTTP/1.1\r\nHost: localhost\r\n\r\n")
        else:
            monitor.sendall(b'{"execute":"qmp_capabilities"}{"execute":"system_powerdown"}')
        monitor.recv(4096)
        deadline = time.monotonic() + _PATIENCE
        while Path(f"/proc/{process}").exists() and time.monotonic() < deadline:
            time.sleep(0.2)


def _say(plan: Plan) -> None:
    """Write what there is to /run/confkube/children/status.json."""
    status = {name: getattr(plan, name) for name in ("hypervisor", "tee", "note", "measurement")}
    status |= {"accelerator": _accelerator(plan), "children": [_state(child) for child in plan.children]}
    part = RUN / f".status.{os.getpid()}"
    part.write_text(json.dumps(status, indent=1) + "\n", encoding="ascii")
    part.replace(RUN / "status.json")


def _state(child: Child) -> dict[str, str]:
    shown = _run("systemctl", "show", "-p", "ActiveState,MainPID,NRestarts", child.unit).split()
    return {"name": child.name, "address": str(child.address)} | dict(line.split("=", 1) for line in shown)


def _main(verb: str, number: str = "") -> None:
    plan = read()
    if number:
        {"run": _become, "stop": _stop}[verb](Child(plan=plan, number=int(number)))
    else:
        {"check": _check, "apply": _apply, "status": _say}[verb](plan)


try:
    _main(*sys.argv[1:])
except ValueError as wrong:
    sys.exit(str(wrong))

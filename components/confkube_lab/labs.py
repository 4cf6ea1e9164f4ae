"""Brings the lab's network up and takes it, with everything in it, away again."""

import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from confkube.errors import Refusal
from confkube_lab import forward, groups, holder, network
from confkube_lab.home import LabHome, read_json, write_json
from confkube_lab.image import build
from confkube_lab.network import Lab, Opening, Tier
from confkube_lab.processes import Process, children, with_arguments

IMAGE_VARIABLE = "CONFKUBE_LAB_IMAGE"
"""Names another root for the machines to boot from; the lab's own programs stay those of the lab image."""
_NONE = "no lab is running; bring one up with: make up STACK=cvm-nodes-lab"
_READY_SECONDS = 30
_UNSHARE = ("unshare", "--mount", "--net", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc")


@contextlib.contextmanager
def turn(home: LabHome, group: str) -> Generator[None]:
    """Hold the turn of a group of machines: it is made or removed by one process at a time."""
    home.turns.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home.turns / group).open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def locked(home: LabHome) -> Generator[None]:
    """Hold the lab's lock: records are read and written by one process at a time. A killed holder frees it."""
    home.lock_file.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with home.lock_file.open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if not _same_file(handle.fileno(), home.lock_file):
                continue  # whoever held it has removed it with the lab; others lock a new one
            yield
            return


def _same_file(handle: int, path: Path) -> bool:
    try:
        return os.fstat(handle).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def running(home: LabHome) -> Lab | None:
    """The lab that runs in this home."""
    if holding(home) is None:
        return None
    try:
        return Lab.read(read_json(home.lab_file))
    except (KeyError, TypeError, AttributeError):
        return None


def holding(home: LabHome) -> Process | None:
    """The process, outside, whose end ends the lab."""
    return Process.read(read_json(home.holder_file))


def required(home: LabHome) -> Lab:
    """The lab that runs in this home.

    Raises:
        Refusal: None does.
    """
    lab = running(home)
    if lab is None:
        raise Refusal(_NONE)
    return lab


def in_network(home: LabHome, *command: str) -> list[str]:
    """The command that runs ``command``, a program of the lab image, in the lab's network.

    Raises:
        Refusal: No lab runs.
    """
    return ["nsenter", "-t", str(inside(home)), "--net", "chroot", required(home).tools, *command]


def inside(home: LabHome) -> int:
    """The first process in the lab's namespaces.

    Raises:
        Refusal: No lab runs.
    """
    outer = holding(home)
    below = children(outer.pid) if outer else []
    if not below:
        raise Refusal(_NONE)
    return below[0]


def up(home: LabHome, spec: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Bring a network up, or bring the rules of the one that runs up to date.

    Raises:
        Refusal: Another lab runs in this home, the image is not built, or the kernel refuses something.
    """
    image = build.path(environ)
    if not image.is_dir():
        raise Refusal("the lab image is not built; build it, some minutes once, with: make lab-image")
    tiers = tuple(
        Tier(name=tier["name"], cidr=tier["cidr"], bridge=network.bridge(number))
        for number, tier in enumerate(spec["tiers"])
    )
    openings = tuple(Opening(**opening) for opening in spec["openings"])
    wanted = Lab(
        lab=spec["name"],
        cidr=spec["cidr"],
        tools=str(image),
        image=environ.get(IMAGE_VARIABLE, str(image)),
        tiers=tiers,
        openings=openings,
        labels=spec.get("labels", {}),
    )
    with locked(home):
        there = running(home)
        if there is not None and there.lab != wanted.lab:
            raise Refusal(
                f"the lab {there.lab} is running already, and this computer holds one; "
                "destroy its stack first, or clear it away with: confkube lab reset --yes"
            )
        if there is None:
            _refuse_strangers(home)
            _clear(home)
            _start(home, wanted)
        elif there.tiers != wanted.tiers or there.forwarded() != wanted.forwarded():
            raise Refusal(
                f"the subnets and open ports of the lab {there.lab} cannot change while it runs; destroy it first"
            )
        elif there != wanted:
            write_json(home.lab_file, wanted.record() | {"image": there.image, "tools": there.tools})
            holder.enforce(wanted, "nsenter", "-t", str(inside(home)), "-n")
    return {"network_id": wanted.lab, "loopback": home.loopback}


def down(home: LabHome, lab: str) -> None:
    """Take the lab away, with whatever is still in it; a lab of another name stays."""
    with locked(home):
        there = read_json(home.lab_file).get("lab")
        if there in (lab, None):
            _clear(home)
        home.lock_file.unlink(missing_ok=True)


def reset(home: LabHome) -> None:
    """Take away whatever is here, running or left behind."""
    with locked(home):
        _clear(home)
        home.lock_file.unlink(missing_ok=True)


def _start(home: LabHome, lab: Lab) -> None:
    # A holder that was just ended may have threads that have not yet.
    ports = [(each.tier, each.port) for each in lab.forwarded()]
    listening = [(forward.listen(home.loopback, port, patience=5), tier, port) for tier, port in ports]
    write_json(home.lab_file, lab.record())
    read, write = os.pipe()
    passed = [(one.fileno(), tier, port) for one, tier, port in listening]
    inner = [sys.executable, "-P", "-m", "confkube_lab.holder", str(home.root), str(write), json.dumps(passed)]
    with home.holder_log.open("a") as log, build.in_use(Path(lab.tools)) as image:
        process = subprocess.Popen(  # noqa: S603  arguments are ours
            [*_UNSHARE, "--propagation", "private", *inner],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[write, image, *(number for number, _, _ in passed)],
            start_new_session=True,
            cwd="/",
        )
    os.close(write)
    for one, _, _ in listening:
        one.close()
    found = Process.of(process.pid)
    if found is not None:
        write_json(home.holder_file, found.record())
    # One read: the process in between holds the other end open, so this one never ends.
    readable = select.select([read], [], [], _READY_SECONDS)[0]
    answer = os.read(read, 16) if readable else b""
    os.close(read)
    if answer != b"ready\n":
        reason = (home.holder_log.read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        process.kill()
        process.wait()
        _clear(home)
        raise Refusal(f"the lab's network could not be made: {reason}; see: confkube lab check")


def _refuse_strangers(home: LabHome) -> None:
    strangers = home.strangers()
    if strangers:
        raise Refusal(
            f"{home.root} holds other things, such as {strangers[0]}; give the lab an empty folder, or an absent one"
        )


def _clear(home: LabHome) -> None:
    """End every process of the lab and remove what it left, and nothing else; records may be lost or wrong."""
    outer = holding(home)
    if outer is not None:
        outer.end()
    for process in map(Process.of, with_arguments("-m", "confkube_lab.holder", str(home.root))):
        if process is not None:
            process.end()
    groups.end(home.tag)
    for path in home.belongs():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    # It stays where it holds other things, or is where a disk is mounted.
    with contextlib.suppress(OSError):
        home.root.rmdir()

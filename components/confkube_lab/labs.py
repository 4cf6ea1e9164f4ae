"""Brings the lab's network up and takes it, with everything in it, away again."""

import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from confkube.errors import Refusal
from confkube_lab import forward, holder, network
from confkube_lab.home import LabHome, read_json, write_json
from confkube_lab.image import build
from confkube_lab.inventory import Inventory
from confkube_lab.network import Lab, Opening, Tier
from confkube_lab.processes import Process, children

IMAGE_VARIABLE = "CONFKUBE_LAB_IMAGE"
"""Names another root for the machines to boot from; the lab's own programs stay those of the lab image."""
_READY_SECONDS = 30
_UNSHARE = ("unshare", "--mount", "--net", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc")


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
    record = read_json(home.lab_file)
    return Lab.read(record) if record and holding(home) else None


def holding(home: LabHome) -> Process | None:
    """The process, outside, whose end ends the lab."""
    return Process.read(read_json(home.holder_file))


def inside(home: LabHome) -> int:
    """The first process in the lab's namespaces.

    Raises:
        Refusal: No lab runs.
    """
    outer = holding(home)
    below = children(outer.pid) if outer else []
    if not below:
        raise Refusal("no lab is running; bring one up with: make up STACK=cvm-nodes-lab")
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
    listening = [(forward.listen(home.loopback, each.port), each.tier, each.port) for each in lab.forwarded()]
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


def _clear(home: LabHome) -> None:
    """End every process of the lab and remove what it left; nothing happens where there is nothing."""
    outer = holding(home)
    if outer is not None:
        outer.end()
    inventory = Inventory(home)
    for machine in inventory:
        supervisor = inventory.supervisor(machine)
        if supervisor is not None:
            supervisor.end()
        remove_groups(inventory.folder(machine))
    if home.root.exists():
        shutil.rmtree(home.root)


def remove_groups(folder: Path, patience: float = 10) -> None:
    """Remove the control groups of a machine; the kernel keeps one until its last process is gone for good."""
    try:
        groups = (folder / "groups").read_text().split()
    except FileNotFoundError:
        return
    deadline = time.monotonic() + patience
    for group in groups:
        while not _removed(Path(group)) and time.monotonic() < deadline:
            time.sleep(0.02)


def _removed(group: Path) -> bool:
    for path, _, _ in os.walk(group, topdown=False):
        try:
            os.rmdir(path)  # noqa: PTH106  the files in it belong to the kernel
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True

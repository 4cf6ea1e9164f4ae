"""Makes machines, keeps a pool at its size, and removes them."""

import fcntl
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from confkube.errors import Refusal
from confkube_lab import groups, labs, logs, network, watchers
from confkube_lab.home import LabHome
from confkube_lab.inventory import LOCK, Inventory, Machine
from confkube_lab.metadata import drop_secrets, keep_secret
from confkube_lab.network import Lab

_SCRIPT = Path(__file__).with_name("node.sh")
_ALIVE = "alive"
"""In a machine's folder once it has come to life for the first time."""
_START_SECONDS = 30
_MARGIN_GIB = 2
"""Least space that a machine finds on this computer's disk; its own disk is a sparse file and grows."""


def apply(home: LabHome, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Make the machine, or bring the pool, that ``spec`` describes; machines that are there stay as they are.

    Raises:
        Refusal: No such lab runs, the disk is full, or a machine does not start.
    """
    inventory = Inventory(home)
    lab = _lab(home, spec)
    with labs.turn(home, spec["name"]):
        # A killed run leaves machines that never came to life: they are made anew.
        _all(_unfinished(inventory, spec["name"]), lambda machine: _remove(inventory, machine))
        with labs.locked(home):
            surplus, missing = _difference(inventory, lab, spec)
            _room(home, len(missing))
            for machine in missing:
                _lay_down(inventory, lab, machine, spec)
        _all(surplus, lambda machine: _remove(inventory, machine))
        try:
            _all(missing, lambda machine: _first_start(inventory, machine))
        except BaseException:
            _all(missing, lambda machine: _remove(inventory, machine))
            raise
        there = inventory.of_group(spec["name"])
    return {"group_id": spec["name"], "machines": {machine.name: machine.address for machine in there}}


def remove(home: LabHome, group: str) -> None:
    """Remove a machine or a pool; nothing happens when it is gone."""
    if labs.running(home) is None:
        return  # it went with the lab; what is left goes with the network
    inventory = Inventory(home)
    with labs.turn(home, group):
        _all(inventory.of_group(group), lambda machine: _remove(inventory, machine))


def _lab(home: LabHome, spec: Mapping[str, Any]) -> Lab:
    lab = labs.running(home)
    if lab is None or lab.lab != spec["lab"]:
        raise Refusal(f"the lab {spec['lab']} is not running; bring its stack up again")
    return lab


def _unfinished(inventory: Inventory, group: str) -> list[Machine]:
    return [each for each in inventory.of_group(group) if not (inventory.folder(each) / _ALIVE).exists()]


def _first_start(inventory: Inventory, machine: Machine) -> None:
    start(inventory, machine)
    (inventory.folder(machine) / _ALIVE).touch()


def start(inventory: Inventory, machine: Machine) -> None:
    """Switch a machine on.

    Raises:
        Refusal: It runs already, or does not come to life; shows the last line of its console.
    """
    home, folder = inventory.home, inventory.folder(machine)
    lab = labs.required(home)
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "TOOLS": lab.tools,
        "IMAGE": lab.image,
        "MACHINE": str(folder),
        "NAME": machine.name,
        "ID": _identifier(home, machine),
        "BRIDGE": lab.tier(machine.tier).bridge,
        "GROUP": groups.name_of(home.tag, machine.name),
    }
    bind = network.binding(cable_of(home, machine), machine.address, there=True)
    subprocess.run(labs.in_network(home, *bind), check=True)  # noqa: S603
    enter = ["nsenter", "-t", str(labs.inside(home)), "--mount", "--net", "--pid", "--ipc"]
    with (folder / LOCK).open("a") as lock, (folder / "console.log").open("a") as console:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal(
                f"machine {machine.name} is running already; restart it with: confkube lab reboot {machine.name}"
            ) from None
        subprocess.Popen(  # noqa: S603  arguments are ours
            # As a text: a shell reads its file while it runs, and an upgrade may replace that under it.
            [*enter, "unshare", "--mount", "--propagation", "private", "bash", "-c", _SCRIPT.read_text()],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            pass_fds=[lock.fileno()],
            start_new_session=True,
            cwd="/",
        )
    await_life(inventory, machine)


def _last_words(inventory: Inventory, machine: Machine) -> str:
    said = logs.console(inventory, machine).strip()
    if "Too many open files" in said:
        return f"the kernel's file watchers are used up; {watchers.REMEDY}"
    return f"the last that it said was: {(said.splitlines() or ['nothing'])[-1]}"


def _identifier(home: LabHome, machine: Machine) -> str:
    return uuid.uuid5(uuid.NAMESPACE_DNS, f"{home.tag}.{machine.name}").hex


def cable_of(home: LabHome, machine: Machine) -> str:
    """Name of the end of a machine's cable that is in the bridge."""
    return f"vb-{_identifier(home, machine)[:11]}"


def await_life(inventory: Inventory, machine: Machine) -> None:
    """Wait until the first process of a machine that was just switched on runs.

    Raises:
        Refusal: It does not come to life; shows the last line of its console.
    """
    deadline = time.monotonic() + _START_SECONDS
    while inventory.leader(machine) is None:
        if not inventory.running(machine) or time.monotonic() > deadline:
            raise Refusal(f"machine {machine.name} does not start: {_last_words(inventory, machine)}")
        time.sleep(0.05)


def kill(inventory: Inventory, machine: Machine, patience: float = 10) -> None:
    """Switch a machine off at once, as if its plug were pulled."""
    groups.end(inventory.home.tag, machine.name, patience)
    deadline = time.monotonic() + patience
    while inventory.running(machine) and time.monotonic() < deadline:
        groups.end(inventory.home.tag, machine.name, patience)
        time.sleep(0.02)


def _difference(inventory: Inventory, lab: Lab, spec: Mapping[str, Any]) -> tuple[list[Machine], list[Machine]]:
    """The machines that are too many, highest number first, and those that are missing, lowest first."""
    there = inventory.of_group(spec["name"])
    tier, count = lab.tier(spec["tier"]), spec.get("count")
    names = [spec["name"]] if count is None else [f"{spec['name']}-{number}" for number in range(1, count + 1)]
    others = {each.name: each for each in inventory}
    taken = {each.address for each in others.values()}
    free = network.free_addresses(tier, taken)
    missing: list[Machine] = []
    for name in names:
        if name in others:
            if others[name].group != spec["name"]:
                raise Refusal(f"machine: {name!r} is one of {others[name].group}; choose another name")
            continue
        address = spec.get("address") or next(free, None)
        if address is None:
            raise Refusal(f"tier {tier.name}: {tier.cidr} is full; choose a larger range or fewer machines")
        if spec.get("address"):
            network.check_address(tier, address, taken)
        missing.append(
            Machine(
                name=name,
                group=spec["name"],
                tier=spec["tier"],
                address=address,
                fixed=count is None,
                isolation=spec["isolation"],
                tee=spec["tee"],
                disk_gib=spec["disk_gib"],
                created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                labels=spec.get("labels", {}),
            )
        )
    return [each for each in reversed(there) if each.name not in names], missing


def _room(home: LabHome, machines: int) -> None:
    free = shutil.disk_usage(home.root).free / 2**30
    if machines and free < machines * _MARGIN_GIB:
        raise Refusal(
            f"{machines} machines of the lab need {machines * _MARGIN_GIB} GiB but {home.root} has {free:.1f} free; "
            "free some, or set CONFKUBE_LAB_HOME to a folder on a larger disk"
        )
    free_watchers = watchers.most() - watchers.used()
    if machines * watchers.MACHINE > free_watchers:
        raise Refusal(
            f"{machines} machines of the lab need {machines * watchers.MACHINE} of the kernel's file watchers and "
            f"{max(0, free_watchers)} are free; {watchers.REMEDY}"
        )


def _lay_down(inventory: Inventory, lab: Lab, machine: Machine, spec: Mapping[str, Any]) -> None:
    """Write all that a machine starts from; its record comes last, so that a half-made one does not count."""
    folder = inventory.folder(machine)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "seed").mkdir(mode=0o700, parents=True)
    for name, text in network.seed(machine.name, spec["user_data"], lab.tier(machine.tier), machine.address).items():
        with os.fdopen(os.open(folder / "seed" / name, os.O_WRONLY | os.O_CREAT, 0o600), "w") as stream:
            stream.write(text)
    disk = folder / "disk.img"
    with disk.open("wb") as stream:
        stream.truncate(machine.disk_gib << 30)
    options = ["-q", "-m", "0", "-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard", "-i", "65536"]
    subprocess.run(["mkfs.ext4", *options, str(disk)], check=True, capture_output=True)  # noqa: S603, S607
    secret = spec.get("secret")
    if secret:
        keep_secret(inventory.home, secret["name"], machine.name, secret["value"])
    inventory.add(machine)


def _remove(inventory: Inventory, machine: Machine) -> None:
    kill(inventory, machine)
    if labs.running(inventory.home) is not None:
        unbind = labs.in_network(
            inventory.home, *network.binding(cable_of(inventory.home, machine), machine.address, there=False)
        )
        subprocess.run(unbind, check=False, capture_output=True)  # noqa: S603  absent if it never started
    folder = inventory.folder(machine)
    drop_secrets(inventory.home, machine.name)
    shutil.rmtree(folder, ignore_errors=True)


def _all(machines: Iterable[Machine], do: Callable[[Machine], None]) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(do, machines))

"""Makes this host a machine of a cluster, and gives it back as it was."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

from . import containers, files, kernel, packages
from .record import DONE, REMOVING, RUN, Record, alone, found, make_private
from .said import Failure, alive, note, run

_PAUSE = 1.0
_TRIES = 2
"""Starts of a unit that may fail: each of them has retried for itself already."""


def up(given: dict[str, Any]) -> dict[str, Any]:
    """Make this host the machine that ``given`` describes; what was cut off is taken up again.

    Raises:
        Failure: It is another machine, or does not become this one; then it is as it was.
    """
    with alone():
        record = found()
        if record and (record.cluster, record.machine) != (given["cluster"], given["machine"]):
            raise Failure(f"it is {record.machine} of the cluster {record.cluster} already; destroy that first")
        if record and record.phase != DONE and (record.phase == REMOVING or record.digest != given["digest"]):
            note("undoing what was cut off")
            _remove(record)
            record = None
        if record and record.phase == DONE:
            if record.digest != given["digest"]:
                note("it has an older boot text and keeps it")
            return {"digest": record.digest, "changed": False}
        return _prepare(record or _begin(given), given)


def down(given: dict[str, Any]) -> dict[str, Any]:
    """Give this host back as it was; nothing happens where it is not of the cluster or the machine.

    Raises:
        Failure: Something of the cluster cannot be removed.
    """
    with alone():
        record = found()
        if record is None or record.cluster != given["cluster"] or given["machine"] not in ("", record.machine):
            return {"changed": False}
        _remove(record)
        return {"changed": True}


def _begin(given: dict[str, Any]) -> Record:
    """Remember what is here, before anything is changed."""
    record = Record(cluster=given["cluster"], machine=given["machine"], digest=given["digest"])
    there = packages.installed()
    make_private(record.backups)
    trees = (*files.TREES, *(files.CONTAINERD if _containerd(there) is None else ()))
    paths = [each["path"] for each in given["files"]]
    record.before = {
        "packages": there,
        "units": packages.units([]),
        "kernel": kernel.look(given["files"]),
        "told": {"units": given["units"]},
        **files.look([*paths, *files.NAMED], trees, record.backups),
    }
    record.save()
    return record


def _containerd(there: dict[str, str]) -> str | None:
    return next((name for name in there if name.partition(":")[0] in ("containerd", "containerd.io")), None)


def _prepare(record: Record, given: dict[str, Any]) -> dict[str, Any]:
    try:
        note(f"writing {len(given['files'])} files")
        _hand_over(given["secret"])
        files.write(given["files"])
        run("systemctl", "daemon-reload", check=True)
        run("systemctl", "enable", "--now", "--no-block", *given["units"], check=True)
        _wait(given["units"], given["seconds"])
    except Failure as failure:
        note(f"{failure}; undoing everything")
        _remove(record)
        raise
    finally:
        files.remove(RUN / "secrets")
    record.packages = sorted(set(packages.installed()) - set(record.before["packages"]))
    record.phase = DONE
    record.save()
    return {"digest": record.digest, "changed": True}


def _hand_over(secret: dict[str, str] | None) -> None:
    """Put the machine's secret where its boot text fetches it, once: in memory, never on a disk."""
    if secret is None:
        return
    folder = RUN / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    files.place(folder / hashlib.sha256(secret["name"].encode()).hexdigest(), secret["value"].encode(), 0o600)


def _wait(units: list[str], seconds: float) -> None:
    """Wait until every step of the boot text has ended well.

    Raises:
        Failure: One of them fails again and again, or takes too long; shows its last words.
    """
    steps = [unit for unit in units if _shown(unit, "Type") == "oneshot"]
    deadline, last = time.monotonic() + seconds, dict[str, str]()
    while True:
        states = {unit: _shown(unit, "ActiveState") for unit in steps}
        for unit, state in states.items():
            if last.get(unit) != state and state in ("active", "failed"):
                note(f"{unit}: {'done' if state == 'active' else state}")
        last = states
        missing = [unit for unit, state in states.items() if state != "active"]
        if not missing:
            return
        tired = [unit for unit in missing if states[unit] == "failed" or int(_shown(unit, "NRestarts") or 0) >= _TRIES]
        if tired or time.monotonic() > deadline:
            unit = (tired or missing)[0]
            raise Failure(f"{unit} {'fails' if tired else 'does not end'}: {_last_words(unit)}")
        alive()
        time.sleep(_PAUSE)


def _shown(unit: str, what: str) -> str:
    return run("systemctl", "show", "--property", what, "--value", unit).stdout.strip()


def _last_words(unit: str) -> str:
    said = run("journalctl", "-q", "-u", unit, "-o", "cat", "-n", "40").stdout.splitlines()
    own = [line for line in said if line.startswith("confkube: ")]
    return (own or said or ["it said nothing"])[-1]


def _remove(record: Record) -> None:
    """Undo all, in an order in which every step may be cut off and done again."""
    record.phase = REMOVING
    record.save()
    before = record.before
    note("stopping what runs")
    with packages.held():
        containers.stop(before["told"]["units"])
    ours = record.packages
    if ours is None:  # cut off while they came
        ours = sorted(set(packages.installed()) - set(before["packages"]))
        record.packages = ours
        record.save()
    containers.reset(containerd_stays=_containerd(before["packages"]) is not None)
    alive()
    kernel.clean_network(before["kernel"])
    packages.purge(ours)
    alive()
    note("putting files, units and settings back")
    files.restore(before, record.backups)
    run("systemctl", "daemon-reload")
    packages.put_units_back(before["units"])
    kernel.put_back(before["kernel"])
    left = _left(before, ours)
    if left:
        raise Failure(f"this is still here: {left}; destroy again, or remove it by hand")
    record.forget()


def _left(before: dict[str, Any], ours: list[str]) -> str:
    """What of the cluster is still here, in words; empty for nothing."""
    there = packages.installed()
    stay = [f"package {name}" for name in ours if name in there]
    stay += [folder for folder in before["absent"] if Path(folder).exists()]
    stay += [path for path, was in before["files"].items() if was is None and Path(path).exists()]
    return ", ".join(stay)

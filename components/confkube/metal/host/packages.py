"""Packages of this host, and units of systemd."""

from __future__ import annotations

import contextlib
import fcntl
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .said import Failure, alive, note, run

if TYPE_CHECKING:
    from collections.abc import Generator

_WATCHED = ("containerd.service", "nftables.service")
"""Units of packages that boot text uses, and that may be here before."""
_LOCK = Path("/var/lib/dpkg/lock-frontend")
"""What apt and dpkg hold (fcntl) while they work."""
_PATIENCE = 600


def installed() -> dict[str, str]:
    """Package -> version."""
    form = "${binary:Package} ${Version} ${db:Status-Status}\n"
    rows = [line.split(" ") for line in run("dpkg-query", "-W", "-f", form, check=True).stdout.splitlines()]
    return {name: version for name, version, status in rows if status not in ("not-installed", "config-files")}


@contextlib.contextmanager
def held() -> Generator[None]:
    """Keep apt and dpkg from working: stopped in the middle, they leave packages in pieces.

    Raises:
        Failure: Somebody works with packages for very long.
    """
    deadline = time.monotonic() + _PATIENCE
    with _LOCK.open("r+b") as handle:
        while True:
            try:
                fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise Failure("apt or dpkg is at work on this host; wait for its end, then try again") from None
                alive()
                time.sleep(0.5)
        yield


def purge(ours: list[str]) -> None:
    """Remove packages with their settings.

    Raises:
        Failure: Something else needs one of them by now.
    """
    form = "${binary:Package} ${db:Status-Status}\n"
    rows = [line.split(" ") for line in run("dpkg-query", "-W", "-f", form, check=True).stdout.splitlines()]
    there = [name for name, status in rows if name in ours and status != "not-installed"]
    if not there:
        return
    note(f"removing {len(there)} packages: {' '.join(there)}")
    # A host that lost its power meanwhile has packages in pieces; ours may go all the same.
    done = run("dpkg", "--purge", "--force-remove-reinstreq", *there, seconds=600)
    run("dpkg", "--configure", "-a")
    if done.returncode:
        last = next((line for line in done.stderr.splitlines() if "depend" in line), done.stderr.strip()[-200:])
        raise Failure(f"packages that came with the cluster cannot be removed: {last}")


def units(names: list[str]) -> dict[str, list[str]]:
    """Unit -> whether it is enabled, and whether it runs, in systemd's words."""
    return {name: [_said("is-enabled", name), _said("is-active", name)] for name in (*_WATCHED, *names)}


def put_units_back(before: dict[str, Any]) -> None:
    """Bring the units that were there before back to what they were."""
    for name, (enabled, active) in before.items():
        now = _said("is-enabled", name)
        if enabled in ("not-found", "") or now in ("not-found", ""):
            continue
        if enabled in ("enabled", "disabled") and now != enabled:
            run("systemctl", "enable" if enabled == "enabled" else "disable", name)
        if active == "active":
            run("systemctl", "restart", name)
        elif _said("is-active", name) == "active":
            run("systemctl", "stop", name)


def _said(question: str, unit: str) -> str:
    done = run("systemctl", question, unit)
    return (done.stdout.strip().splitlines() or [""])[0]

"""Makes hosts the machines of a cluster, and gives them back as they were: a program of ours runs on each."""

import io
import json
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from confkube.errors import Refusal
from confkube.metal import boot_text
from confkube.metal.hosts import Host
from confkube.metal.remote import Reached, reaching
from confkube.names import digest

_HOST = Path(__file__).with_name("host")
_LOADER = (
    "import os,runpy,sys;n=int(sys.stdin.buffer.readline());f=os.memfd_create('host');"
    "os.write(f,sys.stdin.buffer.read(n));sys.path.insert(0,'/proc/self/fd/%d'%f);"
    "runpy.run_module('host',run_name='__main__',alter_sys=True)"
)
"""Runs the program from memory: nothing of it is written to the host's disk."""
_UP_SECONDS, _DOWN_SECONDS = 3600, 1200
_READY_SECONDS = 2700
"""How long a host may take to install everything, to join and, on a control plane, to have its add-ons."""
_AT_ONCE = 16


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the hosts of a role are told: all of them the same.

    Attributes:
        cluster: Identifier of the cluster.
        name: The machine or pool.
        user_data: Boot text.
        secret: Name and text of the document that the machine alone may read.
    """

    cluster: str
    name: str
    user_data: str
    secret: Mapping[str, str] | None = None


def up(machine: Machine, hosts: Sequence[Host], ssh_config: str | None) -> dict[str, str]:
    """Make hosts machines, all at once; returns the digest of the boot text that each of them has got.

    Raises:
        Refusal: One of them does not become one; it is left as it was before.
    """
    text = boot_text.read(machine.user_data)
    wanted = {
        "cluster": machine.cluster,
        "machine": machine.name,
        "digest": digest(machine.user_data),
        "files": [{"path": each.path, "mode": each.mode, "content": each.text} for each in text.files],
        "units": list(text.units),
        "secret": dict(machine.secret) if machine.secret else None,
        "seconds": _READY_SECONDS,
    }
    answers = _everywhere(hosts, ssh_config, lambda one: _ask(one, "up", wanted, _UP_SECONDS))
    return {name: str(answer["digest"]) for name, answer in answers.items()}


def down(cluster: str, name: str, hosts: Sequence[Host], ssh_config: str | None) -> None:
    """Give hosts back as they were; those that are not of the cluster, or not of the machine ``name``, stay.

    An empty ``name`` stands for whatever the cluster has left there.

    Raises:
        Refusal: One of them cannot be given back.
    """
    wanted = {"cluster": cluster, "machine": name}
    _everywhere(hosts, ssh_config, lambda one: _ask(one, "down", wanted, _DOWN_SECONDS))


def _everywhere(
    hosts: Sequence[Host], ssh_config: str | None, do: Callable[[Reached], dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Do it on all hosts, whatever becomes of some; refuses at the end."""

    def one(reached: Reached) -> dict[str, Any] | Refusal:
        try:
            return do(reached)
        except Refusal as refusal:
            return refusal

    with reaching(hosts, ssh_config) as found, ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        answers = list(pool.map(one, found))
    wrong = [str(answer) for answer in answers if isinstance(answer, Refusal)]
    if wrong:
        raise Refusal(" | ".join(wrong))
    return {host.name: answer for host, answer in zip(hosts, answers, strict=True) if not isinstance(answer, Refusal)}


def _ask(one: Reached, command: str, wanted: Mapping[str, object], seconds: float) -> dict[str, Any]:
    answers: list[dict[str, Any]] = []

    def said(line: str) -> None:
        if not line:
            return
        try:
            row: object = json.loads(line)
        except ValueError:
            row = {"note": line}
        told = cast("dict[str, Any]", row) if isinstance(row, dict) else {"note": line}
        if "note" in told:
            sys.stderr.write(f"{one.host.name}: {told['note']}\n")
            sys.stderr.flush()
        else:
            answers.append(told)

    program = _program()
    given = f"{len(program)}\n".encode() + program + json.dumps(wanted).encode()
    done = one.run(["python3", "-I", "-c", _LOADER, command], given, timeout=seconds, said=said)
    if answers and "refusal" in answers[-1]:
        raise Refusal(f"host {one.host.name}: {answers[-1]['refusal']}")
    if done.code or not answers:
        last = (done.errors.splitlines() or ["it said nothing"])[-1]
        raise Refusal(f"host {one.host.name}: the work there ended early: {last}; it is taken up again by the next run")
    return answers[-1]


@cache
def _program() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(_HOST.glob("*.py")):
            archive.write(path, f"host/{path.name}")
    return packed.getvalue()

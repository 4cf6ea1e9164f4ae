"""Kubernetes and its containers, taken off this host."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from .kernel import unmount_below
from .said import alive, note, run

_SOCKET = "/run/containerd/containerd.sock"
_SPACE = "k8s.io"


def stop(units: list[str]) -> None:
    """Stop and disable what boot text has started, the last first."""
    names = [unit if "." in unit else f"{unit}.service" for unit in units]
    if not names:
        return  # without a name, systemd takes it for all
    run("systemctl", "disable", "--now", *reversed(names))
    run("systemctl", "reset-failed", *names)


def reset(*, containerd_stays: bool) -> None:
    """Take the node apart, and then whatever it has left running."""
    program = run("sh", "-c", "command -v kubeadm").stdout.strip()
    if program and Path("/etc/kubernetes").is_dir():
        note("taking the node apart: kubeadm reset")
        run("systemctl", "start", "containerd")
        done = run(program, "reset", "--force", f"--cri-socket=unix://{_SOCKET}", seconds=300)
        if done.returncode:
            note(f"kubeadm reset: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    alive()
    if containerd_stays:
        _empty()
    else:
        run("systemctl", "disable", "--now", "containerd")
    _end_shims()
    unmount_below(("/var/lib/kubelet", "/run/containerd", "/var/lib/containerd", "/run/netns"))


def _empty() -> None:
    """Remove everything of Kubernetes' namespace in a containerd that serves others too."""
    for kind, words in (("tasks", ("kill", "-s", "KILL")), ("containers", ("delete",)), ("images", ("delete",))):
        listed = run("ctr", "-n", _SPACE, kind, "list", "-q").stdout.split()
        for name in listed:
            run("ctr", "-n", _SPACE, kind, *words, name)
    for name in run("ctr", "-n", _SPACE, "snapshots", "list").stdout.splitlines()[1:][::-1]:
        run("ctr", "-n", _SPACE, "snapshots", "delete", name.split()[0])
    run("ctr", "namespaces", "remove", _SPACE)


def _end_shims() -> None:
    """Kill the shims of Kubernetes' namespace with what they look after: they outlive containerd."""
    deadline = time.monotonic() + 20
    while (found := _shims()) and time.monotonic() < deadline:
        for pid in found:
            for each in [*_below(pid), pid]:
                try:
                    os.kill(each, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        time.sleep(0.2)


def _shims() -> list[int]:
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if "containerd-shim" in words[0] and _SPACE in words:
            found.append(int(path.parent.name))
    return found


def _below(pid: int) -> list[int]:
    try:
        children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [each for child in children for each in (*_below(child), child)]

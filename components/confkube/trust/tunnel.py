"""The tunnel to a trust server's door: the stack's own command, in a process group of its own that ends with us."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import IO

from confkube.errors import Refusal
from confkube.trust.words import told

HOST, PORT = "127.0.0.1", 8082
"""Where every tunnel command ends on this computer."""

_ENDING = (signal.SIGTERM, signal.SIGHUP)
_PATIENCE, _LAST_WAIT, _PAUSE = 3.0, 1.0, 0.02
_TOLD = 600
"""Characters of what a failed tunnel said that fit into one line of ours."""


class Tunnel:
    """A tunnel command under way."""

    def __init__(self, process: "subprocess.Popen[bytes]", said: IO[bytes]) -> None:
        self._process = process
        self._said = said

    def check(self) -> None:
        """Do nothing while the tunnel is there.

        Raises:
            Refusal: The command has ended; with what it said.
        """
        status = self._process.poll()
        if status is None:
            return
        self._said.seek(0)
        text = told(self._said.read().decode("utf-8", "replace"), most=_TOLD)
        raise Refusal(f"the tunnel command ended with status {status}: {text or 'it said nothing'}")


@contextmanager
def opened(command: str) -> Generator[Tunnel]:
    """Keep the tunnel open while the block runs; its whole process group is ended however the block is left.

    Raises:
        Refusal: There is no command, or something else listens where the tunnel would.
    """
    if not command:
        raise Refusal("the stack names no tunnel to its trust server: open a way to its port 8082 and give it as --url")
    if _taken():
        raise Refusal(
            f"something listens at {HOST}:{PORT} already, where the tunnel would: end it, or if it is a tunnel to this "
            f"stack's trust server, use it with --url http://{HOST}:{PORT}"
        )
    with tempfile.TemporaryFile() as said, _ending_on_signals():
        process = subprocess.Popen(  # noqa: S603  the command is the stack's own output, made to be run by the user
            ["/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        try:
            yield Tunnel(process, said)
        finally:
            _end(process)


def _taken() -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, PORT)) == 0


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the group: asked first, then killed, also when a second Ctrl-C cuts the patience short."""
    _signal_group(process, signal.SIGTERM)
    try:
        _wait_for_end(process, _PATIENCE)
    finally:
        _signal_group(process, signal.SIGKILL)
        process.wait()
        _wait_for_end(process, _LAST_WAIT)


def _wait_for_end(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """Wait until the command has ended and its port is free for the next tunnel: a process of it may hold that longer.

    Not until the last of the group has gone: nobody may be there to reap what the command left.
    """
    end = time.monotonic() + seconds
    while (process.poll() is None or _taken()) and time.monotonic() < end:
        time.sleep(_PAUSE)


def _signal_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


@contextmanager
def _ending_on_signals() -> Generator[None]:
    """Turn signals that would end this process at once into an exit that cleans up; Ctrl-C is one already."""

    def leave(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    heard = [number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, leave) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Talking to the daemon from the same computer: start it, ask it, stop it."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit

from confkube.errors import Refusal
from confkube_sandbox.daemon.whereabouts import code_stamp, described, lock_file

if TYPE_CHECKING:
    from collections.abc import Generator

    from confkube_sandbox.home import SandboxHome

_REQUEST_SECONDS = 30.0


class DaemonUnreachableError(Exception):
    """No daemon answers at the address that the home names."""


@dataclass(frozen=True)
class DaemonClient:
    """One running daemon."""

    url: str
    token: str
    pid: int
    lock: Path

    def status(self) -> dict[str, Any]:
        """Return clock, settings, and how many resources live by account and kind."""
        return self._call("GET", "status")

    def inventory(self, account: str | None = None) -> list[str]:
        """Return the sorted ids of everything alive, ``<account>/<kind>/<region>/<id>``."""
        query = f"?account={quote(account)}" if account else ""
        return cast("list[str]", self._call("GET", f"inventory{query}")["resources"])

    def reset(self) -> None:
        """Delete everything simulated; settings return to their defaults."""
        self._call("POST", "reset")

    def settings(self, **wanted: Any) -> dict[str, Any]:  # noqa: ANN401
        """Change settings (see ``daemon.settings.Settings``) and return all of them.

        Raises:
            Refusal: An unknown setting or a value of the wrong kind.
        """
        return self._call("POST", "settings", wanted)

    def stop(self) -> None:
        """End the daemon and wait until it is gone."""
        self._call("POST", "stop")
        handle = os.open(self.lock, os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
        finally:
            os.close(handle)

    def _call(self, method: str, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_REQUEST_SECONDS)
        try:
            text = json.dumps(body) if body is not None else ""
            connection.request(method, f"/_confkube/{name}", text, {"Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            held = cast("dict[str, Any]", json.loads(answer.read() or b"{}"))
        except (OSError, http.client.HTTPException, ValueError) as fault:
            raise DaemonUnreachableError(f"the sandbox daemon does not answer at {self.url}") from fault
        finally:
            connection.close()
        if answer.status == http.client.UNAUTHORIZED:
            raise DaemonUnreachableError(f"something else answers at {self.url}")
        if answer.status != http.client.OK:
            raise Refusal(str(held.get("error", f"the sandbox daemon answered {answer.status}")))
        return held


def connect(home: SandboxHome) -> DaemonClient:
    """Return the running daemon of a home.

    Raises:
        DaemonUnreachableError: None is running.
    """
    known = described(home)
    if known is None:
        raise DaemonUnreachableError(f"no sandbox daemon was ever started in {home.root}")
    # Whoever got the port of a daemon that is gone must not be told the token.
    if not _serving(home):
        raise DaemonUnreachableError(f"the sandbox daemon of {home.root} is not running")
    client = DaemonClient(known["url"], known["token"], known["pid"], lock_file(home))
    client.status()
    return client


def reset(home: SandboxHome) -> None:
    """Delete everything simulated, also a state that the daemon refuses to read.

    Raises:
        Refusal: A daemon serves the home but does not answer.
    """
    try:
        connect(home).reset()
    except DaemonUnreachableError as fault:
        with _turn(home):
            if _serving(home):
                raise Refusal(f"{fault}; end that process first, what it holds is written again otherwise") from None
            for kept in home.cloud.glob("*.state*"):
                kept.unlink()


def _serving(home: SandboxHome) -> bool:
    """Whether a process holds the home's lock."""
    try:
        handle = os.open(lock_file(home), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def ensure_running(home: SandboxHome, *, renew: bool = False) -> DaemonClient:
    """Return the daemon of a home, started in the background if it does not run.

    Args:
        home: The sandbox.
        renew: Start anew a daemon whose code has changed since; not in the middle of an operation that uses it.

    Raises:
        Refusal: It cannot start; the text says why.
    """
    home.prepare()
    with _turn(home):
        try:
            running = connect(home)
            if not renew or (described(home) or {}).get("code") == code_stamp():
                return running
            running.stop()
        except DaemonUnreachableError:
            pass
        _start(home)
        return connect(home)


def _start(home: SandboxHome) -> None:
    read, write = os.pipe()
    package_root = Path(__file__).parents[2]
    path = os.pathsep.join([str(package_root), *filter(None, [os.environ.get("PYTHONPATH")])])
    log = os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        subprocess.Popen(  # noqa: S603  this interpreter and this package
            [sys.executable, "-m", "confkube_sandbox.daemon", "--home", str(home.root), "--ready-fd", str(write)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(write,),
            start_new_session=True,
            cwd=home.root,
            env={**os.environ, "PYTHONPATH": path},
        )
    finally:
        os.close(write)
        os.close(log)
    # The pipe closes when the daemon has spoken, or died: no polling, no guessed delay.
    with os.fdopen(read, encoding="utf-8") as told:
        text = told.read().strip()
    if text.startswith("failed: "):
        raise Refusal(text.removeprefix("failed: "))
    if text != "ready":
        raise Refusal(f"the sandbox daemon did not start; see {home.log}")


@contextmanager
def _turn(home: SandboxHome) -> Generator[None]:
    """Let one starter at a time look and start."""
    home.prepare()
    handle = os.open(home.root / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)

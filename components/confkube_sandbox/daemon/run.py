"""Starting the daemon: one per home, at the address that the home knows, with credentials that lead to it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from confkube.errors import Refusal
from confkube_sandbox import clock
from confkube_sandbox.daemon.control import Control
from confkube_sandbox.daemon.server import Server
from confkube_sandbox.daemon.whereabouts import code_stamp, described, lock_file
from confkube_sandbox.daemon.world import World
from confkube_sandbox.home import write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from confkube_sandbox.home import SandboxHome


def run(home: SandboxHome, ready: Callable[[str], None]) -> None:
    """Serve until stopped; ``ready`` is called once requests can be sent.

    Raises:
        Refusal: Another daemon serves this home, or its state cannot be read.
    """
    home.prepare()
    with _alone(home):
        known = described(home) or {}
        stamp = code_stamp()
        token = str(known.get("token") or secrets.token_hex(32))
        server = _listening(known)
        _forget_the_users_clouds()
        world = World(home, token)
        server.cloud = world.handle
        server.control = Control(home, token, world, server.stop_soon).handle
        url = f"http://127.0.0.1:{server.port}"
        _write_credentials(home, url, token)
        started = clock.now(home).isoformat(timespec="seconds")
        about = {"url": url, "token": token, "pid": os.getpid(), "started": started, "code": stamp}
        write_private(home.daemon_file, json.dumps(about, indent=2) + "\n")
        ready("ready")
        with server:
            server.serve_forever(poll_interval=0.1)


def _forget_the_users_clouds() -> None:
    """Drop what the user's shell says of clouds: moto decides at import where it looks for credentials and images."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "MOTO_", "INITIAL_NO_AUTH"))]:
        del os.environ[name]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"


def _listening(known: dict[str, Any]) -> Server:
    """Bind the port of the last time, so that running clients keep their address; any free one if it is taken."""
    port = str(known.get("url", "")).rpartition(":")[2]
    if port.isdigit():
        try:
            return Server(int(port))
        except OSError:
            pass
    return Server(0)


@contextmanager
def _alone(home: SandboxHome) -> Generator[None]:
    handle = os.open(lock_file(home), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise Refusal(f"{home.root}: a sandbox daemon already serves this home") from None
    try:
        yield
    finally:
        os.close(handle)


def _write_credentials(home: SandboxHome, url: str, token: str) -> None:
    config = f"[default]\nendpoint_url = {url}\nretry_mode = standard\n"
    key = f"[default]\naws_access_key_id = CFKSIM00000000000000\naws_secret_access_key = {token}\n"
    write_private(home.aws_config, config)
    write_private(home.aws_credentials, key)

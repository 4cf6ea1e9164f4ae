"""``python -m confkube_sandbox.daemon --home DIR``: run the daemon in the foreground."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

from confkube.errors import Refusal
from confkube_sandbox.daemon.run import run
from confkube_sandbox.home import SandboxHome


def main() -> int:
    """Run until stopped; the exit code is 1 when the daemon could not start."""
    parser = argparse.ArgumentParser(prog="python -m confkube_sandbox.daemon", description="the simulated cloud")
    parser.add_argument("--home", type=Path, required=True, help="directory that keeps everything of this sandbox")
    parser.add_argument("--ready-fd", type=int, help="file descriptor that is told when requests can be sent")
    given = parser.parse_args()
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s"
    )
    signal.signal(signal.SIGTERM, _leave)
    try:
        run(SandboxHome(given.home.absolute()), ready=lambda text: _tell(given.ready_fd, text))
    except Refusal as refusal:
        _tell(given.ready_fd, f"failed: {refusal}")
        sys.stderr.write(f"{refusal}\n")
        return 1
    return 0


def _leave(_number: int, _frame: object) -> None:
    sys.exit(0)


def _tell(handle: int | None, text: str) -> None:
    if handle is not None:
        os.write(handle, f"{text}\n".encode())
        os.close(handle)


if __name__ == "__main__":
    sys.exit(main())

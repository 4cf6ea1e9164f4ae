"""Runs one command inside the sandbox as if the user had run it: same terminal, same signals, same exit status."""

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import FrameType

from confkube.errors import Refusal

_FORWARDED = (signal.SIGTERM, signal.SIGHUP)


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run ``command`` to its end and return its exit status, 128 + n where signal n ended it.

    On a terminal the command shares our process group, and Ctrl-C reaches both, so only the other signals are passed
    on. Elsewhere it gets a group of its own and every signal exactly once: the engine takes a second one as "stop
    at once", which leaves work undone.

    Raises:
        Refusal: There is no such command.
    """
    shared = sys.stdin.isatty()
    process: subprocess.Popen[bytes] | None = None
    early: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        if process is None:
            early.append(number)
        elif process.poll() is None:
            process.send_signal(number)

    def leave_to_the_command(_number: int, _frame: FrameType | None) -> None:
        """Do nothing: unlike an ignored signal, a handled one is not passed on to the command as ignored."""

    # Before the command starts: a signal that came in between would end us and leave the command alone.
    for number in _FORWARDED:
        signal.signal(number, forward)
    signal.signal(signal.SIGINT, leave_to_the_command if shared else forward)
    try:
        process = subprocess.Popen(  # noqa: S603  the user's own command
            list(command), env=dict(environment), process_group=None if shared else 0
        )
    except OSError as error:
        raise Refusal(f"{command[0]!r} cannot be run: {error.strerror}") from error
    for number in early:
        process.send_signal(number)
    status = process.wait()
    return 128 - status if status < 0 else status

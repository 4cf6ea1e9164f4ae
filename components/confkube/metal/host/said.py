"""What this program tells whoever has started it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Failure(Exception):  # noqa: N818 - an answer to the user, as the refusals of the library are
    """What is wanted cannot be; the text is one line for the user."""


def note(row: Mapping[str, object] | str) -> None:
    """Print one line; ends the program where nobody is there any more to read it."""
    text = json.dumps({"note": row} if isinstance(row, str) else row)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def alive() -> None:
    """Print an empty line: it fails when the connection is gone."""
    sys.stdout.write("\n")
    sys.stdout.flush()


def run(*command: str, check: bool = False, seconds: float = 300) -> subprocess.CompletedProcess[str]:
    """Run a program of the host to its end; one that is not there ends with 127.

    Raises:
        Failure: It fails and ``check`` is set; shows its last line.
    """
    try:
        done = subprocess.run(  # noqa: S603  arguments are ours
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=seconds
        )
    except FileNotFoundError:
        done = subprocess.CompletedProcess(command, 127, "", f"{command[0]} is not here")
    except subprocess.TimeoutExpired:
        done = subprocess.CompletedProcess(command, 124, "", f"no end within {seconds:.0f} s")
    if check and done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise Failure(f"{' '.join(command[:4])} fails: {last}")
    return done

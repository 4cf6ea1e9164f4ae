"""Reads what is wanted from standard input, does it, and prints a JSON object a line: notes, then the answer."""

import json
import os
import sys
from typing import Any, cast

from . import work
from .said import Failure, note

_COMMANDS = {"up": work.up, "down": work.down}


def _main() -> int:
    os.umask(0o022)  # as cloud-init has it; what is secret says so itself
    os.environ.update(PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL="C.UTF-8")
    try:
        given = cast("dict[str, Any]", json.load(sys.stdin.buffer))
        answer = _COMMANDS[sys.argv[1]](given)
    except Failure as failure:
        note({"refusal": str(failure)})
        return 1
    except BrokenPipeError:
        os._exit(1)  # whoever asked is gone; the next one takes it up again
    note(answer)
    return 0


sys.exit(_main())

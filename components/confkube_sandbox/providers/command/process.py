"""Running one command on this computer, in a process group that never outlives its provider.

Source of what is run and of the error texts: pulumi/pulumi-command ``provider/pkg/provider/local/commandOutputs.go``.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

SHELL = ("/bin/sh", "-c")
_CHUNK = 65536
# The guard ends with a line from its provider, or kills the group when the pipe ends without one.
_GUARD = 'read -r _ || kill -s KILL -- "-$1"'


class CommandError(Exception):
    """The command did not run or did not succeed. The text holds the command and what it printed, as the real one."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is run.

    Attributes:
        command: Appended to the interpreter as its last argument.
        environment: Variables added to those of this process; never shown in an error.
        stdin: Text for standard input; empty for none.
        timeout: Seconds after which the whole process group is killed; None for no limit.
    """

    command: str
    interpreter: Sequence[str] = SHELL
    folder: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    stdin: str = ""
    timeout: float | None = None


@dataclass
class _Printed:
    """What a command prints; the two streams apart, and together in the order in which they came."""

    streams: dict[str, bytearray] = field(default_factory=lambda: {"stdout": bytearray(), "stderr": bytearray()})
    together: bytearray = field(default_factory=bytearray)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def drain(self, name: str, pipe: IO[bytes]) -> None:
        while chunk := os.read(pipe.fileno(), _CHUNK):
            with self.lock:
                self.streams[name] += chunk
                self.together += chunk

    def text(self, name: str) -> str:
        return self.streams[name].decode(errors="replace").removesuffix("\n")


@dataclass
class _Running:
    """The commands that run now, in all threads."""

    processes: set[subprocess.Popen[bytes]] = field(default_factory=set[subprocess.Popen[bytes]])
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def holding(self, process: subprocess.Popen[bytes]) -> Generator[None]:
        with self.lock:
            self.processes.add(process)
        try:
            yield
        finally:
            with self.lock:
                self.processes.discard(process)

    def kill(self) -> None:
        with self.lock:
            for process in self.processes:
                _kill(process)


# One for the process, because the engine cancels a provider as a whole.
_RUNNING = _Running()


def cancel() -> None:
    """Kill every command that runs now, with its whole process group; each fails with ``signal: killed``."""
    _RUNNING.kill()


def run(job: Job) -> tuple[str, str]:
    """Run the command and return its standard output and error, each without one final newline.

    Raises:
        CommandError: It could not be started, failed, or took too long.
    """
    printed = _Printed()
    status = _finished(job, printed)
    if status:
        together = printed.together.decode(errors="replace")
        raise CommandError(f"{status}: running {_quoted(job.command)}:\n{together}")
    return printed.text("stdout"), printed.text("stderr")


def _finished(job: Job, printed: _Printed) -> str:
    try:
        process = _started(job)
    except (OSError, ValueError) as error:
        return _not_started(job, error)
    with process, _guarded(process), _RUNNING.holding(process):
        workers = _workers(process, job.stdin, printed)
        timer = threading.Timer(job.timeout or 0, _kill, (process,))
        if job.timeout is not None:
            timer.start()
        for worker in workers:
            worker.join()
        code = process.wait()
        timer.cancel()
    if code < 0:
        return f"signal: {signal.strsignal(-code) or -code}".lower()
    return f"exit status {code}" if code else ""


def _started(job: Job) -> subprocess.Popen[bytes]:
    folder = job.folder if job.folder is not None else str(Path.cwd())
    if not Path(folder).is_dir():
        kind = "not a directory" if Path(folder).exists() else "no such file or directory"
        raise OSError(0, f"chdir {folder}: {kind}")
    return subprocess.Popen(  # noqa: S603  (running the user's command is what this is for)
        [*job.interpreter, job.command],
        cwd=folder,
        env={**os.environ, **job.environment},
        stdin=subprocess.PIPE if job.stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _not_started(job: Job, error: OSError | ValueError) -> str:
    program = job.interpreter[0]
    if isinstance(error, ValueError):
        return f"fork/exec {program}: invalid argument"
    if error.errno == 0:
        return str(error.strerror)
    if isinstance(error, FileNotFoundError) and "/" not in program:
        return f'exec: "{program}": executable file not found in $PATH'
    return f"fork/exec {program}: {(error.strerror or str(error)).lower()}"


def _workers(process: subprocess.Popen[bytes], stdin: str, printed: _Printed) -> list[threading.Thread]:
    assert process.stdout is not None
    assert process.stderr is not None
    workers = [
        threading.Thread(target=printed.drain, args=("stdout", process.stdout)),
        threading.Thread(target=printed.drain, args=("stderr", process.stderr)),
    ]
    if process.stdin is not None:
        workers.append(threading.Thread(target=_feed, args=(process.stdin, stdin)))
    for worker in workers:
        worker.start()
    return workers


def _feed(pipe: IO[bytes], text: str) -> None:
    try:
        with pipe:
            pipe.write(text.encode())
    except BrokenPipeError:
        # A command need not read its input; Go's os/exec ignores this too.
        return


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def _guarded(process: subprocess.Popen[bytes]) -> Generator[None]:
    """Kill the group if this process ends first, however it ends: a pipe closes with its last owner."""
    read, write = os.pipe()
    guard = subprocess.Popen(  # noqa: S603  (a fixed script)
        [*SHELL, _GUARD, "confkube-guard", str(process.pid)],
        stdin=read,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(read)
    try:
        yield
    except BaseException:
        _kill(process)
        raise
    finally:
        try:
            os.write(write, b"\n")
        finally:
            os.close(write)
            guard.wait()


def _quoted(text: str) -> str:
    """Quote like Go's ``%q``: what can be printed stays, the rest becomes an escape."""
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f"}
    named["\v"] = "\\v"
    return '"' + "".join(named.get(c) or (c if c.isprintable() else _escape(c)) for c in text) + '"'


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

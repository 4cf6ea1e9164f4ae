"""Runs the Python plugins that the engine starts through its language host: component packages and policy packs."""

import os
import queue
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

from confkube.errors import Refusal

Chunk = tuple[str, bytes]
"""A stream's name, ``stdout`` or ``stderr``, and what was written to it."""

_READ_BYTES = 65536


class PluginProcess:
    """One running plugin. Iterating yields its output as it comes; then ``exit_code`` is known."""

    def __init__(self, command: Sequence[str], directory: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603  the engine names the plugin, as with the official host
            list(command),
            cwd=directory or None,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def chunks(self) -> Iterator[Chunk]:
        """Yield output from both streams until both have ended."""
        pending: queue.SimpleQueue[Chunk | None] = queue.SimpleQueue()
        streams = {"stdout": self._process.stdout, "stderr": self._process.stderr}
        for name, stream in streams.items():
            assert stream is not None
            threading.Thread(target=_pump, args=(name, stream, pending), daemon=True).start()
        ended = 0
        while ended < len(streams):
            chunk = pending.get()
            if chunk is None:
                ended += 1
            else:
                yield chunk

    @property
    def exit_code(self) -> int:
        """The exit status; waits for the end of the process."""
        return self._process.wait()

    def stop(self) -> None:
        """End the plugin if it still runs: politely first, by force after two seconds."""
        if self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def plugin_command(folder: Path, kind: str, options: Mapping[str, Any], arguments: Sequence[str]) -> list[str]:
    """Return the command that runs the plugin in ``folder``, chosen as the official language host chooses it.

    Args:
        folder: The plugin's directory.
        kind: ``analyzer`` for a policy pack, else ``resource`` and the like.
        options: ``runtime.options`` of the plugin's project file.
        arguments: What the engine passes on; the engine's address is the last of them.

    Raises:
        Refusal: The folder is not a Python plugin.
    """
    python = [_interpreter(folder, options), "-u"]
    if kind == "analyzer":
        address = next((word for word in reversed(arguments) if not word.startswith("-")), "")
        return [*python, "-m", "pulumi.policy", address, str(folder)]
    if (folder / "__main__.py").is_file():
        return [*python, str(folder), *arguments]
    return [*python, "-m", "pulumi.run.plugin", _distribution(folder), *arguments]


def plugin_environment(entries: Sequence[str]) -> dict[str, str]:
    """Parse the engine's ``NAME=value`` list; a later entry wins."""
    return dict(os.environ) | {name: value for name, _, value in (entry.partition("=") for entry in entries)}


def _interpreter(folder: Path, options: Mapping[str, Any]) -> str:
    """The plugin's own virtual environment where it has one (default name: ``venv``), else the host's Python."""
    own = folder / str(options.get("virtualenv") or "venv") / "bin" / "python"
    return str(own) if own.is_file() else sys.executable


def _distribution(folder: Path) -> str:
    project_file = folder / "pyproject.toml"
    try:
        content: dict[str, Any] = tomllib.loads(project_file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Refusal(f"{folder}: not a Python plugin: no __main__.py, and {project_file.name}: {error}") from error
    name = cast("dict[str, Any]", content.get("project", {})).get("name")
    if "build-system" not in content or not isinstance(name, str):
        raise Refusal(
            f"{folder}: not a Python plugin: no __main__.py, and {project_file.name} lacks build-system or name"
        )
    return name


def _pump(name: str, stream: IO[bytes], pending: "queue.SimpleQueue[Chunk | None]") -> None:
    with stream:
        while chunk := os.read(stream.fileno(), _READ_BYTES):
            pending.put((name, chunk))
    pending.put(None)

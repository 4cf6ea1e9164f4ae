"""Shows on standard error that a long step is alive: a bar on a terminal, a line now and then elsewhere."""

import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_LINE_EVERY_SECONDS = 15.0


class Step(Protocol):
    """A step under way."""

    def advance(self) -> None:
        """One more unit of the step is done."""
        ...


class Reporter:
    """Tells the user what happens, on ``stream``."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr

    def note(self, text: str) -> None:
        """Write one line."""
        self._stream.write(text + "\n")
        self._stream.flush()

    @contextmanager
    def step(self, text: str, total: int | None = None) -> Generator[Step]:
        """Show ``text`` while the block runs, with elapsed time and, where ``total`` is known, how much is done."""
        if self._stream.isatty():
            with _bar(self._stream, total) as bar:
                task = bar.add_task(text, total=total)
                yield _BarStep(bar, task)
        else:
            self.note(text)
            lines = _LineStep(self, text, total)
            try:
                yield lines
            finally:
                lines.close()


def _bar(stream: TextIO, total: int | None) -> Progress:
    columns = [SpinnerColumn(), TextColumn("{task.description}")]
    counted = [BarColumn(bar_width=30), MofNCompleteColumn()] if total is not None else []
    return Progress(*columns, *counted, TimeElapsedColumn(), console=Console(file=stream), transient=True)


class _BarStep:
    def __init__(self, bar: Progress, task: int) -> None:
        self._bar = bar
        self._task = task

    def advance(self) -> None:
        self._bar.advance(self._bar.tasks[self._task].id)


class _LineStep:
    def __init__(self, reporter: Reporter, text: str, total: int | None) -> None:
        self._reporter = reporter
        self._text = text
        self._total = total
        self._done = 0
        self._started = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)
        self._thread.start()

    def advance(self) -> None:
        self._done += 1

    def close(self) -> None:
        self._over.set()
        self._thread.join()

    def _tick(self) -> None:
        while not self._over.wait(_LINE_EVERY_SECONDS):
            count = f"{self._done} of {self._total}, " if self._total is not None else ""
            self._reporter.note(f"{self._text}: {count}{time.monotonic() - self._started:.0f} s")

"""Where built and downloaded tools are kept between sandboxes, and how two processes agree on who makes one."""

import fcntl
import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path


def cache_root(environ: Mapping[str, str]) -> Path:
    """``confkube`` below ``$XDG_CACHE_HOME`` or ``~/.cache`` (XDG Base Directory Specification)."""
    base = Path(environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "confkube"


@contextmanager
def exclusive(folder: Path, on_wait: Callable[[], None]) -> Generator[None]:
    """Hold the lock of ``folder``; ``on_wait`` is called once if somebody else holds it. A killed holder frees it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def arriving(target: Path) -> Generator[Path]:
    """Give a temporary directory that replaces ``target`` when the block succeeds, and vanishes when it fails."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=target.parent, ignore_cleanup_errors=True) as name:
        content = Path(name) / target.name
        content.mkdir()
        yield content
        shutil.rmtree(target, ignore_errors=True)
        content.replace(target)

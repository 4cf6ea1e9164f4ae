"""Keeps the project's stack files as their author wrote them while the engine works on a sandbox's state.

With a file backend the engine writes the salt of the state's passphrase into ``Pulumi.<stack>.yaml`` and formats the
file anew, on every operation. The passphrase belongs to one sandbox and the file to everybody, so the salt has no
business there; the engine also keeps it in the state, and PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER finds it there.
Only ``encryptionsalt`` is undone: what else an operation changed, such as ``pulumi config set``, was the user's wish.
"""

import json
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import yaml

from confkube_sandbox.home import SandboxHome, write_private

_SALT = "encryptionsalt"


@contextmanager
def preserved(home: SandboxHome, project: Path | None) -> Generator[None]:
    """Undo the engine's own changes to the stack files of ``project`` (the folder of Pulumi.yaml) at the block's end.

    The originals are kept in the sandbox meanwhile: what a killed run left behind is undone by the next one.
    """
    if project is None:
        yield
        return
    records = home.root / "stackfiles"
    records.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in _left_behind(records):
        _restore(left)
    record = records / f"{os.getpid()}.json"
    originals = {str(path): path.read_text(encoding="utf-8") for path in stack_files(project)}
    write_private(record, json.dumps({"folder": str(_folder(project)), "files": originals}))
    try:
        yield
    finally:
        _restore(record)


def stack_files(project: Path) -> list[Path]:
    """The stack files of ``project``, sorted by name."""
    return sorted(_folder(project).glob("Pulumi.*.yaml"))


def stack_names(project: Path) -> list[str]:
    """The stacks that ``project`` has a file for."""
    return [path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in stack_files(project)]


def _folder(project: Path) -> Path:
    """Where the stack files are: ``stackConfigDir`` of Pulumi.yaml, the project's own folder by default."""
    content = _mapping((project / "Pulumi.yaml").read_text(encoding="utf-8"))
    return project / str(content.get("stackConfigDir", "."))


def _left_behind(records: Path) -> Iterable[Path]:
    for record in records.glob("*.json"):
        if not _alive(int(record.stem)):
            yield record


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _restore(record: Path) -> None:
    content = cast("dict[str, Any]", json.loads(record.read_text(encoding="utf-8")))
    originals = cast("dict[str, str]", content["files"])
    for path in Path(str(content["folder"])).glob("Pulumi.*.yaml"):
        _undo(path, originals.get(str(path)))
    record.unlink(missing_ok=True)


def _undo(path: Path, original: str | None) -> None:
    """Take the salt out of ``path`` if it was not in the ``original`` text; a file that held nothing else goes."""
    current = path.read_text(encoding="utf-8")
    if current == original:
        return
    before, after = _mapping(original or ""), _mapping(current)
    if _SALT in before or _SALT not in after or _holds_secret(after):
        return  # the user's own salt, none at all, or one that a secret in this file needs
    del after[_SALT]
    if original is not None and after == before:
        _overwrite(path, original)
    elif after:
        _overwrite(path, "".join(line for line in current.splitlines(keepends=True) if not line.startswith(_SALT)))
    else:
        path.unlink()


def _overwrite(path: Path, text: str) -> None:
    write_private(path, text, mode=path.stat().st_mode & 0o777)


def _holds_secret(content: Any) -> bool:  # noqa: ANN401  parsed YAML
    """Whether a value encrypted with the salt's key is in the file; the engine writes those as ``secure: …``."""
    if isinstance(content, dict):
        return any(key == "secure" or _holds_secret(value) for key, value in cast("dict[str, Any]", content).items())
    return isinstance(content, list) and any(_holds_secret(value) for value in cast("list[Any]", content))


def _mapping(text: str) -> dict[str, Any]:
    try:
        content = cast("object", yaml.safe_load(text))
    except yaml.YAMLError:
        return {}
    return cast("dict[str, Any]", content) if isinstance(content, dict) else {}

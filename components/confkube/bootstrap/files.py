"""The files of boot text: templates filled with values, and static files, which travel together in one archive."""

import base64
import gzip
import io
import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from confkube.errors import Refusal

_HERE = Path(__file__).parent
_COMMENT_LINE = re.compile(r"^[ \t]*#(?!!).*\n", re.MULTILINE)
_DOCSTRING = re.compile(r'^[ \t]*"""(?:[^"]|"(?!""))*"""\n', re.MULTILINE)
_REMARK = re.compile(r"^##.*\n", re.MULTILINE)
_PRINTABLE = re.compile(r"[\n\t -~]*")


@dataclass(frozen=True, kw_only=True)
class BootFile:
    """A file on the machine.

    Attributes:
        path: Absolute path on the machine.
        text: Content, ASCII, ends with a newline.
        mode: Permissions.
        bundled: Whether it travels in the archive, compressed with others, or readable.
    """

    path: str
    text: str
    mode: int = 0o600
    bundled: bool = False

    def __post_init__(self) -> None:
        if not _PRINTABLE.fullmatch(self.text):
            raise Refusal(f"boot text: a value for {self.path} holds characters outside printable ASCII")


def plain(path: str, text: str, mode: int = 0o600) -> BootFile:
    """Make a file that can be read in the user data."""
    return BootFile(path=path, text=text, mode=mode)


def packed(path: str, text: str, mode: int = 0o600) -> BootFile:
    """Make a file that travels in the archive."""
    return BootFile(path=path, text=text, mode=mode, bundled=True)


def fill(template: str, **values: object) -> str:
    """Fill the places of a template that are written ``$name``; values stand as they are, so quote them before.

    Lines that start with ``##`` are for the reader of the template and stay behind.

    Raises:
        LookupError: The template names a value that the caller does not give.
    """
    try:
        return Template(_REMARK.sub("", _read("templates", template))).substitute(values)
    except KeyError as missing:
        raise LookupError(f"{template}: the value {missing} is undefined") from None


def static(folder: str, name: str) -> str:
    """Return a static file of this package, stripped."""
    return stripped(_read(folder, name))


@cache
def _read(folder: str, name: str) -> str:
    return (_HERE / folder / name).read_text(encoding="utf-8")


def stripped(text: str) -> str:
    """Return a script or configuration without the lines that are only a comment: size is scarce on the way."""
    return _COMMENT_LINE.sub("", text)


def undocumented(text: str) -> str:
    """Return a Python program without its docstrings; whoever looks for them finds them in this package."""
    return _DOCSTRING.sub("", text).lstrip("\n")


def bundle(files: Iterable[BootFile]) -> str:
    """Return a tar archive as gzip and base64; the same files give the same text."""
    return _bundle(tuple(files))


@cache
def _bundle(files: tuple[BootFile, ...]) -> str:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for file in files:
            content = file.text.encode("ascii")
            entry = tarfile.TarInfo(file.path.removeprefix("/"))
            entry.size, entry.mode = len(content), file.mode
            tar.addfile(entry, io.BytesIO(content))
    packed = io.BytesIO()
    # gzip.compress() would name the operating system in the header.
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as stream:
        stream.write(archive.getvalue())
    return base64.b64encode(packed.getvalue()).decode("ascii")


def unbundle(text: str) -> list[BootFile]:
    """Return the files of an archive made by ``bundle``."""
    archive = io.BytesIO(gzip.decompress(base64.b64decode(text)))
    files: list[BootFile] = []
    with tarfile.open(fileobj=archive) as tar:
        for entry in tar:
            content = tar.extractfile(entry)
            assert content is not None
            text = content.read().decode("ascii")
            files.append(BootFile(path=f"/{entry.name}", text=text, mode=entry.mode, bundled=True))
    return files

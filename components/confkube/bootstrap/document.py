"""Puts boot files together into user data: a cloud-config, or several parts when the user adds some."""

import gzip
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from confkube.bootstrap.files import BootFile, bundle, fill, unbundle
from confkube.bootstrap.values import BootProfile
from confkube.errors import Refusal

_PARTS = {"#cloud-config": "cloud-config", "#!": "x-shellscript"}
# Lists of the user's parts are added to ours and never replace them; single values of ours stay.
# https://docs.cloud-init.io/en/latest/reference/merging.html, read 2026-11-24
_MERGE = "list(append)+dict(no_replace,recurse_list)+str()"
_ARCHIVE = "/usr/local/lib/confkube.tar"
# libyaml is ten times as fast, where PyYAML was built with it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PRIVATE_KEY = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY")
# What a block literal of YAML carries unchanged: https://yaml.org/spec/1.2.2/#81-block-scalar-styles
_LITERAL = re.compile(r"\S(.*\S)?[ \t]*\n", re.DOTALL)
_GZIP = b"\x1f\x8b"
_LINE = re.compile(r"^(?=.)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the user data of one role says.

    Attributes:
        role: The role in the reader's words.
        cluster_id: Name of the cluster.
        files: Files to write.
        units: Units to enable and start.
        hostname: Host name to set; empty leaves it to the platform.
    """

    role: str
    cluster_id: str
    files: Sequence[BootFile]
    units: Sequence[str]
    hostname: str = ""


def cloud_config(machine: Machine) -> str:
    """Return the cloud-config; ``written`` reads the files back as they went in.

    Raises:
        Refusal: A file holds a private key, or its text cannot be carried by a cloud-config unchanged.
    """
    for file in machine.files:
        _refuse_private_key(file.path, file.text)
    return fill(
        "cloud-config.yaml",
        role=machine.role,
        cluster_id=machine.cluster_id,
        hostname=f"hostname: {json.dumps(machine.hostname)}\npreserve_hostname: false\n" if machine.hostname else "",
        files="\n".join(_literal(file) for file in machine.files if not file.bundled),
        archive=_ARCHIVE,
        bundle=bundle(file for file in machine.files if file.bundled),
        units=", ".join(machine.units),
    )


def _literal(file: BootFile) -> str:
    if not _LITERAL.fullmatch(file.text):
        raise Refusal(f"boot text: the file {file.path} cannot be carried by a cloud-config unchanged")
    content = _LINE.sub("    ", file.text.removesuffix("\n"))
    return f"- path: {file.path}\n  permissions: '{file.mode:04o}'\n  content: |\n{content}"


def written(config: str) -> list[BootFile]:
    """Return the files that a machine will have written from a cloud-config made here."""
    document: dict[str, Any] = yaml.load(config, Loader=_LOADER)  # noqa: S506 - both are safe loaders
    entries: list[dict[str, str]] = document["write_files"]
    files: list[BootFile] = []
    for entry in entries:
        if entry["path"] == _ARCHIVE:
            files += unbundle(entry["content"])
        else:
            files.append(BootFile(path=entry["path"], text=entry["content"], mode=int(entry["permissions"], 8)))
    return files


def carried(text: str) -> bytes:
    """Return user data as it travels to a platform whose bound is tight: compressed, which cloud-init undoes.

    Source: https://docs.cloud-init.io/en/latest/explanation/format.html#gzip-compressed-content, 2026-11-27.
    """
    return gzip.compress(text.encode(), mtime=0)


def read_back(data: bytes) -> str:
    """Return the text of user data that travelled compressed or, from an older confkube, as it was."""
    return (gzip.decompress(data) if data.startswith(_GZIP) else data).decode()


def user_data(config: str, extra: Sequence[str], profile: BootProfile) -> str:
    """Return the user data: the cloud-config alone, or a multi-part message with the user's parts after it.

    Raises:
        Refusal: A part is of an unknown kind, a private key is in it, or the whole is larger than the limit.
    """
    text = multipart([config, *extra]) if extra else config
    _refuse_private_key("extra_user_data", text)
    size = len(carried(text) if profile.compressed else text.encode())
    if size > profile.user_data_limit:
        raise Refusal(
            f"user data: {size} bytes are more than the {profile.user_data_limit} that {profile.provider} takes; "
            "shorten extra_user_data, add-on values, node labels, cert_sans or certificates"
        )
    return text


def _refuse_private_key(where: str, text: str) -> None:
    if _PRIVATE_KEY.search(text):
        raise Refusal(f"user data: {where} holds a private key; put it into the secret store instead")


def multipart(parts: Sequence[str]) -> str:
    """Return a MIME message whose boundary follows from its content, so that the same parts give the same text.

    Raises:
        Refusal: A part starts neither with ``#cloud-config`` nor with ``#!``, or holds characters outside ASCII.
    """
    boundary = "=" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    lines = [f'Content-Type: multipart/mixed; boundary="{boundary}"', "MIME-Version: 1.0", ""]
    for number, part in enumerate(parts):
        kind = next((kind for start, kind in _PARTS.items() if part.startswith(start)), "")
        if not kind:
            raise Refusal(f"extra_user_data: {part[:20]!r} is no known start; choose one of {', '.join(_PARTS)}")
        if not part.isascii():
            raise Refusal(f"extra_user_data: part {number} holds characters outside ASCII")
        merge = [f"Merge-Type: {_MERGE}"] if number and kind == "cloud-config" else []
        lines += [f"--{boundary}", f'Content-Type: text/{kind}; charset="us-ascii"', *merge, "", part.rstrip("\n"), ""]
    return "\n".join([*lines, f"--{boundary}--", ""])

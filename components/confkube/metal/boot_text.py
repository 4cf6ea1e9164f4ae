"""Reads boot text as cloud-init would, on hosts that have none: only what confkube itself writes is understood."""

from dataclasses import dataclass
from typing import Any, cast

import yaml

from confkube.bootstrap.document import written
from confkube.bootstrap.files import BootFile
from confkube.errors import Refusal

_KEYS = {"hostname", "preserve_hostname", "create_hostname_file", "write_files", "runcmd"}
_START = "#cloud-config\n"
_ENABLE = ["systemctl", "enable", "--now", "--no-block"]


@dataclass(frozen=True, kw_only=True)
class BootText:
    """What a machine is told at its first start.

    Attributes:
        files: Files to write.
        units: Units to enable and start, in this order.
    """

    files: tuple[BootFile, ...]
    units: tuple[str, ...]


def read(user_data: str) -> BootText:
    """Read user data. The host's name stays what it is: a node's name does not depend on it where boot text gives one.

    Raises:
        Refusal: It holds parts that are not confkube's own.
    """
    if not user_data.startswith(_START):
        raise Refusal("user data of several parts needs cloud-init, which hosts do not have; leave extra_user_data out")
    document: object = yaml.safe_load(user_data)
    known = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    strange = sorted(set(known) - _KEYS)
    commands = cast("list[list[str]]", known.get("runcmd") or [])
    if strange or len(commands) != 3 or commands[1] != ["systemctl", "daemon-reload"] or commands[2][:4] != _ENABLE:
        raise Refusal(f"user data: {', '.join(strange) or 'its commands'} cannot be carried out without cloud-init")
    return BootText(files=tuple(written(user_data)), units=tuple(commands[2][4:]))

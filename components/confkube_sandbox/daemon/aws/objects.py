"""Disk images that every sandbox account finds in object storage (``objects.toml``)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, kw_only=True)
class StoredDisk:
    """One object: where it lies, and what kind of disk it holds."""

    bucket: str
    key: str
    format: str
    gib: int


@cache
def stored() -> dict[tuple[str, str], StoredDisk]:
    """Return the objects by bucket and key."""
    text = resources.files("confkube_sandbox.daemon.aws").joinpath("objects.toml").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text)["object"]
    return {(each["bucket"], each["key"]): StoredDisk(**each) for each in entries}


def located(container: dict[str, Any]) -> tuple[str, str]:
    """Return bucket and key of a disk container; empty where it names none."""
    bucket = container.get("UserBucket", {})
    if bucket:
        return bucket.get("S3Bucket", ""), bucket.get("S3Key", "")
    name, _, key = str(container.get("Url", "")).removeprefix("s3://").partition("/")
    return name, key


def found(container: dict[str, Any]) -> StoredDisk | None:
    """Return the disk that a container names, None where there is none."""
    return stored().get(located(container))

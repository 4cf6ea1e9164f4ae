"""The projects of the sandbox and the caller that owns them all."""

from __future__ import annotations

import re

from confkube_sandbox.accounts import GCP_PROJECT

CALLER = f"confkube-sandbox@{GCP_PROJECT}.iam.gserviceaccount.com"
_ID = re.compile(r"confkube-sandbox-([0-9]{4})")
_NUMBER = re.compile(r"0{7}([0-9]{5})")


def number_of(project: str) -> str:
    """Return the number of a project, given its id; leading zeros show that it is simulated."""
    found = _ID.fullmatch(project)
    if found is None:
        raise ValueError(project)
    return f"{int(found[1]) + 1:012d}"


def resolve(text: str) -> str | None:
    """Return the id of a project, given its id or its number; None where there is no such project."""
    if _ID.fullmatch(text):
        return text
    found = _NUMBER.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= 10_000:
        return None
    return f"confkube-sandbox-{int(found[1]) - 1:04d}"

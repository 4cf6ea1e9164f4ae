# ruff: noqa: INP001  a script of its own
"""Puts policies and reference values into Trustee's store, and takes values out whose end has come.

Trustee v0.21 keeps the end of a reference value and never looks at it. What is put here belongs to root: the program
reads it and cannot change it.
"""

import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SOURCE = Path(os.environ.get("CONFKUBE_TRUSTEE", "/etc/confkube/trustee"))
STORE = Path(os.environ.get("CONFKUBE_TRUSTEE_STORE", "/var/lib/confkube/trustee/store"))
GROUP = "confkube-trustee"
POLICIES = (
    ("resource-policy.rego", "kbs/resource-policy.rego"),
    ("attestation-policy.rego", "attestation_service_policy/default_cpu.rego"),
)
VALUES = STORE / "reference_value"


def _folder(path: Path, *, shared: bool) -> None:
    """Make a folder: of root alone, or one where the program may add files, and cannot replace those of root."""
    path.mkdir(parents=True, exist_ok=True)
    if shared:
        shutil.chown(path, group=GROUP)
    path.chmod(0o1770 if shared else 0o755)


def _put(path: Path, text: str) -> None:
    if path.is_file() and path.read_text(encoding="ascii") == text:
        return
    # Not beside it: the program takes every file there for a key.
    part = STORE.parent / "part"
    part.write_text(text, encoding="ascii")
    part.chmod(0o644)
    part.replace(path)


def _values(now: str) -> dict[str, str]:
    """Return the values that still hold; both times are of one form, so they compare as text."""
    found: list[dict[str, Any]] = json.loads((SOURCE / "reference-values.json").read_text(encoding="ascii"))
    for each in found:
        if each["expiration"] <= now:
            sys.stderr.write(f"the reference value {each['name']} ended at {each['expiration']} and is not used\n")
    return {each["name"]: json.dumps(each) for each in found if each["expiration"] > now}


def _main() -> None:
    _folder(STORE.parent, shared=False)
    _folder(STORE, shared=True)
    _folder(STORE / "attestation_service_policy", shared=True)
    for folder in (STORE / "kbs", VALUES):
        _folder(folder, shared=False)
    for source, place in POLICIES:
        if (SOURCE / source).is_file():
            _put(STORE / place, (SOURCE / source).read_text(encoding="ascii"))
    values = _values(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    for old in VALUES.iterdir():
        if old.name not in values:
            old.unlink()
    for name, text in values.items():
        _put(VALUES / name, text)


_main()

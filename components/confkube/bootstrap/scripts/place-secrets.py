# ruff: noqa: INP001  a script of its own
"""Writes the control plane's keys, a JSON object on stdin, where kubeadm looks for them; prints no value."""

import json
import os
import sys
from pathlib import Path
from typing import cast

PKI = Path("/etc/kubernetes/pki")
PLACES = {
    "ca.key": PKI / "ca.key",
    "sa.key": PKI / "sa.key",
    "sa.pub": PKI / "sa.pub",
    "token": Path("/run/confkube/bootstrap-token"),
}


def _place(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    part.replace(path)


def _read() -> dict[str, str]:
    try:
        given: object = json.load(sys.stdin)
    except ValueError:
        sys.exit("the secret is not JSON")
    wanted = {*PLACES, "ca.crt"}
    secrets = cast("dict[str, object]", given) if isinstance(given, dict) else {}
    if Path(__file__).with_name("place-objects.py").exists():
        secrets.pop("objects", None)
    texts = {name: value for name, value in secrets.items() if isinstance(value, str)}
    if set(secrets) != wanted or set(texts) != wanted:
        sys.exit(f"the secret must be an object of texts with exactly these names: {', '.join(sorted(wanted))}")
    return texts


def _main() -> None:
    secrets = _read()
    if (PKI / "ca.crt").read_text(encoding="ascii").split() != secrets["ca.crt"].split():
        sys.exit("the secret belongs to another cluster: its ca.crt differs from this machine's")
    for name, path in PLACES.items():
        _place(path, secrets[name])


_main()

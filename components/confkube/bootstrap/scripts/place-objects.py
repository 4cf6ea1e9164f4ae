# ruff: noqa: INP001  a script of its own
"""Puts the Kubernetes objects of the control plane's secret, a JSON object on stdin, where its start finds them.

Only namespaces and secrets: whoever may write the secret may not thereby run anything. Prints no value.
"""

import json
import os
import sys
from pathlib import Path
from typing import NoReturn, cast

PLACE = Path("/run/confkube/objects.json")
KEYS = {
    "Namespace": {"apiVersion", "kind", "metadata"},
    "Secret": {"apiVersion", "kind", "metadata", "type", "data", "stringData", "immutable"},
}
NAMES = {"Namespace": ("name",), "Secret": ("name", "namespace")}


def _mapping(given: object) -> dict[str, object]:
    return cast("dict[str, object]", given) if isinstance(given, dict) else {}


def _wrong(number: int, reason: str) -> NoReturn:
    sys.exit(f"object {number} of the secret {reason}")


def _check(number: int, thing: dict[str, object]) -> None:
    kind, metadata = str(thing.get("kind")), _mapping(thing.get("metadata"))
    if kind not in KEYS or thing.get("apiVersion") != "v1":
        _wrong(number, "is neither a Namespace nor a Secret of v1")
    if not set(thing) <= KEYS[kind]:
        _wrong(number, f"has something that no {kind} has")
    known = all(isinstance(metadata.get(name), str) for name in NAMES[kind])
    if not known or not set(metadata) <= {*NAMES[kind], "labels", "annotations"}:
        _wrong(number, f"must have {' and '.join(NAMES[kind])}, with labels and annotations at most")
    for values in (metadata.get("labels"), metadata.get("annotations"), thing.get("data"), thing.get("stringData")):
        if values is not None and not _texts(values):
            _wrong(number, "holds something that is not a text")


def _texts(values: object) -> bool:
    return isinstance(values, dict) and all(
        isinstance(each, str) for each in cast("dict[str, object]", values).values()
    )


def _main() -> None:
    try:
        given = _mapping(json.load(sys.stdin)).get("objects", [])
    except ValueError:
        sys.exit("the secret is not JSON")
    if not isinstance(given, list) or not given:
        sys.exit("the secret brings no list of objects")
    objects = [_mapping(thing) for thing in cast("list[object]", given)]
    for number, thing in enumerate(objects, start=1):
        _check(number, thing)
    # Namespaces first: a secret needs its own.
    objects.sort(key=lambda thing: thing["kind"] != "Namespace")
    with os.fdopen(os.open(PLACE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        json.dump({"apiVersion": "v1", "kind": "List", "items": objects}, file)


_main()

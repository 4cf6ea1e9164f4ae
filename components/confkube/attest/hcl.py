"""Writes HCL version 1, one attribute a line, as SPIRE reads it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from confkube.errors import Refusal

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_QUOTABLE = re.compile(r"[A-Za-z0-9._-]{1,253}")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block: ``kind "label" { attributes, blocks }``."""

    kind: str
    label: str = ""
    attributes: Mapping[str, object] = field(default_factory=dict[str, object])
    blocks: tuple["Block", ...] = ()


def render(*blocks: Block) -> str:
    """Return the text of a document.

    Raises:
        Refusal: An attribute's name is malformed, or its value cannot be written in HCL.
    """
    return "".join(_block(block, "") for block in blocks)


def _block(block: Block, indent: str) -> str:
    head = f'{indent}{block.kind} "{block.label}" {{' if block.label else f"{indent}{block.kind} {{"
    inner = indent + "  "
    lines = [head]
    lines += [f"{inner}{_name(name)} = {_value(name, value, inner)}" for name, value in block.attributes.items()]
    body = "".join(f"{line}\n" for line in lines)
    return body + "".join(_block(inside, inner) for inside in block.blocks) + f"{indent}}}\n"


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Refusal(f"hcl: {name!r} is not an attribute name of lower-case letters, digits and underscores")
    return name


def _key(key: str) -> str:
    """A key of a mapping: as it is where it is a name, else quoted, such as a domain."""
    if _NAME.fullmatch(key):
        return key
    if not _QUOTABLE.fullmatch(key):
        raise Refusal(f"hcl: {key!r} is not a key of letters, digits, dots, dashes and underscores")
    return json.dumps(key)


def _value(name: str, value: object, indent: str) -> str:
    match value:
        case bool() | int():
            return json.dumps(value)
        case str():
            if "${" in value or not value.isascii():
                raise Refusal(f"hcl: the value of {name!r} holds ${{ or characters outside ASCII")
            return json.dumps(value)
        case Mapping():
            entries = cast("Mapping[str, object]", value).items()
            inner = indent + "  "
            lines = "".join(f"{inner}{_key(key)} = {_value(key, item, inner)}\n" for key, item in entries)
            return f"{{\n{lines}{indent}}}" if lines else "{}"
        case Sequence():
            return "[" + ", ".join(_value(name, item, indent) for item in cast("Sequence[object]", value)) + "]"
        case _:
            raise Refusal(
                f"hcl: the value of {name!r} is a {type(value).__name__}, not text, int, bool, list or mapping"
            )

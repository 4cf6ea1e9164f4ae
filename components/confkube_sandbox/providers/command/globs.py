"""Path globs in the syntax of github.com/gobwas/glob with the separator ``/``, which pulumi-command uses.

``*`` and ``?`` stop at ``/``, ``**`` does not, ``[abc]``, ``[a-c]`` and ``[!a-c]`` are one character, ``{a,b}`` are
alternatives, and a backslash takes the special meaning away.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CLASS = re.compile(r"\[(!?)((?:[^\]\\]|\\.)+)\]")
_FIXED = {"*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")"}


def compiled(pattern: str) -> re.Pattern[str]:
    """Translate a glob.

    Raises:
        ValueError: Brackets or braces do not match.
    """
    try:
        return re.compile("".join(_translated(pattern)), re.DOTALL)
    except re.error as error:
        raise ValueError(f"{pattern}: {error}") from None


def selected(paths: Iterable[str], globs: Iterable[str]) -> list[str]:
    """Apply the rules in order to each path: a glob takes it in, one that starts with ``!`` takes it out again.

    Raises:
        ValueError: A glob is malformed.
    """
    rules = [(not glob.startswith("!"), compiled(glob.removeprefix("!"))) for glob in globs]
    taken: list[str] = []
    for path in paths:
        verdicts = [included for included, rule in rules if rule.fullmatch(path)]
        if verdicts and verdicts[-1]:
            taken.append(path)
    return taken


def _translated(pattern: str) -> Iterator[str]:
    depth = at = 0
    while at < len(pattern):
        character = pattern[at]
        length = 1
        if character == "\\" and at + 1 < len(pattern):
            length = 2
            yield re.escape(pattern[at + 1])
        elif pattern.startswith("**", at):
            length = 2
            yield ".*"
        elif character == "[":
            found = _CLASS.match(pattern, at)
            if found is None:
                raise ValueError(f"{pattern}: unexpected end of input in a character class")
            length = len(found[0])
            yield f"[{'^' if found[1] else ''}{_members(found[2])}]"
        elif character == "," and depth:
            yield "|"
        elif character in _FIXED:
            depth += {"{": 1, "}": -1}.get(character, 0)
            yield _FIXED[character]
        else:
            yield re.escape(character)
        at += length
    if depth:
        raise ValueError(f"{pattern}: unbalanced braces")


def _members(text: str) -> str:
    return re.sub(r"[\^\[&~|]", r"\\\g<0>", text)

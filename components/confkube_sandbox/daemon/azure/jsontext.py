"""Where in a JSON text something stands, for errors that say so."""

from __future__ import annotations

import json
import re

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+)')


def positions(text: str) -> dict[str, tuple[int, int]]:
    """Map each path, such as ``properties.rules[0].name``, to the positions after its name and after its value.

    The position of a property's name is counted with its colon, and values of objects and lists end where they begin,
    as the JSON reader of .NET reports them. The text must be valid JSON.
    """
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = [(found[1], found.end(1)) for found in _TOKEN.finditer(text)]
        self._next = 0
        self._found: dict[str, tuple[int, int]] = {}

    def read(self) -> dict[str, tuple[int, int]]:
        if self._tokens:
            self._value("", 0)
        return self._found

    def _take(self) -> tuple[str, int]:
        self._next += 1
        return self._tokens[self._next - 1]

    def _value(self, path: str, named: int) -> None:
        mark, end = self._take()
        self._found[path] = (named or end, end)
        if mark == "{":
            self._members(path)
        elif mark == "[":
            self._items(path)

    def _members(self, path: str) -> None:
        while True:
            mark, _ = self._take()
            if mark == "}":
                return
            if mark == ",":
                continue
            name: str = json.loads(mark)
            _, colon = self._take()
            self._value(f"{path}.{name}" if path else name, colon)

    def _items(self, path: str) -> None:
        index = 0
        while self._tokens[self._next][0] != "]":
            if self._tokens[self._next][0] == ",":
                self._take()
                continue
            self._value(f"{path}[{index}]", 0)
            index += 1
        self._take()

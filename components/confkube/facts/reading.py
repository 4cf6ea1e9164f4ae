"""Strict reading of the fact tables: every key is asked for, and what nobody asked for is refused.

The tables are written by people and by ``catalog refresh``; a slip in them must fail at load, with the row in the
message, and never become a wrong answer later.
"""

import csv
import datetime as dt
import io
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from importlib import resources
from typing import cast

_PACKAGE = "confkube.facts"
_URL = re.compile(r"https://[^\s/]+\.[^\s]+")


class FactsError(ValueError):
    """A row of a fact table that cannot be trusted; names the file and the row."""


class Row:
    """One row or table of a fact file; every key must be taken exactly once before :meth:`done`."""

    def __init__(self, where: str, values: Mapping[str, object]) -> None:
        self.where = where
        self._left = dict(values)

    def wrong(self, reason: str) -> FactsError:
        """Build the error that names this row."""
        return FactsError(f"{self.where}: {reason}")

    def take(self, key: str, default: object = None) -> object:
        """Remove and return a value, or the default when the key is absent."""
        return self._left.pop(key, default)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys that nobody took yet, in order; taking them meanwhile is fine."""
        return iter(tuple(self._left))

    def has(self, key: str) -> bool:
        """Whether the row holds the key and nobody took it yet."""
        return key in self._left

    def text(self, key: str) -> str:
        """Return a required, non-empty text."""
        value = self.take(key)
        if value is None:
            raise self.wrong(f"{key} is missing")
        if not isinstance(value, str) or not value.strip() or value != value.strip():
            raise self.wrong(f"{key} must be a text without outer blanks, not {value!r}")
        return value

    def optional_text(self, key: str) -> str | None:
        """Return a text, or None when the key is absent or the CSV cell is empty."""
        if self._left.get(key) in (None, ""):
            self.take(key)
            return None
        return self.text(key)

    def word(self, key: str, words: Iterable[str]) -> str:
        """Return a required text out of a closed set."""
        good = sorted(words)
        value = self.text(key)
        if value not in good:
            raise self.wrong(f"{key} {value!r} is not one of {', '.join(good)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of distinct texts, in order; an absent key is an empty list, a CSV cell is split at blanks."""
        value = self.take(key, [])
        items = value.split() if isinstance(value, str) else value
        if not isinstance(items, list):
            raise self.wrong(f"{key} must be a list of texts, not {value!r}")
        names = cast("list[object]", items)
        if any(not isinstance(name, str) or not name for name in names):
            raise self.wrong(f"{key} must hold texts only, not {value!r}")
        found = tuple(str(name) for name in names)
        if len(set(found)) != len(found):
            raise self.wrong(f"{key} names something twice: {value!r}")
        return found

    def words(self, key: str, words: Iterable[str]) -> tuple[str, ...]:
        """Return a list of texts out of a closed set."""
        good = sorted(words)
        found = self.texts(key)
        for name in found:
            if name not in good:
                raise self.wrong(f"{key} {name!r} is not one of {', '.join(good)}")
        return found

    def number(self, key: str) -> float:
        """Return a required number above zero, from TOML or from a CSV cell."""
        value = self.take(key)
        try:
            number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else 0.0
        except (ValueError, OverflowError):
            number = 0.0
        if not 0 < number < float("inf"):
            raise self.wrong(f"{key} must be a number above zero, not {value!r}")
        return number

    def whole(self, key: str) -> int:
        """Return a required whole number above zero."""
        number = self.number(key)
        if number != int(number):
            raise self.wrong(f"{key} must be a whole number, not {number!r}")
        return int(number)

    def date(self, key: str) -> dt.date:
        """Return a required date that does not lie in the future."""
        value = self.take(key)
        if isinstance(value, str):
            with suppress(ValueError):  # it stays a text then, and is refused as one
                value = dt.date.fromisoformat(value)
        if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
            raise self.wrong(
                f"{key} is missing" if value is None else f"{key} must be a date like 2026-11-23, not {value!r}"
            )
        return value

    def optional_date(self, key: str) -> dt.date | None:
        """Return a date, or None when the key is absent or the CSV cell is empty."""
        if self._left.get(key) in (None, ""):
            self.take(key)
            return None
        return self.date(key)

    def source(self, key: str = "source") -> str:
        """Return a required https address: where the fact was read."""
        value = self.text(key)
        if not _URL.fullmatch(value):
            raise self.wrong(f"{key} must be one https address, not {value!r}")
        return value

    def table(self, key: str) -> Mapping[str, object]:
        """Return a sub-table; an absent key is an empty one."""
        value = self.take(key, {})
        if not isinstance(value, dict):
            raise self.wrong(f"{key} must be a table, not {value!r}")
        return cast("dict[str, object]", value)

    def rows(self, key: str) -> "Iterator[Row]":
        """Return the rows of an array of tables; an absent key is no row."""
        value = self.take(key, [])
        if not isinstance(value, list):
            raise self.wrong(f"{key} must be an array of tables, not {value!r}")
        for number, item in enumerate(cast("list[object]", value), start=1):
            where = f"{self.where} {key} {number}"
            if not isinstance(item, dict):
                raise FactsError(f"{where}: must be a table, not {item!r}")
            yield Row(where, cast("dict[str, object]", item))

    def done(self) -> None:
        """Refuse whatever was not asked for."""
        if self._left:
            raise self.wrong(f"unknown key {min(self._left)!r}")


def read_toml(name: str, text: str | None = None) -> Row:
    """Read a TOML table of this package (or the given text under that name) as one row."""
    content = _packaged(name) if text is None else text
    try:
        return Row(name, tomllib.loads(content))
    except tomllib.TOMLDecodeError as problem:
        raise FactsError(f"{name}: {problem}") from None


def read_csv(name: str, columns: tuple[str, ...], text: str | None = None) -> Iterator[Row]:
    """Read a CSV table of this package; lines that start with ``#`` are comments, the header must be exactly as given.

    Args:
        name: Path inside this package.
        columns: The header.
        text: Content to read in place of the packaged file.
    """
    content = _packaged(name) if text is None else text
    lines = [line for line in content.splitlines() if line.strip() and not line.startswith("#")]
    reader = csv.reader(io.StringIO("\n".join(lines)), strict=True)
    header = tuple(next(reader, ()))
    if header != columns:
        raise FactsError(f"{name}: the header must be {','.join(columns)}, not {','.join(header)}")
    for number, cells in enumerate(reader, start=1):
        where = f"{name} row {number}"
        if len(cells) != len(columns):
            raise FactsError(f"{where}: {len(cells)} cells where {len(columns)} belong")
        yield Row(f"{where} ({cells[0]})", dict(zip(columns, cells, strict=True)))


def packaged_names(folder: str, suffix: str) -> tuple[str, ...]:
    """Return the file names with that suffix in a folder of this package, sorted."""
    found = resources.files(_PACKAGE).joinpath(folder).iterdir()
    return tuple(sorted(entry.name for entry in found if entry.name.endswith(suffix)))


def unique(where: str, seen: set[object], key: object) -> None:
    """Note a row's key; refuse the second row with the same one."""
    if key in seen:
        raise FactsError(f"{where}: {key!r} is written twice")
    seen.add(key)


def _packaged(name: str) -> str:
    return resources.files(_PACKAGE).joinpath(name).read_text(encoding="utf-8")

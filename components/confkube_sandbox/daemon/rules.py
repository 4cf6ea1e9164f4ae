"""Named rules: each refuses one kind of wrong request, and says which document of the cloud it follows."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

READ = "read"
"""The source was opened on the given day and shows the code of the refusal; most also show its text."""
RECALLED = "recalled"
"""Written from general knowledge on the given day; the source is only the place where it should be checked."""
EVIDENCE = frozenset({READ, RECALLED})

_MARK = "__confkube_rule__"

Request = TypeVar("Request")
"""What a cloud's rules look at."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One check that runs before the request takes effect."""

    name: str
    service: str
    operations: frozenset[str]
    source: str
    date: str
    evidence: str
    check: Callable[[Any], None]


def rule(  # noqa: PLR0913  all but two are told by name
    service: str, operations: str, *, name: str, source: str, date: str, evidence: str
) -> Callable[[Callable[[Request], None]], Callable[[Request], None]]:
    """Mark a function as a rule.

    Args:
        service: The service, in the cloud's own spelling.
        operations: Names of operations, separated by blanks.
        name: Unique name, ``<service>.<subject>``.
        source: URL of the document that states the behaviour.
        date: ``YYYY-MM-DD``, the day that ``evidence`` speaks of.
        evidence: ``read`` if the source was opened on that day and shows the code of the refusal (most also show its
            text); ``recalled`` if the rule was written from general knowledge on that day, and the source is only the
            place where it should be checked.
    """

    def mark(check: Callable[[Request], None]) -> Callable[[Request], None]:
        made = Rule(
            name=name,
            service=service,
            operations=frozenset(operations.split()),
            source=source,
            date=date,
            evidence=evidence,
            check=check,
        )
        setattr(check, _MARK, made)
        return check

    return mark


def collect(modules: Iterable[ModuleType]) -> tuple[Rule, ...]:
    """Return the rules of the modules in the order of their definition."""
    found: list[Rule] = []
    for module in modules:
        functions: list[Any] = [each for _, each in inspect.getmembers(module, inspect.isfunction)]
        marked: list[Rule] = [getattr(each, _MARK) for each in functions if hasattr(each, _MARK)]
        found += sorted((each for each in marked), key=lambda each: inspect.unwrap(each.check).__code__.co_firstlineno)
    names = [each.name for each in found]
    if len(names) != len(set(names)):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"rules with the same name: {', '.join(twice)}")
    return tuple(found)

"""Named rules: each refuses one kind of wrong request, and says which document of AWS it follows."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

    from confkube_sandbox.daemon.aws.context import Call

_MARK = "__confkube_rule__"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One check that runs before the request takes effect."""

    name: str
    service: str
    operations: frozenset[str]
    source: str
    date: str
    evidence: str
    check: Callable[[Call], None]


def rule(  # noqa: PLR0913  all but two are told by name
    service: str, operations: str, *, name: str, source: str, date: str, evidence: str
) -> Callable[[Callable[[Call], None]], Callable[[Call], None]]:
    """Mark a function as a rule.

    Args:
        service: The service in botocore's spelling.
        operations: Names of operations, separated by blanks.
        name: Unique name, ``<service>.<subject>``.
        source: URL of the document that states the behaviour.
        date: ``YYYY-MM-DD``, the day that ``evidence`` speaks of.
        evidence: ``read`` if the source was opened on that day and shows the code of the refusal (most also show its
            text); ``recalled`` if the rule was written from general knowledge on that day, and the source is only the
            place where it should be checked.
    """

    def mark(check: Callable[[Call], None]) -> Callable[[Call], None]:
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

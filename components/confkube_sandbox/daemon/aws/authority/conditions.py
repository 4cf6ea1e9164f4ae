"""Condition operators of IAM policies.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
reference_policies_condition-single-vs-multi-valued-context-keys.html (2026-11-27). Left out, and therefore unjudged:
the date, IP address and binary operators.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.aws.authority import matching
from confkube_sandbox.daemon.aws.authority.errors import Unjudged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confkube_sandbox.daemon.aws.authority.documents import Condition
    from confkube_sandbox.daemon.aws.authority.questions import Context

_IF_EXISTS = "IfExists"
_ALL, _ANY = "ForAllValues:", "ForAnyValue:"


@dataclass(frozen=True)
class _Operator:
    """One comparison of a value of the request with a value of the policy."""

    meets: Callable[[str, str], bool]
    negated: bool = False


def _number(compare: Callable[[Decimal, Decimal], bool]) -> Callable[[str, str], bool]:
    def meets(asked: str, given: str) -> bool:
        try:
            return compare(Decimal(asked), Decimal(given))
        except InvalidOperation:
            raise Unjudged(f"{asked} or {given} is not a number") from None

    return meets


def _same(asked: str, given: str) -> bool:
    return asked == given


def _same_letters(asked: str, given: str) -> bool:
    return asked.lower() == given.lower()


_EQUAL = _number(lambda asked, given: asked == given)
_OPERATORS: Mapping[str, _Operator] = {
    "StringEquals": _Operator(_same),
    "StringNotEquals": _Operator(_same, negated=True),
    "StringEqualsIgnoreCase": _Operator(_same_letters),
    "StringNotEqualsIgnoreCase": _Operator(_same_letters, negated=True),
    "StringLike": _Operator(matching.like),
    "StringNotLike": _Operator(matching.like, negated=True),
    # Equals and Like are one and the same for ARNs.
    "ArnEquals": _Operator(matching.arn),
    "ArnLike": _Operator(matching.arn),
    "ArnNotEquals": _Operator(matching.arn, negated=True),
    "ArnNotLike": _Operator(matching.arn, negated=True),
    "Bool": _Operator(_same_letters),
    "NumericEquals": _Operator(_EQUAL),
    "NumericNotEquals": _Operator(_EQUAL, negated=True),
    "NumericLessThan": _Operator(_number(lambda asked, given: asked < given)),
    "NumericLessThanEquals": _Operator(_number(lambda asked, given: asked <= given)),
    "NumericGreaterThan": _Operator(_number(lambda asked, given: asked > given)),
    "NumericGreaterThanEquals": _Operator(_number(lambda asked, given: asked >= given)),
}


def meets(condition: Condition, context: Context) -> bool:
    """Whether one line of a condition block holds for a request.

    Raises:
        Unjudged: The operator is not known, or the key's value is not simulated here.
    """
    asked = context.values_of(condition.key)
    if condition.operator == "Null":
        return _null(condition, asked)
    scope, _, name = condition.operator.rpartition(":")
    lenient = name.endswith(_IF_EXISTS)
    operator = _OPERATORS.get(name.removesuffix(_IF_EXISTS))
    if operator is None or (scope and f"{scope}:" not in {_ALL, _ANY}):
        raise Unjudged(f"the condition operator {condition.operator} is not simulated")
    if asked is None:
        # Of a missing key every value would do, and none is there; a negated operator is content with that.
        return lenient or f"{scope}:" == _ALL or (operator.negated and not scope)
    results = [_one(operator, each, condition.values) for each in asked]
    if f"{scope}:" == _ALL:
        return all(results)
    if f"{scope}:" == _ANY:
        return any(results)
    if len(results) != 1:
        raise Unjudged(f"{condition.key} has several values, and {condition.operator} is for one")
    return results[0]


def _one(operator: _Operator, asked: str, given: tuple[str, ...]) -> bool:
    """One of the policy's values must do; for a negated operator, none of them may."""
    return any(operator.meets(asked, each) for each in given) != operator.negated


def _null(condition: Condition, asked: tuple[str, ...] | None) -> bool:
    wanted = {each.lower() for each in condition.values}
    if len(wanted) != 1 or not wanted <= {"true", "false"}:
        raise Unjudged("Null takes true or false")
    return (asked is None) == (wanted == {"true"})

"""The decision: an explicit denial beats an allowance, and what nothing allows is denied.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html (2026-11-27).
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.aws.authority import conditions, matching
from confkube_sandbox.daemon.aws.authority.documents import DENY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkube_sandbox.daemon.aws.authority.documents import Statement
    from confkube_sandbox.daemon.aws.authority.questions import Question


class Verdict(Enum):
    """Answer of all policies together."""

    ALLOWED = "allowed"
    DENIED = "explicit denial"
    NOT_ALLOWED = "no statement allows it"


def decide(statements: Iterable[Statement], question: Question) -> Verdict:
    """Answer one question.

    Raises:
        Unjudged: A statement that is about this action and resource has a condition that is not simulated.
    """
    effects = {each.effect for each in statements if _applies(each, question)}
    if DENY in effects:
        return Verdict.DENIED
    return Verdict.ALLOWED if effects else Verdict.NOT_ALLOWED


def _applies(statement: Statement, question: Question) -> bool:
    about = any(matching.action(question.action, each) for each in statement.actions) != statement.every_action_but
    if not about:
        return False
    named = any(matching.arn(question.resource, each) for each in statement.resources)
    if named == statement.every_resource_but:
        return False
    # Every condition is looked at, so that one that is not simulated is found whatever the others say.
    met = [conditions.meets(each, question.context) for each in statement.conditions]
    return all(met)

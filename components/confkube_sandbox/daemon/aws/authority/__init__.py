"""Whether an IAM user may do what it asks for.

moto's own enforcement knows EC2 only as resource ``*`` and has no conditions, so that it proves nothing. This one asks
the user's policies about every resource of a request, and denies what it cannot judge.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.aws.authority import principal, requests
from confkube_sandbox.daemon.aws.authority.asking import Asker
from confkube_sandbox.daemon.aws.authority.errors import Unjudged
from confkube_sandbox.daemon.aws.authority.evaluate import Verdict, decide
from confkube_sandbox.daemon.aws.authority.questions import ANY_RESOURCE
from confkube_sandbox.daemon.aws.authority.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from confkube_sandbox.daemon.aws.authority.documents import Statement
    from confkube_sandbox.daemon.aws.authority.questions import Question
    from confkube_sandbox.daemon.aws.context import Call

_log = logging.getLogger(__name__)

FREE = frozenset({("sts", "GetCallerIdentity")})
"""What everybody may do.
Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html (2026-11-27)."""


def require(call: Call) -> None:
    """Let a request of the account's administrator pass, and one of an IAM user only when its policies allow it.

    Raises:
        ApiError: It is not authorised, in the words of the service.
    """
    service, operation = call.caller.service, call.operation
    if call.caller.user is None or (service, operation) in FREE:
        return
    user = principal.arn(call)
    try:
        asked = requests.questions(call, Asker(call, principal.keys(call)))
        refused = next(failures(principal.statements(call), asked), None)
    except Unjudged as reason:
        _log.warning("%s %s of %s is denied because it cannot be judged: %s", service, operation, user, reason)
        raise refusal(service, user, f"{service}:{operation}", ANY_RESOURCE, Verdict.NOT_ALLOWED) from None
    if refused:
        question, verdict = refused
        raise refusal(service, user, question.action, question.resource, verdict)


def failures(statements: Iterable[Statement], asked: Iterable[Question]) -> Iterator[tuple[Question, Verdict]]:
    """The questions that are not answered with yes, in their order."""
    held = list(statements)
    for question in asked:
        verdict = decide(held, question)
        if verdict is not Verdict.ALLOWED:
            yield question, verdict

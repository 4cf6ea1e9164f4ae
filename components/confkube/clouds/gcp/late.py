"""Refusals that only what the cloud answers can cause, when the program has already gone on."""

import functools
from collections.abc import Callable
from typing import TypeVar

import pulumi

from confkube.errors import Refusal

Known = TypeVar("Known")
Result = TypeVar("Result")


def refusing(check: Callable[[Known], Result]) -> Callable[[Known], Result]:
    """Let a refusal inside ``apply`` reach the user as one line: Pulumi prints a ``RunError`` without a traceback."""

    @functools.wraps(check)
    def wrapped(known: Known) -> Result:
        try:
            return check(known)
        except Refusal as refusal:
            raise pulumi.RunError(str(refusal)) from None

    return wrapped

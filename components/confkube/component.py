"""What all public components share at their edge."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import pulumi

from confkube.errors import Refusal

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def refusing(made: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let a refusal reach the user as one line: Pulumi prints a ``RunError`` without a traceback.

    For the ``__init__`` of a component, and for what it makes inside ``apply``, of values that are known late.
    """

    @functools.wraps(made)
    def wrapped(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return made(*args, **kwargs)
        except Refusal as refusal:
            raise pulumi.RunError(str(refusal)) from None

    return wrapped

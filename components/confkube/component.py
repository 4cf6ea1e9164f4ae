"""What all public components share at their edge."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

import pulumi

from confkube.errors import Refusal

Component = TypeVar("Component", bound=pulumi.ComponentResource)
Parameters = ParamSpec("Parameters")


def refusing(
    init: Callable[Concatenate[Component, Parameters], None],
) -> Callable[Concatenate[Component, Parameters], None]:
    """Let a component's refusal reach the user as one line: Pulumi prints a ``RunError`` without a traceback."""

    @functools.wraps(init)
    def wrapped(self: Component, *args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            init(self, *args, **kwargs)
        except Refusal as refusal:
            raise pulumi.RunError(str(refusal)) from None

    return wrapped


Known = TypeVar("Known")
Result = TypeVar("Result")


def refusing_late(made: Callable[[Known], Result]) -> Callable[[Known], Result]:
    """As ``refusing``, for what is made inside ``apply``, of values that are known late."""

    @functools.wraps(made)
    def wrapped(known: Known) -> Result:
        try:
            return made(known)
        except Refusal as refusal:
            raise pulumi.RunError(str(refusal)) from None

    return wrapped

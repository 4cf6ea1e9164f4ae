"""How confkube says no: one line, the bad value first, the good ones after it."""

from collections.abc import Iterable


class Refusal(ValueError):  # noqa: N818 - not an error of the program: an answer to the user
    """A request that confkube does not carry out; its text is one line meant for the user.

    Raised before anything is created. Entry points (the stack program, the command line) print the text alone.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


def choose(what: str, bad: object, good: Iterable[str], hint: str = "") -> Refusal:
    """Build the refusal of a value outside a closed set.

    Args:
        what: The argument in the user's words, for example ``tee`` or ``args.platform``.
        bad: The value as given.
        good: The values that would have been accepted.
        hint: A further clause, appended after a semicolon.
    """
    known = ", ".join(sorted(good)) or "nothing here"
    tail = f"; {hint}" if hint else ""
    return Refusal(f"{what}: {bad!r} is not known; choose one of {known}{tail}")

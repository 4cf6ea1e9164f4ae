"""Which function serves which method. What is not here is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Body

    Handler = Callable[[Call], Body]

HANDLERS: dict[str, Handler] = {}
"""Full id of a method -> what serves it; filled while the modules are loaded."""


def serves(*methods: str) -> Callable[[Handler], Handler]:
    """Mark the function that serves the given methods."""

    def mark(handler: Handler) -> Handler:
        for each in methods:
            if each in HANDLERS:
                raise ValueError(each)
            HANDLERS[each] = handler
        return handler

    return mark

"""How a simulated provider fails, and what the engine keeps of a resource afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class CloudError(Exception):
    """A clean failure: nothing was made or changed, and the engine keeps what it had.

    Attributes:
        message: The text the user sees; worded as the real provider words it.
        code: The service's own error code, for example ``VpcLimitExceeded``; empty when there is none.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class PartialFailure(Exception):  # noqa: N818  (it names the engine's own notion, ErrorResourceInitFailed)
    """The object exists but is not as asked; the engine records it with ``initErrors`` and updates it next time."""

    def __init__(
        self,
        *,
        id: str,  # noqa: A002  (the engine's word)
        outputs: Mapping[str, Any],
        inputs: Mapping[str, Any],
        reasons: Sequence[str],
    ) -> None:
        super().__init__("; ".join(reasons))
        self.id = id
        self.outputs = dict(outputs)
        self.inputs = dict(inputs)
        self.reasons = list(reasons)

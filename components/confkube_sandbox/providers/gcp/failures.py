"""How calls to Google Cloud fail."""

from __future__ import annotations


class ApiError(Exception):
    """A call that Google refused, or that got no answer.

    Attributes:
        status: The HTTP status; 0 where there was no answer.
        reason: For example ``notFound``.
        message: The text without ``googleapi:``.
        body: The answer as it came, in which the real provider looks for words.
    """

    def __init__(self, status: int, reason: str, message: str, *, body: str = "", whole: bool = False) -> None:
        """Word the refusal.

        Args:
            status: See the class.
            reason: See the class.
            message: See the class.
            body: See the class.
            whole: The message needs nothing in front.
        """
        super().__init__(message if whole else f"googleapi: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.body = body


class OperationError(Exception):
    """An operation that was accepted and ended with errors.

    Attributes:
        codes: For example ``ZONE_RESOURCE_POOL_EXHAUSTED``.
    """

    def __init__(self, text: str, codes: tuple[str, ...]) -> None:
        super().__init__(text)
        self.codes = codes

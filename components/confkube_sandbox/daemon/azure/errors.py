"""Errors in the form of Azure Resource Manager."""

from __future__ import annotations

import json
from typing import Any

from confkube_sandbox.daemon.http import Reply


class ArmError(Exception):
    """A request that the simulated service refuses, with the code and the text of the real one."""

    def __init__(  # noqa: PLR0913  the parts of ARM's own error object
        self,
        code: str,
        message: str,
        status: int = 400,
        *,
        target: str | None = None,
        details: tuple[tuple[str, str], ...] = (),
        retry_after: int = 0,
    ) -> None:
        """Make an error.

        Args:
            code: Its code.
            message: Its text.
            status: HTTP status.
            target: What it is about, where the service says so.
            details: Further pairs of code and text.
            retry_after: Seconds after which the service asks to try again; 0 where it does not.
        """
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.target = target
        self.details = details
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """Return the object that stands under ``error``."""
        found: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target is not None:
            found["target"] = self.target
        if self.details:
            found["details"] = [{"code": code, "message": message} for code, message in self.details]
        return found


def answer(status: int, body: object | None, headers: dict[str, str] | None = None) -> Reply:
    """Make a JSON answer; no body where ``body`` is None."""
    told = {"Cache-Control": "no-cache", **(headers or {})}
    if body is None:
        return Reply(status, told, b"")
    return Reply(status, {"Content-Type": "application/json; charset=utf-8", **told}, json.dumps(body).encode())


def render(error: ArmError, request_id: str) -> Reply:
    """Write an error the way ARM does."""
    headers = {"x-ms-request-id": request_id, "x-ms-failure-cause": "gateway"}
    if error.retry_after:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer authorization_uri="https://login.windows.net/", error="invalid_token"'
    return answer(error.status, {"error": error.body()}, headers)

"""Errors in the form in which Google's APIs send them."""

from __future__ import annotations

import json
from typing import Any

from confkube_sandbox.daemon.http import Reply

_STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}
_LONGEST = 97
_DOMAINS = {
    "quotaExceeded": "usageLimits",
    "rateLimitExceeded": "usageLimits",
}


class ApiError(Exception):
    """A request that is refused at once.

    ``reason`` is the word of Compute Engine (``notFound``); the other APIs say ``status_name`` in its place.
    """

    def __init__(self, reason: str, message: str, status: int = 400, *, status_name: str = "") -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message
        self.status = status
        self.status_name = status_name


class OperationError(Exception):
    """A request that is accepted, and whose operation ends with an error."""

    def __init__(self, code: str, message: str, status: int = 400, details: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.details = details


def invalid(field: str, value: object, why: str) -> ApiError:
    """Refuse the value of a field in the words of Compute Engine."""
    return ApiError("invalid", f"Invalid value for field '{field}': '{_written(value)}'. {why}")


def _written(value: object) -> str:
    """Write a value as Compute Engine quotes it: objects as JSON without line ends, cut after a while.

    https://github.com/jenkinsci/google-compute-engine-plugin/issues/127 shows a long one (read on 2026-11-25).
    """
    if isinstance(value, dict | list):
        text = json.dumps(value, indent=2).replace("[\n", "[").replace("\n", "") if value else ""
        return f"{text[:_LONGEST]}..." if len(text) > _LONGEST else text
    return value if isinstance(value, str) else str(value)


def bad_request(message: str) -> ApiError:
    """Refuse a request as a whole in the words of Compute Engine."""
    return ApiError("badRequest", message)


def json_reply(body: dict[str, Any], status: int = 200) -> Reply:
    """Write a JSON answer."""
    return Reply(status, {"Content-Type": "application/json; charset=UTF-8"}, json.dumps(body, indent=1).encode())


def render(error: ApiError, api: str) -> Reply:
    """Write an error the way the given API does."""
    told: dict[str, Any] = {"code": error.status, "message": error.message}
    if api != "secretmanager":
        domain = _DOMAINS.get(error.reason, "global")
        told["errors"] = [{"message": error.message, "domain": domain, "reason": error.reason}]
    if api != "compute" or error.status_name or error.status in {401, 501}:
        told["status"] = error.status_name or _STATUS_NAMES.get(error.status, "UNKNOWN")
    return json_reply({"error": told}, error.status)

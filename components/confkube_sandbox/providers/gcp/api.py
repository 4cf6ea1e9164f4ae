"""Calls to Google Cloud through the official client, and its failures in the words of the Go client.

What is repeated: https://github.com/hashicorp/terraform-provider-google-beta transport/error_retry_predicates.go and
transport/retry_utils.go at 93c65b2d60fe; the form of an error: https://github.com/googleapis/google-api-go-client
googleapi/googleapi.go (recalled).
"""

from __future__ import annotations

import http.client
import json
import logging
import re
import time
from typing import TYPE_CHECKING, Any, cast

from googleapiclient.errors import HttpError  # pyright: ignore[reportMissingTypeStubs]

from confkube_sandbox.providers.gcp.failures import ApiError

if TYPE_CHECKING:
    from confkube_sandbox.access.gcp import Access

Answer = dict[str, Any]

# The client warns of refusals on its own; here each is told once, as the error that it leads to.
logging.getLogger("googleapiclient.http").setLevel(logging.ERROR)

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_SHORTEST_PAUSE = 0.02
_ALWAYS_REPEATED = frozenset({429, 500, 502, 503})
_PER_MINUTE = re.compile(r"Quota exceeded for quota metric '.*' and limit '.* per minute' of service")


class Api:
    """All APIs as one identity sees them."""

    def __init__(self, access: Access, speed: float) -> None:
        self._access = access
        self._speed = speed

    def call(self, service: str, method: str, /, *, ends: float, **parameters: Any) -> Answer:  # noqa: ANN401
        """Call one method, and again while the refusal is one that passes.

        Args:
            service: For example ``compute``.
            method: For example ``instances.insert``.
            ends: When to stop repeating (``time.monotonic``).
            parameters: As the client names them; those that are None are left out.

        Raises:
            ApiError: Google refused.
        """
        pause = _FIRST_PAUSE
        while True:
            try:
                return self._once(service, method, parameters)
            except ApiError as error:
                left = ends - time.monotonic()
                if left <= 0 or not passes(error):
                    raise
            time.sleep(min(max(pause / self._speed, _SHORTEST_PAUSE), left))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def schemas(self, service: str) -> dict[str, Any]:
        """Return the official model of an API's resources."""
        return self._access.schemas(service)

    def _once(self, service: str, method: str, parameters: dict[str, Any]) -> Answer:
        given = {key: value for key, value in parameters.items() if value is not None}
        *path, last = method.split(".")
        found = self._access.service(service)
        for part in path:
            found = getattr(found, part)()
        request = getattr(found, last)(**given)
        try:
            return cast("Answer", request.execute() or {})
        except HttpError as error:
            raise _refused(error) from None
        except (http.client.HTTPException, OSError) as error:
            # The Go client names the call and the address. An answer that never came is its "EOF".
            lost = isinstance(error, http.client.RemoteDisconnected | http.client.IncompleteRead)
            text = "EOF" if lost else str(error)
            raise ApiError(0, "", f'{str(request.method).title()} "{request.uri}": {text}', whole=True) from None


def passes(error: ApiError) -> bool:
    """Whether the real provider repeats a call that was refused like this."""
    if error.status in _ALWAYS_REPEATED:
        return True
    body = error.body
    unready = "resourceNotReady" in body and "networks" in body
    return (
        (error.status == http.client.CONFLICT and "operationInProgress" in body)
        or (error.status == http.client.BAD_REQUEST and unready)
        or (
            error.status == http.client.FORBIDDEN
            and ("CONCURRENT_OPERATIONS_QUOTA_EXCEEDED" in body or _PER_MINUTE.search(body) is not None)
        )
        or (not error.status and "reset by peer" in error.message)
    )


def _refused(error: HttpError) -> ApiError:
    status = int(cast("Any", error).resp.status)
    body = cast("bytes", cast("Any", error).content).decode(errors="replace")
    try:
        told = cast("dict[str, Any]", json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        text = f"googleapi: got HTTP response code {status} with body: {body}"
        return ApiError(status, "", text, body=body, whole=True)
    message = str(told.get("message", ""))
    listed = cast("list[dict[str, str]]", told.get("errors") or [])
    reason = listed[0].get("reason", "") if listed else str(told.get("status", ""))
    return ApiError(status, reason, _worded(status, message, listed, told.get("details")), body=body)


def _worded(status: int, message: str, listed: list[dict[str, str]], details: object) -> str:
    text = f"Error {status}: {message}"
    if details:
        text += f"\nDetails:\n{json.dumps(details, indent=2)}\n"
    if not listed:
        return text.strip()
    if len(listed) == 1 and listed[0].get("message") == message:
        return f"{text}, {listed[0].get('reason', '')}"
    more = "".join(f"Reason: {each.get('reason', '')}, Message: {each.get('message', '')}\n" for each in listed)
    return f"{text}\nMore details:\n{more}"

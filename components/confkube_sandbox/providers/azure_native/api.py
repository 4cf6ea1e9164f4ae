"""Calls to Azure Resource Manager, and its failures in the words of the real provider.

After provider/pkg/azure/client_azcore.go of github.com/pulumi/pulumi-azure-native at 006a62afe453, read on 2026-11-25.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.rest import HttpRequest

from confkube_sandbox.access.azure import DeadlineExceededError, Polling

if TYPE_CHECKING:
    from azure.core.pipeline import PipelineResponse
    from azure.mgmt.core import ARMPipelineClient

    from confkube_sandbox.access.azure import Access

Body = dict[str, Any]
# How often the real provider looks where the cloud does not say: updatePollingIntervalSeconds and the one for deletes.
_UPDATE_SECONDS = 10.0
_DELETE_SECONDS = 30.0
_OK, _CREATED, _ACCEPTED, _NO_CONTENT, _NOT_FOUND = 200, 201, 202, 204, 404


class ArmError(Exception):
    """A call that failed.

    Attributes:
        status: The HTTP status; 0 where no answer came.
        code: For example ``ResourceGroupNotFound``.
        accepted: The call was accepted and what it began failed later, so that something may be left of it.
    """

    def __init__(self, text: str, status: int = 0, code: str = "", *, accepted: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.accepted = accepted


@dataclass(frozen=True)
class Api:
    """One identity's view of Azure Resource Manager.

    Attributes:
        client: The official SDK's pipeline.
        access: Where and who.
        ends: When to stop waiting (``time.monotonic``).
    """

    client: ARMPipelineClient[Any, Any]
    access: Access
    ends: float = math.inf

    def get(self, id_: str, version: str) -> Body:
        """Read an object.

        Raises:
            ArmError: It is not there, or cannot be read.
        """
        answer = self._send("GET", id_, version).http_response
        if answer.status_code != _OK:
            raise refused(answer)
        return _json(answer)

    def put(self, id_: str, version: str, body: Body, *, waits: bool) -> Body:
        """Make or change an object, and follow the operation where there is one.

        A body with nulls is sent by PATCH, as the real provider does (CreateOrUpdate in crud.go at 0354c94d74f1).

        Raises:
            ArmError: It was refused, or failed after it was accepted.
        """
        response = self._send("PATCH" if _has_null(body) else "PUT", id_, version, body)
        answer = response.http_response
        if answer.status_code not in (_OK, _CREATED, _ACCEPTED):
            raise refused(answer)
        if not waits and answer.status_code != _ACCEPTED:
            return _json(answer)
        return self._follow(response, _UPDATE_SECONDS)

    def delete(self, id_: str, version: str, *, waits: bool) -> None:
        """Remove an object; one that is gone already is fine.

        Raises:
            ArmError: It was refused, or failed.
        """
        try:
            response = self._send("DELETE", id_, version)
            answer = response.http_response
            if answer.status_code not in (_OK, _ACCEPTED, _NO_CONTENT):
                raise refused(answer)
            if waits:
                self._follow(response, _DELETE_SECONDS)
        except ArmError as error:
            if error.status != _NOT_FOUND:
                raise

    def post(self, id_: str, version: str) -> Body:
        """Ask for something that is no object, such as keys.

        Raises:
            ArmError: It was refused.
        """
        answer = self._send("POST", id_, version).http_response
        if answer.status_code != _OK:
            raise refused(answer)
        return _json(answer)

    def must_not_exist(self, id_: str, version: str) -> None:
        """Refuse to create what is there: PUT would change it.

        Raises:
            ArmError: It is there, or nobody can tell.
        """
        answer = self._send("GET", id_, version).http_response
        if answer.status_code == _OK and _json(answer):
            raise ArmError(f"cannot create already existing resource '{id_}'")
        if answer.status_code not in (_OK, _NO_CONTENT, _NOT_FOUND):
            raise ArmError(
                f"cannot check existence of resource '{id_}': status code {answer.status_code}, {answer.text()}"
            )

    def _send(self, method: str, id_: str, version: str, body: Body | None = None) -> PipelineResponse[Any, Any]:
        if time.monotonic() > self.ends:
            raise ArmError("operation timed out", code="Timeout")
        request = HttpRequest(method, f"{self.access.endpoint}{id_}", params={"api-version": version}, json=body)
        try:
            found = self.client.send_request(request, _return_pipeline_response=True)
        except AzureError as error:
            raise ArmError(f'{method.capitalize()} "{id_}": {error.message}') from None
        return cast("PipelineResponse[Any, Any]", found)

    def _follow(self, response: PipelineResponse[Any, Any], seconds: float) -> Body:
        polling = Polling(seconds, self.access.speed, self.ends)
        try:
            polling.initialize(self.client, response, _deserialized)  # pyright: ignore[reportUnknownMemberType]
            polling.run()
        except HttpResponseError as error:
            if error.response is None:
                raise ArmError(str(error.message), accepted=True) from None
            raise refused(error.response, accepted=True) from None
        except DeadlineExceededError:
            raise ArmError("operation timed out", code="Timeout", accepted=True) from None
        except AzureError as error:
            raise ArmError(str(error.message), accepted=True) from None
        return cast("Body", polling.resource() or {})


def refused(answer: Any, *, accepted: bool = False) -> ArmError:  # noqa: ANN401  (responses share no public type)
    """Word a refusal like PulumiAzcoreResponseError: status, code and the cloud's own sentence."""
    body, text = _json(answer), str(answer.text())
    error = cast("Body", body.get("error") or body)
    code = str(answer.headers.get("x-ms-error-code") or error.get("code") or "")
    message = str(error.get("message") or text)
    named = f' Code="{code}"' if code else ""
    status = int(answer.status_code)
    return ArmError(f'Status={status}{named} Message="{message}"', status, code, accepted=accepted)


def _has_null(value: object) -> bool:
    return isinstance(value, dict) and any(part is None or _has_null(part) for part in cast("Body", value).values())


def _deserialized(response: PipelineResponse[Any, Any]) -> Body:
    return _json(response.http_response)


def _json(answer: Any) -> Body:  # noqa: ANN401
    try:
        found = cast("object", json.loads(answer.text()))
    except ValueError:
        return {}
    return cast("Body", found) if isinstance(found, dict) else {}

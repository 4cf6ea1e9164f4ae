"""Errors in the form in which each AWS protocol sends them."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from confkube_sandbox.daemon.http import Reply

EC2 = "ec2"
QUERY = "query"
JSON = "json"


class ApiError(Exception):
    """A request that the simulated service refuses, with the code and the text of the real one."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def render(error: ApiError, protocol: str, request_id: str) -> Reply:
    """Write an error the way the given protocol of the AWS SDKs expects it."""
    if protocol == JSON:
        body = json.dumps({"__type": error.code, "message": error.message})
        kind = "application/x-amz-json-1.1"
    elif protocol == EC2:
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
            f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
        kind = "text/xml;charset=UTF-8"
    else:
        blame = "Sender" if error.status < 500 else "Receiver"
        body = (
            f"<ErrorResponse><Error><Type>{blame}</Type><Code>{escape(error.code)}</Code>"
            f"<Message>{escape(error.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        kind = "text/xml"
    headers = {"Content-Type": kind, "x-amzn-RequestId": request_id}
    return Reply(error.status, headers, body.encode())

"""The address of the simulated blob service: what stands at ``https://ACCOUNT.blob.core.windows.net`` for real.

Here it is below one path, ``/azure-blob/ACCOUNT/CONTAINER/BLOB``, as emulators do it. The official SDK signs its
requests with an account's key. Texts: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes and
/common-rest-api-error-codes, 2026-11-27 (recalled); form of the errors:
https://github.com/Azure/azure-rest-api-specs/issues/11331.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from confkube_sandbox.daemon.azure.services import storage
from confkube_sandbox.daemon.http import Reply

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Memory, Resource
    from confkube_sandbox.daemon.http import Incoming

PREFIX = "/azure-blob/"
SIGNATURE = "blob.signature"
KEYS_FORBIDDEN = "blob.keys-forbidden"
ANONYMOUS = "blob.anonymous"
ACCOUNT = "blob.account"
SWITCHES = (SIGNATURE, KEYS_FORBIDDEN, ANONYMOUS, ACCOUNT)
_SIGNED = (
    *("content-encoding", "content-language", "content-length", "content-md5", "content-type", "date"),
    *("if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range"),
)
"""https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key, 2026-11-27."""


class BlobError(Exception):
    """A refusal of the blob service."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message = status, code, message

    def reply(self, request_id: str) -> Reply:
        """Write it the way the service does."""
        body = (
            f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{self.code}</Code>'
            f"<Message>{escape(self.message)}\nRequestId:{request_id}</Message></Error>"
        )
        headers = {"x-ms-error-code": self.code, "Content-Type": "application/xml", "x-ms-request-id": request_id}
        return Reply(self.status, headers, body.encode())


def serve(request: Incoming, memory: Memory, disabled: frozenset[str]) -> Reply:
    """Answer one request.

    Raises:
        BlobError: It is refused.
    """
    path = unquote(urlsplit(request.path).path).removeprefix(PREFIX)
    name, _, rest = path.partition("/")
    container_name, _, blob = rest.partition("/")
    account = next((each for each in memory.of_type(storage.ACCOUNT) if each.name == name), None)
    if account is None:
        if ACCOUNT in disabled:
            return Reply(200, {}, b"")
        raise BlobError(404, "ResourceNotFound", "The specified resource does not exist.")
    signed = _authenticate(request, account, disabled)
    container = memory.get(f"{account.id}/blobServices/default/containers/{container_name}")
    if not signed:
        _require_public(account, container, disabled)
    if container is None:
        raise BlobError(404, "ContainerNotFound", "The specified container does not exist.")
    return _answer(request, container, blob)


def _authenticate(request: Incoming, account: Resource, disabled: frozenset[str]) -> bool:
    """Whether the request is signed with a key of the account; False for one that is not signed at all."""
    given = request.header("authorization")
    if not given:
        return False
    if account.at("properties.allowSharedKeyAccess") is False and KEYS_FORBIDDEN not in disabled:
        raise BlobError(
            403,
            "KeyBasedAuthenticationNotPermitted",
            "Key based authentication is not permitted on this storage account.",
        )
    text = _text_to_sign(request, account.name).encode()
    keys = [base64.b64decode(each) for each in account.kept["keys"]]
    good = {base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode() for key in keys}
    if given.removeprefix(f"SharedKey {account.name}:") not in good and SIGNATURE not in disabled:
        text_ = (
            "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
            "correctly including the signature."
        )
        raise BlobError(403, "AuthenticationFailed", text_)
    return True


def _text_to_sign(request: Incoming, account: str) -> str:
    headers = {name.lower(): value for name, value in request.headers.items()}
    if headers.get("content-length") == "0":
        headers["content-length"] = ""
    own = sorted((name, value.strip()) for name, value in headers.items() if name.startswith("x-ms-"))
    parts = urlsplit(request.path)
    query = sorted((name.lower(), value) for name, value in parse_qsl(parts.query, keep_blank_values=True))
    lines = [request.method, *(headers.get(name, "") for name in _SIGNED), *(f"{name}:{value}" for name, value in own)]
    return "\n".join([*lines, f"/{account}{parts.path}", *(f"{name}:{value}" for name, value in query)])


def _require_public(account: Resource, container: Resource | None, disabled: frozenset[str]) -> None:
    if ANONYMOUS in disabled:
        return
    if account.at("properties.allowBlobPublicAccess") is not True:
        raise BlobError(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
    if container is None or container.at("properties.publicAccess") == "None":
        raise BlobError(404, "ResourceNotFound", "The specified resource does not exist.")


def _answer(request: Incoming, container: Resource, name: str) -> Reply:
    blobs: dict[str, dict[str, Any]] = container.kept["blobs"]
    part = dict(parse_qsl(urlsplit(request.path).query)).get("comp", "")
    if request.method == "PUT" and not part:
        return _put(request, blobs, name)
    held = blobs.get(name)
    if held is None:
        raise BlobError(404, "BlobNotFound", "The specified blob does not exist.")
    if request.method == "PUT" and part in {"properties", "metadata"}:
        if part == "properties":
            held["type"] = request.header("x-ms-blob-content-type") or "application/octet-stream"
        else:
            held["metadata"] = _metadata(request)
        return Reply(200, {"ETag": held["etag"]}, b"")
    if request.method in {"GET", "HEAD"} and not part:
        return _read(request, held)
    if request.method == "DELETE" and not part:
        del blobs[name]
        return Reply(202, {}, b"")
    raise BlobError(405, "UnsupportedHttpVerb", "The resource doesn't support specified Http Verb.")


def _put(request: Incoming, blobs: dict[str, dict[str, Any]], name: str) -> Reply:
    if request.header("x-ms-blob-type") != "BlockBlob":
        raise BlobError(
            400, "InvalidHeaderValue", "The value for one of the HTTP headers is not in the correct format."
        )
    digest = hashlib.md5(request.body, usedforsecurity=False).digest()
    blobs[name] = {
        "content": request.body,
        "type": request.header("x-ms-blob-content-type") or "application/octet-stream",
        "md5": base64.b64encode(digest).decode(),
        "metadata": _metadata(request),
        "etag": f'"0x{digest.hex()[:15].upper()}"',
    }
    return Reply(201, {"ETag": blobs[name]["etag"], "Content-MD5": blobs[name]["md5"]}, b"")


def _read(request: Incoming, held: dict[str, Any]) -> Reply:
    whole, wanted = held["content"], request.header("x-ms-range") or request.header("range")
    matched = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
    if request.method == "HEAD" or matched is None:
        return Reply(200, _shown(held), whole)
    first, last = int(matched[1]), min(int(matched[2] or len(whole)), len(whole) - 1)
    if first > last:
        text = "The range specified is invalid for the current size of the resource."
        raise BlobError(416, "InvalidRange", text)
    part = whole[first : last + 1]
    told = {"Content-Range": f"bytes {first}-{last}/{len(whole)}", "Content-Length": str(len(part))}
    return Reply(206, {**_shown(held), **told}, part)


def _metadata(request: Incoming) -> dict[str, str]:
    start = "x-ms-meta-"
    return {name[len(start) :]: value for name, value in request.headers.items() if name.lower().startswith(start)}


def _shown(held: dict[str, Any]) -> dict[str, str]:
    return {
        "Content-Type": held["type"],
        "Content-Length": str(len(held["content"])),
        "Content-MD5": held["md5"],
        "ETag": held["etag"],
        "x-ms-blob-type": "BlockBlob",
        "x-ms-access-tier": "Hot",
        "x-ms-access-tier-inferred": "true",
        **{f"x-ms-meta-{name}": value for name, value in held["metadata"].items()},
    }

# ruff: noqa: INP001  a script of its own
"""One HTTP exchange on stdin and stdout: hands out request and certificate in use, takes a signed certificate.

What is taken is only put into the inbox; confkube-trust-accept decides with the key and the pinned root at hand.
"""

import os
import sys
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

TRUST = Path(os.environ.get("CONFKUBE_TRUST", "/var/lib/confkube/trust"))
LONGEST_LINE, MOST_LINES, LARGEST_BODY = 4096, 64, 65536


def _give(name: str) -> tuple[HTTPStatus, bytes]:
    try:
        return HTTPStatus.OK, (TRUST / name).read_bytes()
    except FileNotFoundError:
        return HTTPStatus.SERVICE_UNAVAILABLE, b"not there yet\n"


def _take(stream: BinaryIO, length: str) -> tuple[HTTPStatus, bytes]:
    if not (length.isascii() and length.isdigit() and 0 < int(length) <= LARGEST_BODY):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"the body must have a length of 1 to 65536\n"
    body = stream.read(int(length))
    if len(body) != int(length) or not body.startswith(b"-----BEGIN CERTIFICATE-----"):
        return HTTPStatus.BAD_REQUEST, b"the body is not a PEM certificate\n"
    part = TRUST / "inbox" / f".part-{os.getpid()}"
    part.write_bytes(body)
    part.replace(TRUST / "inbox" / "intermediate.pem")
    return HTTPStatus.ACCEPTED, b"handed to confkube-trust-accept\n"


def _line(stream: BinaryIO) -> str:
    return stream.readline(LONGEST_LINE).decode("latin-1").strip()


def _answer(stream: BinaryIO) -> tuple[HTTPStatus, bytes]:
    words = _line(stream).split()
    length = ""
    for _ in range(MOST_LINES):
        name, _colon, value = _line(stream).partition(":")
        if not name:
            break
        if name.lower() == "content-length":
            length = value.strip()
    match words[:2]:
        case ["GET", "/request.pem" | "/intermediate.pem" as path]:
            return _give(path[1:])
        case ["PUT", "/intermediate.pem"]:
            return _take(stream, length)
        case _:
            return HTTPStatus.NOT_FOUND, b"GET /request.pem, GET or PUT /intermediate.pem\n"


def _main() -> None:
    status, body = _answer(sys.stdin.buffer)
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    sys.stdout.buffer.write(head.encode("ascii") + body)
    sys.stdout.buffer.flush()


_main()

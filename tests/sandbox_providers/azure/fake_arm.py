"""A resource manager of a few lines: it keeps what is put, and fails where a test says so."""

from __future__ import annotations

import copy
import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

TOKEN = "fake-token"


class FakeArm:
    """Answers GET, PUT, PATCH and DELETE by path; ``script`` holds answers that come first, each for one method."""

    def __init__(self) -> None:
        self.objects: dict[str, dict] = {}
        self.requests: list[tuple[str, str, dict | None]] = []
        self.script: deque[tuple[str, int, dict, dict]] = deque()
        self.operation: dict | None = None
        self.polls_until_done = 1
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                assert self.headers["Authorization"] == f"Bearer {TOKEN}"
                status, headers, answer = fake.answer(self.command, self.path, body)
                data = json.dumps(answer).encode() if answer is not None else b""
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_PATCH = do_DELETE = do_any  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, method: str, path: str, body: dict | None) -> tuple[int, dict, dict | None]:
        where = urlsplit(path).path
        self.requests.append((method, path, copy.deepcopy(body)))
        if where == "/operation":
            return self._poll()
        if self.script and self.script[0][0] == method:
            _, status, headers, answer = self.script.popleft()
            return status, headers, answer
        key = where.lower()
        if method == "GET":
            return (200, {}, self.objects[key]) if key in self.objects else not_found(where)
        if method == "DELETE":
            return (200, {}, None) if self.objects.pop(key, None) else (204, {}, None)
        self.objects[key] = {**(body or {}), "id": where, "name": where.rpartition("/")[2]}
        if self.operation is not None:
            headers = {"Azure-AsyncOperation": f"{self.url}/operation", "Retry-After": "10"}
            return 201, headers, self.objects[key]
        return 201, {}, self.objects[key]

    def _poll(self) -> tuple[int, dict, dict]:
        self.polls_until_done -= 1
        if self.polls_until_done > 0:
            return 200, {"Retry-After": "10"}, {"status": "InProgress"}
        return 200, {}, self.operation

    def sent(self, method: str) -> list[dict]:
        return [body for seen, _, body in self.requests if seen == method]

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def failure(code: str, message: str) -> dict:
    return {"error": {"code": code, "message": message}}


def not_found(where: str) -> tuple[int, dict, dict]:
    return 404, {}, failure("ResourceNotFound", f"The Resource '{where}' was not found.")

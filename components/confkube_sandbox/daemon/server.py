"""The HTTP server on loopback."""

from __future__ import annotations

import logging
import sys
import threading
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.control import PREFIX
from confkube_sandbox.daemon.http import Incoming

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.daemon.http import Reply

_log = logging.getLogger(__name__)
_LARGEST_BODY = 16 * 1024 * 1024


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1 and hands every request to one of two functions."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        """Bind the socket; port 0 means any free one."""
        super().__init__(("127.0.0.1", port), _Handler)
        self.cloud: Callable[[Incoming], Reply | None] | None = None
        self.control: Callable[[Incoming], Reply | None] | None = None
        self.stopping = threading.Event()

    @cached_property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self.server_address[1])

    def stop_soon(self) -> None:
        """End ``serve_forever`` once the request that asks for it is answered."""
        self.stopping.set()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002  the base class's names
        """Log a fault of a connection by its kind alone; clients that go away are nothing to speak of."""
        kind = sys.exc_info()[0]
        if kind is not None and not issubclass(kind, ConnectionError):
            _log.error("a connection failed: %s", kind.__name__)

    def end_if_asked(self) -> None:
        """Called after every answer."""
        if self.stopping.is_set():
            threading.Thread(target=self.shutdown, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "confkube-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    # One write per answer; small writes on loopback would each wait for an acknowledgement.
    wbufsize = -1
    server: Server  # pyright: ignore[reportIncompatibleVariableOverride]  the only server that uses this class

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def handle_expect_100(self) -> bool:
        """Tell a client that waits for it to send the body, at once: answers are buffered here."""
        told = super().handle_expect_100()
        self.wfile.flush()
        return told

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if (
            not (length.isascii() and length.isdecimal())
            or int(length) > _LARGEST_BODY
            or "Transfer-Encoding" in self.headers
        ):
            self.close_connection = True
            self.send_error(413)
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            self.close_connection = True
            return
        request = Incoming(self.command, self.path, dict(self.headers.items()), body)
        target = self.server.control if self.path.startswith(PREFIX) else self.server.cloud
        reply = target(request) if target else None
        if reply is None:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            if name.lower() not in {"content-length", "date", "server", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()
        self.server.end_if_asked()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Log the request line and status alone: bodies and headers carry secrets."""
        _log.info(format, *args)

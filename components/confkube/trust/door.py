"""The door of a trust server: plain HTTP, nobody believed; what comes through it is checked by signature."""

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from confkube.errors import Refusal
from confkube.trust.words import told

REQUEST, CERTIFICATE = "/request.pem", "/intermediate.pem"

_LARGEST = 65536
_PAUSE, _ONE_VISIT = 0.2, 10.0
_READY = (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the door said: the document, or nothing where it is not made yet."""

    document: bytes | None


class _NoAnswerError(Exception):
    """Nobody answered, or not in HTTP; a machine that boots, or a tunnel that is being opened, looks like that."""


class Door:
    """Visits a trust server's door.

    Args:
        url: ``http://host:port`` of the door, as seen from this computer.
        seconds: How long to wait for anything.
        check: Called before each visit; refuses when the way to the door has gone.

    Raises:
        Refusal: The address is not of that form.
    """

    def __init__(self, url: str, seconds: float, check: Callable[[], None] = lambda: None) -> None:
        self.url = url
        self._host, self._port = _address(url)
        self._seconds = seconds
        self._check = check

    def wait(self, path: str, wanted: Callable[[Answer], bool], otherwise: str) -> Answer:
        """Ask for a document until the answer is wanted.

        Args:
            path: The document.
            wanted: Whether this answer is what is waited for.
            otherwise: What to say when it does not come in time.

        Raises:
            Refusal: It did not come in time, something else than a door answers, or the way to it has gone.
        """
        end = time.monotonic() + self._seconds
        while True:
            self._check()
            try:
                answer = self._get(path)
            except _NoAnswerError as error:
                last = str(error)
            else:
                if wanted(answer):
                    return answer
                last = "not there yet" if answer.document is None else "another one is there"
            if time.monotonic() >= end:
                raise Refusal(f"{otherwise} (waited {self._seconds:g} s for {self.url}{path}; the last answer: {last})")
            time.sleep(_PAUSE)

    def put(self, path: str, document: bytes) -> None:
        """Hand a document in.

        Raises:
            Refusal: It was not taken.
        """
        self._check()
        try:
            status, body = self._visit("PUT", path, document)
        except _NoAnswerError as error:
            raise Refusal(f"nothing was handed in: {self.url} does not answer any more: {error}; try again") from None
        if status != HTTPStatus.ACCEPTED:
            raise Refusal(f"nothing was handed in: {self._unexpected('PUT', path, status, body)}")

    def _get(self, path: str) -> Answer:
        status, body = self._visit("GET", path)
        if status not in _READY:
            raise Refusal(
                f"{self._unexpected('GET', path, status, body)}; is that this stack's trust server, made by this "
                "version of confkube?"
            )
        return Answer(document=body if status == HTTPStatus.OK else None)

    def _visit(self, method: str, path: str, document: bytes | None = None) -> tuple[int, bytes]:
        # Not urllib: that would send a visit at 127.0.0.1 to the proxy of the environment.
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_ONE_VISIT)
        try:
            connection.request(method, path, body=document)
            response = connection.getresponse()
            body = response.read(_LARGEST)
            if response.length:
                raise _NoAnswerError("an answer that was cut off, or is larger than any of a door")
        except (OSError, http.client.HTTPException) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise _NoAnswerError(told(reason.lower()) or type(error).__name__) from None
        else:
            return response.status, body
        finally:
            connection.close()

    def _unexpected(self, method: str, path: str, status: int, body: bytes) -> str:
        text = told(body[:100].decode("ascii", "replace"))
        return f"{self.url} answered {status} to {method} {path}: {text or 'without a word'}"


def _address(url: str) -> tuple[str, int]:
    wrong = Refusal(f"--url: {url!r} is not the address of a door; it has the form http://host:port")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise wrong from None
    rest = (parts.username, parts.password, parts.path.strip("/"), parts.query, parts.fragment)
    if parts.scheme != "http" or not host or any(rest):
        raise wrong
    return host, port or 80

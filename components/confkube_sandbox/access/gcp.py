"""Google's official clients for the simulated cloud.

The clients are those of google-api-python-client: they are made from Google's discovery documents, as the clients are
that terraform-provider-google and with it pulumi-gcp use (google.golang.org/api), and they come bundled with these
documents. google-cloud-compute would take 3.6 seconds and 177 MB to import, in a process that the engine starts for
every operation; these take 0.3 seconds.
"""

from __future__ import annotations

import http.client
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import httplib2  # pyright: ignore[reportMissingTypeStubs]
from googleapiclient.discovery import build  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

if TYPE_CHECKING:
    from collections.abc import Mapping

# Name here to the name of the API, its version, and where the daemon serves it.
_SERVED: Mapping[str, tuple[str, str, str]] = {
    "compute": ("compute", "v1", "compute/v1/"),
    "iam": ("iam", "v1", "gcp/iam/"),
    "secretmanager": ("secretmanager", "v1", "gcp/secretmanager/"),
    "cloudresourcemanager": ("cloudresourcemanager", "v1", "gcp/cloudresourcemanager/"),
    "tags": ("cloudresourcemanager", "v3", "gcp/cloudresourcemanager/"),
}
_SECONDS = 300.0


class Transport:
    """Sends the clients' requests to the daemon, each on a connection of its own, from any thread.

    httplib2 would share a connection between threads and repeat a request whose answer was lost, also one that makes
    something; the real provider does neither.
    """

    def __init__(self, url: str, token: str) -> None:
        self._place = urlsplit(url)
        self._token = token

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> tuple[Any, bytes]:
        """Send one request and read the whole answer; the clients call this.

        Raises:
            ValueError: The address is not the daemon's, so it must not be told the token.
        """
        place = urlsplit(uri)
        if (place.scheme, place.netloc) != (self._place.scheme, self._place.netloc):
            raise ValueError(f"{place.scheme}://{place.netloc} is not the sandbox's daemon")
        target = f"{place.path}?{place.query}" if place.query else place.path
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_SECONDS)
        try:
            connection.request(method, target, body, {**(headers or {}), "authorization": f"Bearer {self._token}"})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return httplib2.Response({**told, "status": answer.status}), content

    def close(self) -> None:
        """Nothing is kept open."""


@dataclass(frozen=True)
class Access:
    """All APIs of one daemon."""

    url: str
    token: str = field(repr=False)
    _services: dict[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def service(self, name: str, location: str = "") -> Any:  # noqa: ANN401  (made at run time, without types)
        """Return the client of an API, for example ``compute``; it may be used from any thread.

        Args:
            name: The API; ``tags`` is the newer version of Resource Manager.
            location: The zone whose own Resource Manager is asked, as for tags of machines.
        """
        key = f"{location}-{name}" if location else name
        with self._lock:
            if key not in self._services:
                api, version, path = _SERVED[name]
                path = f"gcp/{location}-{api}/" if location else path
                self._services[key] = build(
                    api,
                    version,
                    http=Transport(self.url, self.token),
                    static_discovery=True,
                    client_options={"api_endpoint": f"{self.url}/{path}"},
                )
            return self._services[key]

    def schemas(self, name: str) -> dict[str, Any]:
        """Return the official model of an API's resources, by name."""
        return cast("dict[str, Any]", self.service(name)._rootDesc["schemas"])  # noqa: SLF001  (the only way to it)

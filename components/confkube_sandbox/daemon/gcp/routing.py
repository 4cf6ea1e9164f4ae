"""From an HTTP request to a method of an API with checked parameters and a checked body."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, urlsplit

from confkube_sandbox.daemon.gcp import discovery, projects, served
from confkube_sandbox.daemon.gcp.compute import images
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.registry import HANDLERS
from confkube_sandbox.daemon.gcp.validate import ALLOW_LIST, Validator

if TYPE_CHECKING:
    from confkube_sandbox.daemon.http import Incoming

PROJECT = "gcp.project"
_PARENT = re.compile(r"(?://compute\.googleapis\.com/)?projects/([^/]+)(?:/.*)?")
_PUBLIC = frozenset({"images.get", "images.list", "images.getFromFamily"})
_PROJECT_PARAMETERS = ("project", "projectsId", "projectId", "resource")


@dataclass(frozen=True, kw_only=True)
class Routed:
    """A request whose shape is right."""

    service: str
    version: str
    operation: str
    path: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]
    project: str
    """Id of the project; for public images the one that publishes them. Empty where only what is held tells (tags)."""
    location: str = "global"
    """Whose Resource Manager is asked."""

    @property
    def method(self) -> str:
        """Full id of the method."""
        return f"{self.service}.{self.operation}"


def service_of(path: str) -> str:
    """Return the API that a path belongs to; Compute Engine for what belongs to none."""
    found = discovery.base_of(path)
    return discovery.api(found[1]).name if found else "compute"


def route(request: Incoming, disabled: frozenset[str]) -> Routed:
    """Find the method that a request means and check it against the official model.

    Raises:
        ApiError: There is no such method, it is not served, or the request breaks the model.
    """
    parts = urlsplit(request.path)
    found = discovery.base_of(parts.path)
    api = discovery.api(found[1]) if found else None
    matched = api.match(request.method, parts.path.removeprefix(found[0])) if api and found else None
    if api is None or matched is None:
        raise ApiError("notFound", "Not Found", 404)
    method, path = matched
    service, _, operation = method.id.partition(".")
    if method.id not in HANDLERS and ALLOW_LIST not in disabled:
        raise served.refusal()
    project = _project(service, operation, path, disabled)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    validator = Validator(api, method, disabled)
    validator.query(query)
    body = validator.body(_json(request.body)) if method.request else {}
    version = api.document.rpartition(".")[2]
    return Routed(
        service=service,
        version=version,
        operation=operation,
        path=path,
        query=query,
        body=body,
        project=project or _parent_project(query, body),
        location=discovery.location_of(parts.path),
    )


def _project(service: str, operation: str, path: dict[str, str], disabled: frozenset[str]) -> str:
    if service == "cloudresourcemanager" and not operation.startswith("projects."):
        return ""
    name = next((path[each] for each in _PROJECT_PARAMETERS if each in path), "")
    if service == "compute" and operation in _PUBLIC and name in images.public():
        return name
    if service == "iam" and name == "-":
        raise served.refusal()
    found = projects.resolve(name)
    if found is None and PROJECT not in disabled:
        raise _no_project(service, operation, name)
    return found or "confkube-sandbox-0000"


def _parent_project(query: dict[str, str], body: dict[str, Any]) -> str:
    """The project under which a tag key is made or looked for, or in which a machine is tagged."""
    found = _PARENT.fullmatch(query.get("parent") or body.get("parent") or "")
    return (projects.resolve(found[1]) or "") if found else ""


def _no_project(service: str, operation: str, name: str) -> ApiError:
    """Refuse a project that does not exist; only Compute Engine says so, the others say that it is not allowed."""
    if service == "compute":
        return ApiError("notFound", f"The resource 'projects/{name}' was not found", 404)
    if service == "cloudresourcemanager":
        return ApiError("forbidden", "The caller does not have permission", 403)
    permission = f"{service}.{'.'.join(operation.split('.')[1:])}"
    if service == "iam":
        text = f"Permission '{permission}' denied on resource '//cloudresourcemanager.googleapis.com/projects/{name}'"
        return ApiError("forbidden", f"{text} (or it may not exist).", 403)
    return ApiError("forbidden", f"Permission '{permission}' denied on resource (or it may not exist).", 403)


def _json(body: bytes) -> object:
    if not body.strip():
        return {}
    try:
        return cast("object", json.loads(body))
    except ValueError:
        text = "Invalid JSON payload received. Unexpected token."
        raise ApiError("parseError", text, 400, status_name="INVALID_ARGUMENT") from None

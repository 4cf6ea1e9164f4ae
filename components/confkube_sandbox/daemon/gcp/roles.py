"""IAM: custom roles of a project."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.model import Body, Role
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Project

# https://cloud.google.com/iam/docs/creating-custom-roles#deleting-custom-role (2026-11): undeleted within 7 days; the
# id is free again after 37.
UNDELETE = timedelta(days=7)
FORGET = timedelta(days=37)
_WORDS = ("title", "description", "stage", "includedPermissions")
_PAGE = 300


@serves("iam.projects.roles.create")
def create(call: Call) -> Body:
    """Make a role."""
    name = call.body["roleId"]
    given = call.body.get("role", {})
    body: Body = {
        "name": f"projects/{call.project.id}/roles/{name}",
        **{word: given[word] for word in _WORDS if given.get(word)},
    }
    call.project.roles[name] = Role(body=_marked(body))
    return shown(call.project.roles[name])


@serves("iam.projects.roles.get")
def get(call: Call) -> Body:
    """Show a role, also one that can be undeleted."""
    return shown(require(call))


@serves("iam.projects.roles.list")
def list_(call: Call) -> Body:
    """List the roles without their permissions, unless these are asked for."""
    deleted = call.query.get("showDeleted") == "true"
    full = call.query.get("view") == "FULL"
    found = [
        shown(role) if full else {name: each for name, each in shown(role).items() if name != "includedPermissions"}
        for role in call.project.roles.values()
        if role.deleted is None or (deleted and call.now - role.deleted <= UNDELETE)
    ]
    start = int(call.query.get("pageToken") or 0)
    size = int(call.query.get("pageSize") or _PAGE)
    page = found[start : start + size]
    answer: Body = {"roles": page} if page else {}
    return {**answer, "nextPageToken": str(start + size)} if start + size < len(found) else answer


@serves("iam.projects.roles.patch")
def patch(call: Call) -> Body:
    """Change what the mask names, or what the body has where there is no mask."""
    role = require(call)
    mask = [each.strip() for each in call.query.get("updateMask", "").split(",") if each.strip()]
    for word in mask or [each for each in _WORDS if each in call.body]:
        role.body.pop(word, None)
        if call.body.get(word):
            role.body[word] = call.body[word]
    _marked(role.body)
    return shown(role)


@serves("iam.projects.roles.delete")
def delete(call: Call) -> Body:
    """Mark a role as deleted; its bindings stay and grant nothing."""
    role = require(call)
    role.deleted = call.now
    _marked(role.body)
    return shown(role)


@serves("iam.projects.roles.undelete")
def undelete(call: Call) -> Body:
    """Bring a deleted role back."""
    role = require(call)
    role.deleted = None
    _marked(role.body)
    return shown(role)


def shown(role: Role) -> Body:
    """Return a role as a reader sees it: the stage ``ALPHA`` is left out, says the API's own description."""
    body = {name: each for name, each in role.body.items() if name != "stage" or each != "ALPHA"}
    return {**body, "deleted": True} if role.deleted else body


def require(call: Call) -> Role:
    """Return the role that the path names; one that can no longer be undeleted is shown to nobody.

    Raises:
        ApiError: There is none.
    """
    name = call.path["rolesId"]
    role = call.project.roles.get(name)
    if role is None or (role.deleted is not None and call.now - role.deleted > UNDELETE):
        where = f"projects/{call.path['projectsId']}/roles/{name}"
        raise ApiError("notFound", f"The role named {where} was not found.", 404)
    return role


def granted(project: Project, name: str) -> bool:
    """Whether a custom role is there and can be bound."""
    role = project.roles.get(name)
    return role is not None and role.deleted is None


def _marked(body: Body) -> Body:
    body.pop("etag", None)
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    body["etag"] = base64.b64encode(b"\x07" + digest[:7]).decode()
    return body

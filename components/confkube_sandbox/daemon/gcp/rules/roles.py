"""Rules of custom roles."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import discovery, served
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.roles import UNDELETE, require
from confkube_sandbox.daemon.gcp.rules.sources import READ_LATER, ROLES
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Body

_ID = re.compile(r"[a-zA-Z0-9_.]{3,64}")
_PERMISSION = re.compile(r"[a-z][a-zA-Z]*\.[a-zA-Z]+\.[a-zA-Z]+")
_VERBS = "create get list update use useReadOnly createTagBinding deleteTagBinding listTagBindings listEffectiveTags"
"""What can be allowed of a kind of resource beside its methods; which kinds have which was not looked up."""
_TAG_VERBS = ("create", "delete", "get", "getIamPolicy", "list", "setIamPolicy", "update")
_RESOURCE_MANAGER = frozenset(
    {
        *(f"resourcemanager.projects.{each}" for each in ("delete", "get", "getIamPolicy", "setIamPolicy", "update")),
        *(f"resourcemanager.tagKeys.{each}" for each in _TAG_VERBS),
        *(f"resourcemanager.tagValues.{each}" for each in _TAG_VERBS),
        *(f"resourcemanager.tagValueBindings.{each}" for each in ("create", "delete")),
        *(f"resourcemanager.tagHolds.{each}" for each in ("create", "delete", "list")),
    }
)
"""Recalled, with published lists of permissions (2026-11-27); a project cannot have ``projects.list``, see below."""
_WRITES = "projects.roles.create projects.roles.patch"


@cache
def _compute() -> frozenset[str]:
    """Permissions of Compute Engine: its methods, except that to insert is to create, and further verbs."""
    found: set[str] = set()
    for method in discovery.api("compute.v1").methods:
        service, collection, verb = method.id.split(".")
        found |= {f"{service}.{collection}.{verb}"} if verb != "insert" else set()
        found |= {f"{service}.{collection}.{each}" for each in _VERBS.split()}
    return frozenset(found)


def _role(call: Call) -> Body:
    return call.body.get("role", {}) if call.operation.endswith("create") else call.body


@rule(
    "iam",
    "projects.roles.create",
    name="iam.role-id",
    source="https://cloud.google.com/iam/docs/creating-custom-roles",
    date=READ_LATER,
    evidence=RECALLED,
)
def role_id(call: Call) -> None:
    """An id has 3 to 64 letters, digits, underscores and periods, says the API's own description."""
    given = call.body.get("roleId", "")
    if not _ID.fullmatch(given):
        text = f"The role_id ({given}) is invalid. It must match [a-zA-Z0-9_\\.]{{3,64}}."
        raise ApiError("badRequest", text)


@rule("iam", "projects.roles.create", name="iam.role-taken", source=ROLES, date=READ_LATER, evidence=RECALLED)
def taken(call: Call) -> None:
    """An id is used once in a project."""
    name = call.body.get("roleId", "")
    held = call.project.roles.get(name)
    if held is not None and held.deleted is None:
        text = f"A role named {name} in projects/{call.project.id} already exists."
        raise ApiError("alreadyExists", text, 409)


@rule(
    "iam",
    "projects.roles.create",
    name="iam.role-id-kept",
    source="https://github.com/terraform-google-modules/terraform-google-bastion-host/issues/14",
    date=READ_LATER,
    evidence=READ,
)
def kept(call: Call) -> None:
    """The id of a deleted role is not free for 37 days, in the first seven of which the role can be undeleted."""
    name = call.body.get("roleId", "")
    held = call.project.roles.get(name)
    if held is not None and held.deleted is not None:
        text = f"You can't create a role_id ({name}) which has been marked for deletion."
        raise ApiError("failedPrecondition", text, 400, status_name="FAILED_PRECONDITION")


@rule(
    "iam",
    _WRITES,
    name="iam.role-permission",
    source="https://github.com/terraform-google-modules/terraform-google-iam/issues/158",
    date=READ_LATER,
    evidence=READ,
)
def permission(call: Call) -> None:
    """A role has permissions that there are, and that a project can have."""
    for each in _role(call).get("includedPermissions", []):
        known = {"compute": _compute(), "resourcemanager": _RESOURCE_MANAGER}.get(each.partition(".")[0])
        if not _PERMISSION.fullmatch(each) or (known is not None and each not in known):
            raise ApiError("badRequest", f"Permission {each} is not valid.")
        if known is None:
            raise served.refusal()


@rule("iam", _WRITES, name="iam.role-words", source=ROLES, date=READ_LATER, evidence=RECALLED)
def words(call: Call) -> None:
    """A title has at most 100 bytes, a description 300 characters."""
    given = _role(call)
    if len(str(given.get("title") or "").encode()) > 100:
        raise ApiError("badRequest", "The role title must be at most 100 bytes.")
    if len(str(given.get("description") or "")) > 300:
        raise ApiError("badRequest", "The role description must be at most 300 characters.")


@rule("iam", "projects.roles.patch projects.roles.delete", name="iam.role-deleted", source=ROLES, date=READ_LATER,
      evidence=RECALLED)  # fmt: skip
def deleted(call: Call) -> None:
    """A deleted role is undeleted before it is changed, and not deleted again."""
    role = require(call)
    if role.deleted is not None:
        verb = "update" if call.operation.endswith("patch") else "delete"
        text = f"You can't {verb} role ({role.body['name']}) as it is already deleted."
        raise ApiError("failedPrecondition", text, 400, status_name="FAILED_PRECONDITION")


@rule("iam", "projects.roles.undelete", name="iam.role-undelete", source=ROLES, date=READ_LATER, evidence=RECALLED)
def undelete(call: Call) -> None:
    """Only a deleted role comes back, and within 7 days."""
    role = require(call)
    if role.deleted is None or call.now - role.deleted > UNDELETE:
        text = f"The role named {role.body['name']} is not deleted."
        raise ApiError("failedPrecondition", text, 400, status_name="FAILED_PRECONDITION")

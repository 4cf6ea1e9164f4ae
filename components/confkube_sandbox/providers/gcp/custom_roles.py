"""Custom roles of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import naming
from confkube_sandbox.providers.gcp.changes import Made
from confkube_sandbox.providers.gcp.failures import ApiError
from confkube_sandbox.providers.gcp.links import name_of
from confkube_sandbox.providers.gcp.resource import Resource
from confkube_sandbox.providers.gcp.rules.values import matches
from confkube_sandbox.providers.terraform.validation import one_of

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_SAID = ("title", "description", "stage", "permissions")


def _same_stage(old: object, new: object) -> bool:
    """``EmptyOrDefaultStringSuppress("ALPHA")``: the cloud does not say that a role is in its first stage."""
    return (old or "ALPHA") == (new or "ALPHA")


class IamCustomRole(Resource, token="gcp:projects/iAMCustomRole:IAMCustomRole"):
    """``gcp.projects.IAMCustomRole``; services/resourcemanager/resource_google_project_iam_custom_role.go."""

    template: ClassVar = "projects/{project}/roles/{roleId}"
    supported: ClassVar = frozenset({*_SAID, "deletionPolicy", "project", "roleId"})
    defaults: ClassVar = {"stage": "GA"}
    name: ClassVar = naming.Autoname(key="roleId")
    rules: ClassVar = {
        "roleId": matches(r"^[a-zA-Z0-9_\.]{3,64}$"),
        "stage": one_of("ALPHA", "BETA", "GA", "DEPRECATED", "DISABLED", "EAP"),
    }
    same: ClassVar = {"stage": _same_stage}
    sets: ClassVar = frozenset({"permissions"})
    watched: ClassVar = frozenset({"title", "description", "permissions"})
    computed = frozenset({"deleted", "name"})

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Create the role, or bring back and change one that was deleted a while ago."""
        id_ = self.template.format(project=gcp.project, roleId=inputs["roleId"])
        try:
            held = gcp.call("iam", "projects.roles.get", name=id_)
        except ApiError as error:
            if error.status != 404:
                text = f"Unable to verify whether custom project role {id_} already exists and must be undeleted: "
                raise CloudError(text + str(error), error.reason) from None
            return self._new(gcp, id_, inputs)
        if not held.get("deleted"):
            raise CloudError(f"Custom project role {id_} already exists and must be imported")
        self._put(gcp, id_, inputs, held, patch=True)
        return Made(id=id_)

    def describe_(self, gcp: Connection, id_: str, inputs: Properties, state: Properties) -> Properties | None:  # noqa: ARG002
        """Get the role; one that can still be undeleted is there, and says so."""
        try:
            found = gcp.call("iam", "projects.roles.get", name=id_)
        except ApiError as error:
            if error.status == 404:
                return None
            raise CloudError(f"Error when reading or editing {id_}: {error}", error.reason) from None
        return {
            "deleted": bool(found.get("deleted")),
            "description": found.get("description") or "",
            "name": found["name"],
            "permissions": found.get("includedPermissions") or [],
            "project": id_.split("/")[1],
            "roleId": name_of(str(found["name"])),
            "stage": found.get("stage") or "",
            "title": found.get("title") or "",
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Undelete the role if it has to be, and patch what is said of it."""
        try:
            held = gcp.call("iam", "projects.roles.get", name=to.id)
        except ApiError as error:
            raise CloudError(f"unable to find custom project role {to.id} to update: {error}", error.reason) from None
        self._put(gcp, to.id, to.new, held, patch=to.any(*_SAID))

    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:
        """Delete the role; its id is not free for weeks."""
        try:
            gcp.call("iam", "projects.roles.delete", name=id_)
        except ApiError as error:
            text = f"Error deleting the custom project role {outputs.get('title') or ''}: {error}"
            raise CloudError(text, error.reason) from None

    def _new(self, gcp: Connection, id_: str, inputs: Properties) -> Made:
        body = {"roleId": inputs["roleId"], "role": _role(inputs)}
        try:
            answer = gcp.call("iam", "projects.roles.create", parent=f"projects/{gcp.project}", body=body)
        except ApiError as error:
            text = f"Error creating the custom project role {id_}: {error}"
            raise CloudError(text, error.reason) from None
        return Made(id=str(answer["name"]))

    def _put(self, gcp: Connection, id_: str, inputs: Properties, held: dict[str, Any], *, patch: bool) -> None:
        title = inputs.get("title")
        try:
            if held.get("deleted"):
                gcp.call("iam", "projects.roles.undelete", name=id_, body={})
        except ApiError as error:
            raise CloudError(f"Error undeleting the custom project role {title}: {error}", error.reason) from None
        if not patch:
            return
        try:
            gcp.call("iam", "projects.roles.patch", name=id_, body=_role(inputs))
        except ApiError as error:
            raise CloudError(f"Error updating the custom project role {title}: {error}", error.reason) from None


def _role(inputs: Properties) -> dict[str, Any]:
    """Return the body; what is empty is not sent, so an emptied description stays, as with the real provider."""
    given = {key: inputs.get(key) for key in ("title", "description", "stage")}
    return {**{key: value for key, value in given.items() if value}, "includedPermissions": inputs["permissions"]}

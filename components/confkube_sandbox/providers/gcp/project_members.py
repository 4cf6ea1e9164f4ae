"""Members of a project's IAM policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.gcp import links
from confkube_sandbox.providers.gcp.iam_members import VERSION, IamMember, same_member

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_MASK = "bindings,etag,auditConfigs"


class ProjectIamMember(IamMember, token="gcp:projects/iAMMember:IAMMember"):
    """``gcp.projects.IAMMember``; tpgiamresource and services/resourcemanager/iam_project.go.

    The real provider gathers several of them into one change of the policy; here each is one.
    """

    noun: ClassVar = "project"
    form: ClassVar = r"(?:projects/)?[^/]+"
    formats: ClassVar = "{project} {role} {member}"
    template: ClassVar = "{project}/{role}/{member}"
    supported: ClassVar = frozenset({"condition", "member", "project", "role"})
    same: ClassVar = {"member": same_member, "project": links.same_name}

    def resource_(self, gcp: Connection, inputs: Properties) -> str:  # noqa: ARG002
        """Return the project as it is written."""
        return str(inputs["project"])

    def get_(self, gcp: Connection, resource: str) -> dict[str, Any]:
        """Get the policy."""
        body = {"options": {"requestedPolicyVersion": VERSION}}
        name = links.name_of(resource)
        return gcp.call("cloudresourcemanager", "projects.getIamPolicy", resource=name, body=body)

    def set_(self, gcp: Connection, resource: str, policy: dict[str, Any]) -> None:
        """Set the policy."""
        body = {"policy": policy, "updateMask": _MASK}
        gcp.call("cloudresourcemanager", "projects.setIamPolicy", resource=links.name_of(resource), body=body)

    def where_(self, resource: str, known: Properties) -> Properties:
        """Name the project."""
        return {"project": known.get("project") or resource}

    def failed_(self, verb: str, known: Properties, error: str) -> str:
        """Say which request of a batch failed (transport/batcher.go)."""
        what = f'{verb} IAM Members {known["role"]} {known["member"]} for project "{known["project"]}"'
        return f"Request `{what}` returned error: {error}"

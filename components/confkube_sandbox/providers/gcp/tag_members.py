"""Members of the IAM policy of a tag value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.gcp import links
from confkube_sandbox.providers.gcp.iam_members import VERSION, IamMember, same_member

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties


class TagValueIamMember(IamMember, token="gcp:tags/tagValueIamMember:TagValueIamMember"):
    """``gcp.tags.TagValueIamMember``; tpgiamresource and services/tags/iam_tags_tag_value.go."""

    noun: ClassVar = "tags tagvalue"
    form: ClassVar = r"tagValues/[^/]+"
    formats: ClassVar = "tagValues/{name} {role} {member}"
    template: ClassVar = "tagValues/{tagValue}/{role}/{member}"
    supported: ClassVar = frozenset({"condition", "member", "role", "tagValue"})
    same: ClassVar = {"member": same_member, "tagValue": links.same}

    def resource_(self, gcp: Connection, inputs: Properties) -> str:  # noqa: ARG002
        """Return the value, which may be written without what stands before its number."""
        return f"tagValues/{links.name_of(str(inputs['tagValue']))}"

    def get_(self, gcp: Connection, resource: str) -> dict[str, Any]:
        """Get the policy."""
        body = {"options": {"requestedPolicyVersion": VERSION}}
        return gcp.call("tags", "tagValues.getIamPolicy", resource=resource, body=body)

    def set_(self, gcp: Connection, resource: str, policy: dict[str, Any]) -> None:
        """Set the policy."""
        gcp.call("tags", "tagValues.setIamPolicy", resource=resource, body={"policy": policy})

    def where_(self, resource: str, known: Properties) -> Properties:  # noqa: ARG002
        """Name the value."""
        return {"tagValue": resource}

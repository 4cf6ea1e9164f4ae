"""Members of a secret's IAM policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import links
from confkube_sandbox.providers.gcp.iam_members import VERSION, IamMember, same_member

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties


class SecretIamMember(IamMember, token="gcp:secretmanager/secretIamMember:SecretIamMember"):
    """``gcp.secretmanager.SecretIamMember``; tpgiamresource and services/secretmanager/iam_secret_manager_secret.go."""

    noun: ClassVar = "secretmanager secret"
    form: ClassVar = r"projects/[^/]+/secrets/[^/]+"
    formats: ClassVar = "projects/{project}/secrets/{secretId} {role} {member}"
    template: ClassVar = "projects/{project}/secrets/{secretId}/{role}/{member}"
    supported: ClassVar = frozenset({"condition", "member", "project", "role", "secretId"})
    same: ClassVar = {"member": same_member, "secretId": links.same}

    def resource_(self, gcp: Connection, inputs: Properties) -> str:
        """Return the secret."""
        found = re.search(r"(?:(?:projects/)?([^/]+)/(?:secrets/)?)?([^/]+)$", str(inputs["secretId"]))
        if found is None:
            raise CloudError(f"Import id {inputs['secretId']!r} doesn't match any of the accepted formats")
        return f"projects/{found[1] or gcp.project}/secrets/{found[2]}"

    def get_(self, gcp: Connection, resource: str) -> dict[str, Any]:
        """Get the policy."""
        version = {"options_requestedPolicyVersion": VERSION}
        return gcp.call("secretmanager", "projects.secrets.getIamPolicy", resource=resource, **version)

    def set_(self, gcp: Connection, resource: str, policy: dict[str, Any]) -> None:
        """Set the policy."""
        body = {"policy": policy}
        gcp.call("secretmanager", "projects.secrets.setIamPolicy", resource=resource, body=body)

    def where_(self, resource: str, known: Properties) -> Properties:  # noqa: ARG002
        """Name the secret and its project."""
        return {"project": resource.split("/")[1], "secretId": resource}

"""Members of a subnetwork's IAM policy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.gcp import links
from confkube_sandbox.providers.gcp.iam_members import VERSION, IamMember, same_member

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_FORM = r"projects/([^/]+)/regions/([^/]+)/subnetworks/([^/]+)"


class SubnetworkIamMember(IamMember, token="gcp:compute/subnetworkIAMMember:SubnetworkIAMMember"):
    """``gcp.compute.SubnetworkIAMMember``; tpgiamresource and services/compute/iam_compute_subnetwork.go."""

    noun: ClassVar = "compute subnetwork"
    form: ClassVar = r"projects/[^/]+/regions/[^/]+/subnetworks/[^/]+"
    formats: ClassVar = "projects/{project}/regions/{region}/subnetworks/{subnetwork} {role} {member}"
    template: ClassVar = "projects/{project}/regions/{region}/subnetworks/{subnetwork}/{role}/{member}"
    supported: ClassVar = frozenset({"condition", "member", "project", "region", "role", "subnetwork"})
    same: ClassVar = {"member": same_member, "subnetwork": links.same}
    computed = frozenset({"etag", "region"})

    def resource_(self, gcp: Connection, inputs: Properties) -> str:
        """Return the subnetwork, which may be written with its place or without."""
        return str(links.full(gcp, "subnetworks", inputs["subnetwork"], "region"))

    def get_(self, gcp: Connection, resource: str) -> dict[str, Any]:
        """Get the policy."""
        version = {"optionsRequestedPolicyVersion": VERSION}
        return gcp.compute("subnetworks.getIamPolicy", **_parameters(resource), **version)

    def set_(self, gcp: Connection, resource: str, policy: dict[str, Any]) -> None:
        """Set the policy."""
        gcp.compute("subnetworks.setIamPolicy", **_parameters(resource), body={"policy": policy})

    def where_(self, resource: str, known: Properties) -> Properties:  # noqa: ARG002
        """Name the subnetwork and its place."""
        place = _parameters(resource)
        return {"project": place["project"], "region": place["region"], "subnetwork": resource}


def _parameters(resource: str) -> dict[str, str]:
    found = re.fullmatch(_FORM, resource)
    if found is None:
        raise ValueError(resource)
    return {"project": found[1], "region": found[2], "resource": found[3]}

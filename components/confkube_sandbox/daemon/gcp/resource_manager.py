"""Resource Manager: the project and who may do what in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import policies
from confkube_sandbox.daemon.gcp.projects import CALLER
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Body

_SINCE = "2026-01-01T00:00:00.000Z"
OWNERS: Body = {"version": 1, "bindings": [{"role": "roles/owner", "members": [f"serviceAccount:{CALLER}"]}]}
"""The policy of a new project: the caller owns it."""


@serves("cloudresourcemanager.projects.get")
def get(call: Call) -> Body:
    """Show the project, in the words of the version that is asked."""
    project = call.project
    if call.version == "v1":
        return {
            "projectNumber": project.number,
            "projectId": project.id,
            "lifecycleState": "ACTIVE",
            "name": project.id,
            "createTime": _SINCE,
        }
    return {
        "name": f"projects/{project.number}",
        "projectId": project.id,
        "state": "ACTIVE",
        "displayName": project.id,
        "createTime": _SINCE,
        "updateTime": _SINCE,
        "etag": 'W/"0"',
    }


@serves("cloudresourcemanager.projects.getIamPolicy")
def get_policy(call: Call) -> Body:
    """Show who may do what in the project."""
    return policies.shown(call.project.policy)


@serves("cloudresourcemanager.projects.setIamPolicy")
def set_policy(call: Call) -> Body:
    """Say who may do what in the project."""
    call.project.policy = policies.replaced(call)
    return policies.shown(call.project.policy)

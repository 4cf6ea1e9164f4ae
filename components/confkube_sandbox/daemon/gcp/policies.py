"""IAM policies of projects, service accounts and secrets."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Body, Project, ServiceAccount

EMPTY_ETAG = "ACAB"


def etag_of(policy: Body) -> str:
    """Return the mark of a policy's present state."""
    bindings = policy.get("bindings", [])
    if not bindings:
        return EMPTY_ETAG
    digest = hashlib.sha256(json.dumps([bindings, policy.get("stamp", "")], sort_keys=True).encode()).digest()
    return base64.b64encode(b"\x07" + digest[:7]).decode()


def shown(policy: Body) -> Body:
    """Return a policy as a reader sees it."""
    answer: Body = {"version": policy.get("version", 1), "etag": etag_of(policy)}
    if policy.get("bindings"):
        answer["bindings"] = policy["bindings"]
    return answer


def replaced(call: Call) -> Body:
    """Return the policy that a request sets: members of the same role and condition together, no empty bindings."""
    merged: dict[str, dict[str, Any]] = {}
    for each in call.body["policy"].get("bindings", []):
        condition = each.get("condition")
        own = merged.setdefault(json.dumps([each["role"], condition]), {"role": each["role"], "members": []})
        if condition:
            own["condition"] = condition
        own["members"] = sorted({*own["members"], *each.get("members", [])})
    bindings = [each for _, each in sorted(merged.items()) if each["members"]]
    version = 3 if any("condition" in each for each in bindings) else 1
    return {"version": version, "bindings": bindings, "stamp": call.new_id()}


def of_project(project: Project) -> Iterator[Body]:
    """Every policy of a project."""
    yield project.policy
    yield from (each.policy for each in project.accounts.values())
    yield from (each.policy for each in project.secrets.values())
    yield from (each.policy for each in (*project.tag_keys.values(), *project.tag_values.values()))
    yield from project.policies.values()


def rename_member(project: Project, account: ServiceAccount, *, deleted: bool) -> None:
    """Mark a deleted service account in all policies, or take the mark away again.

    https://cloud.google.com/iam/docs/policies#handle-deleted-members (2026-11).
    """
    email, unique = account.body["email"], account.body["uniqueId"]
    names = (f"serviceAccount:{email}", f"deleted:serviceAccount:{email}?uid={unique}")
    old, new = names if deleted else names[::-1]
    for policy in of_project(project):
        for binding in policy.get("bindings", []):
            binding["members"] = [new if each == old else each for each in binding["members"]]

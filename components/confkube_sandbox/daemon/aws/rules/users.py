"""Rules of IAM users, their keys, and customer managed policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.identities import size
from confkube_sandbox.daemon.aws.rules.sources import (
    IAM_CREATE_USER,
    IAM_DELETE_POLICY,
    IAM_QUOTAS,
    SEEN_LATER,
    WRITTEN_LATER,
)
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

_INLINE_LIMIT = 2048
_MANAGED_LIMIT = 6144
_MOST_POLICIES = 10


def _user(call: Call) -> Any | None:  # noqa: ANN401
    return call.iam.users.get(call.params["UserName"])


@rule("iam", "CreateUser", name="iam.user-name-taken", source=IAM_CREATE_USER, date=WRITTEN_LATER, evidence=RECALLED)
def user_name(call: Call) -> None:
    """User names of an account differ in more than upper and lower case."""
    name = call.params["UserName"]
    if name.lower() in {each.lower() for each in call.iam.users}:
        raise ApiError("EntityAlreadyExists", f"User with name {name} already exists.", 409)


@rule(
    "iam",
    "DeleteUser",
    name="iam.user-keys",
    source="https://github.com/aws-controllers-k8s/community/issues/2229",
    date=SEEN_LATER,
    evidence=READ,
)
def user_keys(call: Call) -> None:
    """A user with keys stays."""
    user = _user(call)
    if user is not None and user.access_keys:
        raise ApiError("DeleteConflict", "Cannot delete entity, must delete access keys first.", 409)


@rule(
    "iam",
    "PutUserPolicy",
    name="iam.user-inline-policy-size",
    source="https://github.com/danvk/mapsnap/pull/483",
    date=SEEN_LATER,
    evidence=READ,
)
def inline_size(call: Call) -> None:
    """All inline policies of a user together are at most 2048 characters, white space not counted."""
    user = _user(call)
    if user is None:
        return
    others = sum(size(str(text)) for name, text in user.policies.items() if name != call.params["PolicyName"])
    if others + size(call.params["PolicyDocument"]) > _INLINE_LIMIT:
        text = f"Maximum policy size of {_INLINE_LIMIT} bytes exceeded for user {user.name}"
        raise ApiError("LimitExceeded", text, 409)


@rule(
    "iam",
    "CreatePolicy CreatePolicyVersion",
    name="iam.managed-policy-size",
    source="https://github.com/docker/docs/issues/4685",
    date=SEEN_LATER,
    evidence=READ,
)
def managed_size(call: Call) -> None:
    """A managed policy is at most 6144 characters, white space not counted.

    The source has the text, of a time when the quota was smaller; the number is of AWS's page on quotas.
    """
    if size(call.params["PolicyDocument"]) > _MANAGED_LIMIT:
        raise ApiError("LimitExceeded", f"Cannot exceed quota for PolicySize: {_MANAGED_LIMIT}", 409)


@rule(
    "iam",
    "AttachUserPolicy",
    name="iam.policies-per-user",
    source=IAM_QUOTAS,
    date=WRITTEN_LATER,
    evidence=RECALLED,
)
def policies_per_user(call: Call) -> None:
    """A user has at most ten managed policies."""
    user = _user(call)
    if user is None or call.params["PolicyArn"] in user.managed_policies:
        return
    if len(user.managed_policies) >= _MOST_POLICIES:
        raise ApiError("LimitExceeded", f"Cannot exceed quota for PoliciesPerUser: {_MOST_POLICIES}", 409)


@rule("iam", "DeletePolicy", name="iam.policy-in-use", source=IAM_DELETE_POLICY, date=WRITTEN_LATER, evidence=RECALLED)
def policy_in_use(call: Call) -> None:
    """A policy stays while somebody has it."""
    policy = call.iam.managed_policies.get(call.params["PolicyArn"])
    if policy is not None and policy.attachment_count:
        raise ApiError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)


@rule(
    "iam",
    "DeletePolicy",
    name="iam.policy-versions",
    source=IAM_DELETE_POLICY,
    date=WRITTEN_LATER,
    evidence=RECALLED,
)
def policy_versions(call: Call) -> None:
    """A policy stays while it has versions beside its default one."""
    policy = call.iam.managed_policies.get(call.params["PolicyArn"])
    if policy is not None and len(policy.versions) > 1:
        text = (
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy."
        )
        raise ApiError("DeleteConflict", text, 409)

"""The IAM user behind a request: its name, and the policies that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws.authority import documents

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.authority.documents import Statement
    from confkube_sandbox.daemon.aws.context import Call


def arn(call: Call) -> str:
    """Name of the user, as messages have it."""
    return _user(call).arn


def keys(call: Call) -> dict[str, str]:
    """Condition keys that say who asks."""
    user = _user(call)
    return {
        "aws:PrincipalAccount": call.caller.account,
        "aws:PrincipalArn": user.arn,
        "aws:PrincipalType": "User",
        "aws:userid": user.id,
        "aws:username": user.name,
    }


def statements(call: Call) -> list[Statement]:
    """All statements of the user's own, attached and groups' policies.

    Raises:
        Unjudged: One of them cannot be read.
    """
    user = _user(call)
    holders: list[Any] = [user, *call.iam.get_groups_for_user(user.name)]
    texts: list[str] = []
    for holder in holders:
        texts += holder.policies.values()
        texts += [_default(policy) for policy in holder.managed_policies.values()]
    return [statement for text in texts for statement in documents.parse(text)]


def _default(policy: Any) -> str:  # noqa: ANN401  moto's managed policy
    """The document of the version that is in force."""
    return next(each.document for each in policy.versions if each.version_id == policy.default_version_id)


def _user(call: Call) -> Any:  # noqa: ANN401  moto's user
    """The user; whoever calls this has seen that it is one, and its key can be used only while it exists."""
    return call.iam.users[call.caller.user]

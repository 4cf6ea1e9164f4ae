"""Rules of IAM roles and instance profiles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.sources import IAM_QUOTAS, SEEN, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

_TRUST_LIMIT = 2048
_INLINE_LIMIT = 10240


def _malformed(text: str) -> ApiError:
    return ApiError("MalformedPolicyDocument", text)


def _trust(call: Call) -> str | None:
    return call.params.get("AssumeRolePolicyDocument") or (
        call.params.get("PolicyDocument") if call.operation == "UpdateAssumeRolePolicy" else None
    )


@rule(
    "iam",
    "CreateRole UpdateAssumeRolePolicy",
    name="iam.trust-policy",
    source="https://github.com/AWSCookbook/Security/issues/2",
    date=SEEN,
    evidence=READ,
)
def trust_policy(call: Call) -> None:
    """A trust policy is JSON, and every statement says whom it trusts to assume the role."""
    try:
        held = cast("object", json.loads(_trust(call) or ""))
    except ValueError:
        raise _malformed("This policy contains invalid Json") from None
    if not isinstance(held, dict) or "Statement" not in held:
        raise _malformed("Syntax errors in policy.")
    statements: object = cast("dict[str, object]", held)["Statement"]
    for each in cast("list[object]", statements) if isinstance(statements, list) else [statements]:
        told = cast("dict[str, Any]", each) if isinstance(each, dict) else {}
        if "Principal" not in told and "NotPrincipal" not in told:
            raise _malformed("Missing required field Principal")
        if "Resource" in told:
            raise _malformed("Has prohibited field Resource")
        actions = told.get("Action", [])
        for action in [actions] if isinstance(actions, str) else actions:
            if not str(action).startswith("sts:"):
                raise _malformed("AssumeRole policy may only specify STS AssumeRole actions.")


@rule(
    "iam",
    "CreateRole UpdateAssumeRolePolicy",
    name="iam.trust-policy-size",
    source="https://github.com/ansible/workshops/issues/1801",
    date=SEEN,
    evidence=READ,
)
def trustsize(call: Call) -> None:
    """A trust policy is at most 2048 characters, white space not counted."""
    if size(_trust(call) or "") > _TRUST_LIMIT:
        raise ApiError("LimitExceeded", f"Cannot exceed quota for ACLSizePerRole: {_TRUST_LIMIT}", 409)


@rule(
    "iam",
    "PutRolePolicy",
    name="iam.inline-policy-size",
    source="https://github.com/boto/botocore/blob/develop/botocore/data/iam/2010-05-08/service-2.json",
    date=SEEN,
    evidence=READ,
)
def inlinesize(call: Call) -> None:
    """All inline policies of a role together are at most 10240 characters, white space not counted."""
    name = call.params["RoleName"]
    role = next((each for each in call.iam.roles.values() if each.name == name), None)
    if role is None:
        return
    others = sum(size(str(text)) for policy, text in role.policies.items() if policy != call.params["PolicyName"])
    if others + size(call.params["PolicyDocument"]) > _INLINE_LIMIT:
        raise ApiError("LimitExceeded", f"Maximum policy size of {_INLINE_LIMIT} bytes exceeded for role {name}", 409)


def size(text: str) -> int:
    """Return the characters of a policy that IAM counts."""
    return len("".join(text.split()))


@rule(
    "iam",
    "CreateRole TagRole CreateInstanceProfile TagInstanceProfile CreateUser TagUser CreatePolicy TagPolicy",
    name="iam.tag-text",
    source=IAM_QUOTAS,
    date=WRITTEN,
    evidence=RECALLED,
)
def tag_text(call: Call) -> None:
    """Keys that start with ``aws:`` belong to AWS."""
    for each in call.params.get("Tags", []):
        if each["Key"].lower().startswith("aws:"):
            raise ApiError("InvalidInput", "System tags cannot be added/updated by requester.")

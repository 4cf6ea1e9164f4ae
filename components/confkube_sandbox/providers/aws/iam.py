"""Roles and their inline policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import live, tags, waiting
from confkube_sandbox.providers.aws.answers import part
from confkube_sandbox.providers.aws.api import ApiError
from confkube_sandbox.providers.aws.iam_common import GONE, Named, ask, document, instant, settled
from confkube_sandbox.providers.aws.rules.documents import iam_policy, json_text
from confkube_sandbox.providers.aws.rules.names import SUFFIX, arn, iam_name, role_of_policy
from confkube_sandbox.providers.aws.rules.values import length
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.terraform import naming
from confkube_sandbox.providers.terraform.validation import avoids, between, every

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties


class Role(Named, token="aws:iam/role:Role"):
    """``aws.iam.Role``; its policies are resources of their own."""

    noun: ClassVar = "IAM Role"
    kind: ClassVar = "Role"
    supported: ClassVar = frozenset(
        {
            "assumeRolePolicy",
            "description",
            "forceDetachPolicies",
            "maxSessionDuration",
            "name",
            "namePrefix",
            "path",
            "permissionsBoundary",
            "tags",
        }
    )
    defaults: ClassVar = {"forceDetachPolicies": False, "maxSessionDuration": 3600, "path": "/"}
    documents: ClassVar = frozenset({"assumeRolePolicy"})
    # terraform-provider-aws internal/service/iam/role.go at 0040ea6911af.
    rules: ClassVar = {
        "assumeRolePolicy": json_text,
        "description": every(
            length(0, 1000),
            avoids("[\u201c\u2018]", "cannot contain specially formatted single or double quotes: [\u201c\u2018]"),
        ),
        "maxSessionDuration": between(3600, 43200),
        "name": iam_name(64),
        "namePrefix": iam_name(64 - SUFFIX),
        "path": length(0, 512),
        "permissionsBoundary": arn,
    }
    needs: ClassVar = {"permissionsBoundary": "PutRolePermissionsBoundary"}
    computed = frozenset({"arn", "createDate", "inlinePolicies", "managedPolicyArns", "name", "uniqueId", "tagsAll"})

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateRole."""

        def act() -> dict[str, Any]:
            return aws.api.call(
                "iam",
                "CreateRole",
                RoleName=inputs.get("name") or f"{inputs['namePrefix']}{naming.unique()}",
                AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
                Description=inputs.get("description"),
                MaxSessionDuration=inputs.get("maxSessionDuration"),
                Path=inputs.get("path"),
                PermissionsBoundary=inputs.get("permissionsBoundary"),
                Tags=tags.pairs(inputs) or None,
            )

        return str(settled(aws, act)["Role"]["RoleName"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:  # noqa: ARG002
        """Wait until it can be found."""
        waiting.until(
            aws, "role to be found", lambda: ask(lambda: aws.api.call("iam", "GetRole", RoleName=id_), "Role")
        )

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the role and what is attached to it."""
        role = ask(lambda: aws.api.call("iam", "GetRole", RoleName=id_), "Role")
        if role is None:
            return None
        attached = aws.api.call("iam", "ListAttachedRolePolicies", RoleName=id_)["AttachedPolicies"]
        return {
            "arn": role["Arn"],
            "assumeRolePolicy": document(role["AssumeRolePolicyDocument"]),
            "createDate": instant(role["CreateDate"]),
            "description": role.get("Description") or "",
            "managedPolicyArns": sorted(policy["PolicyArn"] for policy in attached),
            "maxSessionDuration": role.get("MaxSessionDuration", 3600),
            "name": role["RoleName"],
            "path": role["Path"],
            "permissionsBoundary": part(role, "PermissionsBoundary").get("PermissionsBoundaryArn"),
            "uniqueId": role["RoleId"],
            **tags.outputs(role.get("Tags")),
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Change what the real provider changes in place."""
        if "assumeRolePolicy" in to.keys and not live.same_document(
            to.live["assumeRolePolicy"], to.new["assumeRolePolicy"]
        ):
            text = to.new["assumeRolePolicy"]
            settled(aws, lambda: aws.api.call("iam", "UpdateAssumeRolePolicy", RoleName=to.id, PolicyDocument=text))
        if to.keys & {"description", "maxSessionDuration"}:
            aws.api.call(
                "iam",
                "UpdateRole",
                RoleName=to.id,
                Description=to.new.get("description", ""),
                MaxSessionDuration=to.new.get("maxSessionDuration"),
            )
        if "permissionsBoundary" in to.keys:
            boundary = to.new.get("permissionsBoundary")
            operation = "PutRolePermissionsBoundary" if boundary else "DeleteRolePermissionsBoundary"
            aws.api.call("iam", operation, RoleName=to.id, PermissionsBoundary=boundary)
        self.change_tags(aws, to.id, to.live, to.new)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:
        """Leave all instance profiles, detach if forced, then delete."""
        for profile in aws.api.call("iam", "ListInstanceProfilesForRole", RoleName=id_)["InstanceProfiles"]:
            name = profile["InstanceProfileName"]
            aws.api.call("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=name, RoleName=id_)
        if outputs.get("forceDetachPolicies"):
            for policy in aws.api.call("iam", "ListAttachedRolePolicies", RoleName=id_)["AttachedPolicies"]:
                aws.api.call("iam", "DetachRolePolicy", RoleName=id_, PolicyArn=policy["PolicyArn"])
            for name in aws.api.call("iam", "ListRolePolicies", RoleName=id_)["PolicyNames"]:
                aws.api.call("iam", "DeleteRolePolicy", RoleName=id_, PolicyName=name)
        waiting.retry(aws, ("DeleteConflict",), lambda: aws.api.call("iam", "DeleteRole", RoleName=id_))


class RolePolicy(Named, token="aws:iam/rolePolicy:RolePolicy"):
    """``aws.iam.RolePolicy``."""

    noun: ClassVar = "IAM Role Policy"
    longest_name: ClassVar = 128
    supported: ClassVar = frozenset({"name", "namePrefix", "policy", "role"})
    documents: ClassVar = frozenset({"policy"})
    # terraform-provider-aws internal/service/iam/role_policy.go at 02f97af85f89.
    rules: ClassVar = {
        "name": iam_name(128),
        "namePrefix": iam_name(128 - SUFFIX),
        "policy": iam_policy(10240),
        "role": role_of_policy,
    }
    computed = frozenset({"name"})

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call PutRolePolicy."""
        name = inputs.get("name") or f"{inputs['namePrefix']}{naming.unique()}"
        self._put(aws, inputs["role"], name, inputs["policy"])
        return f"{inputs['role']}:{name}"

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Get the policy."""
        role, name = _pair(id_)
        try:
            found = aws.api.call("iam", "GetRolePolicy", RoleName=role, PolicyName=name)
        except ApiError as error:
            if error.code == GONE:
                return None
            raise
        return {"role": role, "name": name, "policy": document(found["PolicyDocument"])}

    def change_(self, aws: Connection, to: Change) -> None:
        """Call PutRolePolicy again."""
        if "policy" in to.keys:
            self._put(aws, *_pair(to.id), to.new["policy"])

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Call DeleteRolePolicy."""
        role, name = _pair(id_)
        aws.api.call("iam", "DeleteRolePolicy", RoleName=role, PolicyName=name)

    def _put(self, aws: Connection, role: str, name: str, policy: str) -> None:
        settled(
            aws, lambda: aws.api.call("iam", "PutRolePolicy", RoleName=role, PolicyName=name, PolicyDocument=policy)
        )


def _pair(id_: str) -> tuple[str, str]:
    role, colon, name = id_.partition(":")
    if not colon:
        raise CloudError(f"unexpected format of ID ({id_}), expected ROLE-NAME:POLICY-NAME", "InvalidId")
    return role, name

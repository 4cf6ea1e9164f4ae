"""Customer managed policies, and who has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import live, tags, waiting
from confkube_sandbox.providers.aws.answers import listed
from confkube_sandbox.providers.aws.iam_common import GONE, Named, ask, document
from confkube_sandbox.providers.aws.resource import Resource
from confkube_sandbox.providers.aws.rules.documents import iam_policy
from confkube_sandbox.providers.aws.rules.names import SUFFIX, arn, iam_name
from confkube_sandbox.providers.terraform import naming

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties

_MOST_VERSIONS = 5
_UNBOUNDED = 1 << 20


class Policy(Named, token="aws:iam/policy:Policy"):
    """``aws.iam.Policy``."""

    noun: ClassVar = "IAM Policy"
    kind: ClassVar = "Policy"
    longest_name: ClassVar = 128
    supported: ClassVar = frozenset({"description", "name", "namePrefix", "path", "policy", "tags"})
    defaults: ClassVar = {"path": "/"}
    documents: ClassVar = frozenset({"policy"})
    # terraform-provider-aws internal/service/iam/policy.go at 01ccd9a2d118, which leaves the size to IAM.
    rules: ClassVar = {
        "name": iam_name(128),
        "namePrefix": iam_name(128 - SUFFIX),
        "policy": iam_policy(_UNBOUNDED),
    }
    computed = frozenset({"arn", "attachmentCount", "name", "policyId", "tagsAll"})

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreatePolicy."""
        answer = aws.api.call(
            "iam",
            "CreatePolicy",
            PolicyName=inputs.get("name") or f"{inputs['namePrefix']}{naming.unique()}",
            Path=inputs.get("path"),
            Description=inputs.get("description"),
            PolicyDocument=inputs["policy"],
            Tags=tags.pairs(inputs) or None,
        )
        return str(answer["Policy"]["Arn"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:  # noqa: ARG002
        """Wait until it can be found."""
        waiting.until(aws, "policy to be found", lambda: self._policy(aws, id_))

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the policy and its default version."""
        policy = self._policy(aws, id_)
        if policy is None:
            return None
        version = ask(
            lambda: aws.api.call("iam", "GetPolicyVersion", PolicyArn=id_, VersionId=policy["DefaultVersionId"]),
            "PolicyVersion",
        )
        if version is None:
            return None
        return {
            "arn": policy["Arn"],
            "attachmentCount": policy.get("AttachmentCount", 0),
            "description": policy.get("Description") or "",
            "name": policy["PolicyName"],
            "path": policy["Path"],
            "policy": document(version["Document"]),
            "policyId": policy["PolicyId"],
            **tags.outputs(policy.get("Tags")),
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Make a new version the default one; make room for it by the oldest."""
        if "policy" in to.keys and not live.same_document(to.live["policy"], to.new["policy"]):
            others = [each for each in self._versions(aws, to.id) if not each["IsDefaultVersion"]]
            if len(others) >= _MOST_VERSIONS - 1:
                oldest = min(others, key=lambda each: each["CreateDate"])
                aws.api.call("iam", "DeletePolicyVersion", PolicyArn=to.id, VersionId=oldest["VersionId"])
            made = aws.api.call("iam", "CreatePolicyVersion", PolicyArn=to.id, PolicyDocument=to.new["policy"])
            version = made["PolicyVersion"]["VersionId"]
            aws.api.call("iam", "SetDefaultPolicyVersion", PolicyArn=to.id, VersionId=version)
        changed, gone = tags.difference(to.live, to.new)
        if gone:
            aws.api.call("iam", "UntagPolicy", PolicyArn=to.id, TagKeys=gone)
        if changed:
            aws.api.call("iam", "TagPolicy", PolicyArn=to.id, Tags=changed)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Remove the other versions, then delete."""
        for version in self._versions(aws, id_):
            if not version["IsDefaultVersion"]:
                aws.api.call("iam", "DeletePolicyVersion", PolicyArn=id_, VersionId=version["VersionId"])
        aws.api.call("iam", "DeletePolicy", PolicyArn=id_)

    def _policy(self, aws: Connection, id_: str) -> dict[str, Any] | None:
        return ask(lambda: aws.api.call("iam", "GetPolicy", PolicyArn=id_), "Policy")

    def _versions(self, aws: Connection, id_: str) -> list[dict[str, Any]]:
        return listed(aws.api.call("iam", "ListPolicyVersions", PolicyArn=id_), "Versions")


class UserPolicyAttachment(Resource, token="aws:iam/userPolicyAttachment:UserPolicyAttachment"):
    """``aws.iam.UserPolicyAttachment``."""

    noun: ClassVar = "IAM User Policy Attachment"
    supported: ClassVar = frozenset({"policyArn", "user"})
    gone: ClassVar = frozenset({GONE})
    # terraform-provider-aws internal/service/iam/user_policy_attachment.go at 01f431114674.
    rules: ClassVar = {"policyArn": arn}

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call AttachUserPolicy; the id is made up, as by the real provider."""
        aws.api.call("iam", "AttachUserPolicy", UserName=inputs["user"], PolicyArn=inputs["policyArn"])
        return f"{inputs['user']}-{naming.unique()}"

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Look whether the user has the policy."""
        known = inputs or outputs
        user, policy = known["user"], known["policyArn"]
        attached = listed(aws.api.call("iam", "ListAttachedUserPolicies", UserName=user), "AttachedPolicies")
        if policy not in [each["PolicyArn"] for each in attached]:
            return None
        return {"user": user, "policyArn": policy}

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Call DetachUserPolicy."""
        aws.api.call("iam", "DetachUserPolicy", UserName=outputs["user"], PolicyArn=outputs["policyArn"])

"""IAM users and their own (inline) policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import tags, waiting
from confkube_sandbox.providers.aws.answers import listed
from confkube_sandbox.providers.aws.api import ApiError
from confkube_sandbox.providers.aws.iam_common import GONE, Named, ask, document
from confkube_sandbox.providers.aws.rules.documents import iam_policy
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.terraform import naming
from confkube_sandbox.providers.terraform.validation import matches

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties


class User(Named, token="aws:iam/user:User"):
    """``aws.iam.User``; a user of the sandbox has no other credentials than keys, and no groups."""

    noun: ClassVar = "IAM User"
    kind: ClassVar = "User"
    longest_name: ClassVar = 64
    supported: ClassVar = frozenset({"forceDestroy", "name", "path", "tags"})
    defaults: ClassVar = {"forceDestroy": False, "path": "/"}
    conflicts: ClassVar = ()
    # terraform-provider-aws internal/service/iam/user.go at 058fd401f211.
    rules: ClassVar = {
        "name": matches(
            r"^[0-9A-Za-z=,.@\-_+]+$",
            "must only contain alphanumeric characters, hyphens, underscores, commas, periods, @ symbols, plus and "
            "equals signs",
        ),
    }
    needs: ClassVar = {"name": "UpdateUser", "path": "UpdateUser"}
    computed = frozenset({"arn", "name", "uniqueId", "tagsAll"})

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateUser."""
        answer = aws.api.call(
            "iam", "CreateUser", UserName=inputs["name"], Path=inputs.get("path"), Tags=tags.pairs(inputs) or None
        )
        return str(answer["User"]["UserName"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:  # noqa: ARG002
        """Wait until it can be found."""
        waiting.until(aws, "user to be found", lambda: self._user(aws, id_))

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:
        """Describe the user."""
        user = self._user(aws, id_)
        if user is None:
            return None
        return {
            "arn": user["Arn"],
            "forceDestroy": bool((inputs or outputs).get("forceDestroy", False)),
            "name": user["UserName"],
            "path": user["Path"],
            "uniqueId": user["UserId"],
            **tags.outputs(user.get("Tags")),
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Set tags."""
        self.change_tags(aws, to.id, to.live, to.new)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:
        """Remove keys if forced, then delete."""
        if outputs.get("forceDestroy"):
            for key in listed(aws.api.call("iam", "ListAccessKeys", UserName=id_), "AccessKeyMetadata"):
                aws.api.call("iam", "DeleteAccessKey", UserName=id_, AccessKeyId=key["AccessKeyId"])
        aws.api.call("iam", "DeleteUser", UserName=id_)

    def _user(self, aws: Connection, id_: str) -> dict[str, Any] | None:
        return ask(lambda: aws.api.call("iam", "GetUser", UserName=id_), "User")


class UserPolicy(Named, token="aws:iam/userPolicy:UserPolicy"):
    """``aws.iam.UserPolicy``."""

    noun: ClassVar = "IAM User Policy"
    longest_name: ClassVar = 128
    supported: ClassVar = frozenset({"name", "namePrefix", "policy", "user"})
    documents: ClassVar = frozenset({"policy"})
    # terraform-provider-aws internal/service/iam/user_policy.go at 02f97af85f89.
    rules: ClassVar = {"policy": iam_policy(2048)}
    computed = frozenset({"name"})

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call PutUserPolicy."""
        name = inputs.get("name") or f"{inputs['namePrefix']}{naming.unique()}"
        self._put(aws, inputs["user"], name, inputs["policy"])
        return f"{inputs['user']}:{name}"

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Get the policy."""
        user, name = _pair(id_)
        try:
            found = aws.api.call("iam", "GetUserPolicy", UserName=user, PolicyName=name)
        except ApiError as error:
            if error.code == GONE:
                return None
            raise
        return {"user": user, "name": name, "policy": document(found["PolicyDocument"])}

    def change_(self, aws: Connection, to: Change) -> None:
        """Call PutUserPolicy again."""
        if "policy" in to.keys:
            self._put(aws, *_pair(to.id), to.new["policy"])

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Call DeleteUserPolicy."""
        user, name = _pair(id_)
        aws.api.call("iam", "DeleteUserPolicy", UserName=user, PolicyName=name)

    def _put(self, aws: Connection, user: str, name: str, policy: str) -> None:
        aws.api.call("iam", "PutUserPolicy", UserName=user, PolicyName=name, PolicyDocument=policy)


def _pair(id_: str) -> tuple[str, str]:
    user, colon, name = id_.partition(":")
    if not colon:
        raise CloudError("user_policy id must be of the form <user name>:<policy name>", "InvalidId")
    return user, name

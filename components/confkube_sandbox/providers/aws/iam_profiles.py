"""Instance profiles: how a machine gets a role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import tags, waiting
from confkube_sandbox.providers.aws.answers import listed
from confkube_sandbox.providers.aws.iam_common import Named, ask, instant, settled
from confkube_sandbox.providers.aws.rules.names import SUFFIX, iam_name
from confkube_sandbox.providers.terraform import naming

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties


class InstanceProfile(Named, token="aws:iam/instanceProfile:InstanceProfile"):
    """``aws.iam.InstanceProfile``."""

    noun: ClassVar = "IAM Instance Profile"
    kind: ClassVar = "InstanceProfile"
    longest_name: ClassVar = 128
    supported: ClassVar = frozenset({"name", "namePrefix", "path", "role", "tags"})
    defaults: ClassVar = {"path": "/"}
    # terraform-provider-aws internal/service/iam/instance_profile.go at 013f1736b904.
    rules: ClassVar = {"name": iam_name(128), "namePrefix": iam_name(128 - SUFFIX)}
    computed = frozenset({"arn", "createDate", "name", "uniqueId", "tagsAll"})

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateInstanceProfile."""
        answer = aws.api.call(
            "iam",
            "CreateInstanceProfile",
            InstanceProfileName=inputs.get("name") or f"{inputs['namePrefix']}{naming.unique()}",
            Path=inputs.get("path"),
            Tags=tags.pairs(inputs) or None,
        )
        return str(answer["InstanceProfile"]["InstanceProfileName"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:
        """Wait until it can be found, then put the role in."""
        waiting.until(aws, "instance profile to be found", lambda: self._profile(aws, id_))
        if inputs.get("role"):
            self._add(aws, id_, inputs["role"])

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the profile and its role."""
        profile = self._profile(aws, id_)
        if profile is None:
            return None
        roles = listed(profile, "Roles")
        return {
            "arn": profile["Arn"],
            "createDate": instant(profile["CreateDate"]),
            "name": profile["InstanceProfileName"],
            "path": profile["Path"],
            "role": roles[0]["RoleName"] if roles else None,
            "uniqueId": profile["InstanceProfileId"],
            **tags.outputs(profile.get("Tags")),
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Exchange the role; set tags."""
        if "role" in to.keys:
            self._remove(aws, to.id, to.live.get("role"))
            if to.new.get("role"):
                self._add(aws, to.id, to.new["role"])
        self.change_tags(aws, to.id, to.live, to.new)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Take the role out, then delete."""
        profile = self._profile(aws, id_)
        for role in listed(profile, "Roles"):
            self._remove(aws, id_, role["RoleName"])
        aws.api.call("iam", "DeleteInstanceProfile", InstanceProfileName=id_)

    def _profile(self, aws: Connection, id_: str) -> dict[str, Any] | None:
        return ask(lambda: aws.api.call("iam", "GetInstanceProfile", InstanceProfileName=id_), "InstanceProfile")

    def _add(self, aws: Connection, id_: str, role: str) -> None:
        settled(aws, lambda: aws.api.call("iam", "AddRoleToInstanceProfile", InstanceProfileName=id_, RoleName=role))

    def _remove(self, aws: Connection, id_: str, role: str | None) -> None:
        if role:
            aws.api.call("iam", "RemoveRoleFromInstanceProfile", InstanceProfileName=id_, RoleName=role)

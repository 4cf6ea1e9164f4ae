"""Secrets Manager: secrets."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import tags, waiting
from confkube_sandbox.providers.aws.api import ApiError
from confkube_sandbox.providers.aws.resource import Resource
from confkube_sandbox.providers.aws.rules.documents import json_text
from confkube_sandbox.providers.aws.rules.names import SUFFIX, secret_name
from confkube_sandbox.providers.terraform import naming
from confkube_sandbox.providers.terraform.validation import between, number_of, some

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties

SERVICE = "secretsmanager"
GONE = "ResourceNotFoundException"
_DELETED = ("because it was deleted", "because it was marked for deletion", "scheduled for deletion")


def is_deleted(error: ApiError) -> bool:
    """Whether AWS says that the secret is gone or waits for its deletion."""
    if error.code == GONE:
        return True
    return error.code == "InvalidRequestException" and any(part in error.message for part in _DELETED)


class Secret(Resource, token="aws:secretsmanager/secret:Secret"):
    """``aws.secretsmanager.Secret``."""

    noun: ClassVar = "Secrets Manager Secret"
    longest_name: ClassVar = 512
    supported: ClassVar = frozenset(
        {
            "description",
            "forceOverwriteReplicaSecret",
            "kmsKeyId",
            "name",
            "namePrefix",
            "policy",
            "recoveryWindowInDays",
            "region",
            "tags",
        }
    )
    defaults: ClassVar = {"forceOverwriteReplicaSecret": False, "recoveryWindowInDays": 30}
    documents: ClassVar = frozenset({"policy"})
    # terraform-provider-aws internal/service/secretsmanager/secret.go at 00c21cedec06.
    rules: ClassVar = {
        "name": secret_name(512),
        "namePrefix": secret_name(512 - SUFFIX),
        "policy": json_text,
        "recoveryWindowInDays": some(between(7, 30), number_of(0)),
    }
    conflicts: ClassVar = (("name", "namePrefix"),)
    constants: ClassVar = {"replicas": []}
    computed = frozenset({"arn", "name", "policy", "region", "tagsAll"})
    gone: ClassVar = frozenset({GONE})

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateSecret; a secret of that name that is being deleted is waited for."""

        def once() -> dict[str, Any] | None:
            try:
                return aws.api.call(
                    SERVICE,
                    "CreateSecret",
                    Name=inputs.get("name") or f"{inputs['namePrefix']}{naming.unique()}",
                    Description=inputs.get("description"),
                    KmsKeyId=inputs.get("kmsKeyId"),
                    ForceOverwriteReplicaSecret=inputs.get("forceOverwriteReplicaSecret"),
                    ClientRequestToken=str(uuid.uuid4()),
                    Tags=tags.pairs(inputs) or None,
                )
            except ApiError as error:
                if error.code == "InvalidRequestException" and "scheduled for deletion" in error.message:
                    refusals.append(error)
                    if len(refusals) < _PATIENCE:
                        return None
                raise

        refusals: list[ApiError] = []
        return str(waiting.until(aws, "the name to be free", once)["ARN"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:
        """Wait until it can be found, then set the policy."""
        waiting.until(aws, "secret to be found", lambda: waiting.found((GONE,), lambda: self._secret(aws, id_)))
        if inputs.get("policy"):
            aws.api.call(SERVICE, "PutResourcePolicy", SecretId=id_, ResourcePolicy=inputs["policy"])

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:
        """Describe the secret; one that waits for its deletion is gone."""
        try:
            secret = self._secret(aws, id_)
        except ApiError as error:
            if is_deleted(error):
                return None
            raise
        if secret.get("DeletedDate") is not None:
            return None
        known = inputs or outputs
        return {
            "arn": secret["ARN"],
            "name": secret["Name"],
            "description": secret.get("Description") or "",
            "kmsKeyId": secret.get("KmsKeyId") or "",
            "policy": self._policy(aws, id_),
            "recoveryWindowInDays": known.get("recoveryWindowInDays", 30),
            **tags.outputs(secret.get("Tags")),
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Change what the real provider changes in place."""
        if to.keys & {"description", "kmsKeyId"}:
            aws.api.call(
                SERVICE,
                "UpdateSecret",
                SecretId=to.id,
                Description=to.new.get("description", ""),
                KmsKeyId=to.new.get("kmsKeyId"),
            )
        if "policy" in to.keys and to.new.get("policy"):
            aws.api.call(SERVICE, "PutResourcePolicy", SecretId=to.id, ResourcePolicy=to.new["policy"])
        elif "policy" in to.keys:
            aws.api.call(SERVICE, "DeleteResourcePolicy", SecretId=to.id)
        altered, gone = tags.difference(to.live, to.new)
        if gone:
            aws.api.call(SERVICE, "UntagResource", SecretId=to.id, TagKeys=gone)
        if altered:
            aws.api.call(SERVICE, "TagResource", SecretId=to.id, Tags=altered)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:
        """Call DeleteSecret: for good when the recovery window is 0."""
        days = int(outputs.get("recoveryWindowInDays", 30))
        how: dict[str, Any] = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
        try:
            aws.api.call(SERVICE, "DeleteSecret", SecretId=id_, **how)
        except ApiError as error:
            if not is_deleted(error):
                raise
        waiting.until(aws, "secret to be deleted", lambda: True if self.describe_(aws, id_, {}, {}) is None else None)

    def _secret(self, aws: Connection, id_: str) -> dict[str, Any]:
        return aws.api.call(SERVICE, "DescribeSecret", SecretId=id_)

    def _policy(self, aws: Connection, id_: str) -> str | None:
        return aws.api.call(SERVICE, "GetResourcePolicy", SecretId=id_).get("ResourcePolicy")


# The real provider waits two minutes for a name to be free; a name kept for 7 to 30 days never becomes free.
_PATIENCE = 3

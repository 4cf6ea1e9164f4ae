"""Secrets Manager: secrets and their versions."""

from __future__ import annotations

import base64
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import naming, tags, waiting
from confkube_sandbox.providers.aws.answers import part, texts
from confkube_sandbox.providers.aws.api import ApiError
from confkube_sandbox.providers.aws.resource import Resource
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties

_SERVICE = "secretsmanager"
_GONE = "ResourceNotFoundException"
_DELETED = ("because it was deleted", "because it was marked for deletion", "scheduled for deletion")
_CURRENT = "AWSCURRENT"


def _is_deleted(error: ApiError) -> bool:
    if error.code == _GONE:
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
    computed = frozenset({"arn", "name", "policy", "region", "replicas", "tagsAll"})
    gone: ClassVar = frozenset({_GONE})

    def refuse_(self, inputs: Properties) -> list[CheckFailure]:
        """AWS keeps deleted secrets for 7 to 30 days, or not at all."""
        days = inputs.get("recoveryWindowInDays", 30)
        if days not in (UNKNOWN, 0) and not 7 <= days <= 30:
            reason = f"expected recovery_window_in_days to be 0 or in the range (7 - 30), got {days}"
            return [CheckFailure(property="recoveryWindowInDays", reason=reason)]
        return []

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateSecret; a secret of that name that is being deleted is waited for."""

        def once() -> dict[str, Any] | None:
            try:
                return aws.api.call(
                    _SERVICE,
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
        waiting.until(aws, "secret to be found", lambda: waiting.found((_GONE,), lambda: self._secret(aws, id_)))
        if inputs.get("policy"):
            aws.api.call(_SERVICE, "PutResourcePolicy", SecretId=id_, ResourcePolicy=inputs["policy"])

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:
        """Describe the secret; one that waits for its deletion is gone."""
        try:
            secret = self._secret(aws, id_)
        except ApiError as error:
            if _is_deleted(error):
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
                _SERVICE,
                "UpdateSecret",
                SecretId=to.id,
                Description=to.new.get("description", ""),
                KmsKeyId=to.new.get("kmsKeyId"),
            )
        if "policy" in to.keys and to.new.get("policy"):
            aws.api.call(_SERVICE, "PutResourcePolicy", SecretId=to.id, ResourcePolicy=to.new["policy"])
        elif "policy" in to.keys:
            aws.api.call(_SERVICE, "DeleteResourcePolicy", SecretId=to.id)
        altered, gone = tags.difference(to.live, to.new)
        if gone:
            aws.api.call(_SERVICE, "UntagResource", SecretId=to.id, TagKeys=gone)
        if altered:
            aws.api.call(_SERVICE, "TagResource", SecretId=to.id, Tags=altered)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:
        """Call DeleteSecret: for good when the recovery window is 0."""
        days = int(outputs.get("recoveryWindowInDays", 30))
        how: dict[str, Any] = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
        try:
            aws.api.call(_SERVICE, "DeleteSecret", SecretId=id_, **how)
        except ApiError as error:
            if not _is_deleted(error):
                raise
        waiting.until(aws, "secret to be deleted", lambda: True if self.describe_(aws, id_, {}, {}) is None else None)

    def _secret(self, aws: Connection, id_: str) -> dict[str, Any]:
        return aws.api.call(_SERVICE, "DescribeSecret", SecretId=id_)

    def _policy(self, aws: Connection, id_: str) -> str | None:
        return aws.api.call(_SERVICE, "GetResourcePolicy", SecretId=id_).get("ResourcePolicy")


# The real provider waits two minutes for a name to be free; a name kept for 7 to 30 days never becomes free.
_PATIENCE = 3


class SecretVersion(Resource, token="aws:secretsmanager/secretVersion:SecretVersion"):
    """``aws.secretsmanager.SecretVersion``."""

    noun: ClassVar = "Secrets Manager Secret Version"
    supported: ClassVar = frozenset(
        {
            "secretId",
            "secretString",
            "secretStringWo",
            "secretStringWoVersion",
            "secretBinary",
            "versionStages",
            "region",
        }
    )
    secret_outputs = frozenset({"secretString", "secretBinary", "secretStringWo"})
    computed = frozenset({"arn", "hasSecretStringWo", "region", "versionId", "versionStages"})
    gone: ClassVar = frozenset({_GONE})

    def refuse_(self, inputs: Properties) -> list[CheckFailure]:
        """Text or bytes."""
        given = [key for key in ("secretString", "secretBinary", "secretStringWo") if inputs.get(key) is not None]
        if len(given) > 1:
            reason = (
                'Conflicting configuration arguments. "secret_string": conflicts with secret_binary,secret_string_wo'
            )
            return [CheckFailure(property="secretString", reason=reason)]
        if not given:
            # The real provider finds out from AWS: PutSecretValue wants one of them.
            return [
                CheckFailure(property="secretString", reason="you must provide either SecretString or SecretBinary")
            ]
        if (inputs.get("secretStringWo") is None) != (inputs.get("secretStringWoVersion") is None):
            reason = '"secret_string_wo": all of `secret_string_wo,secret_string_wo_version` must be specified'
            return [CheckFailure(property="secretStringWo", reason=reason)]
        return []

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call PutSecretValue."""
        binary = inputs.get("secretBinary")
        answer = aws.api.call(
            _SERVICE,
            "PutSecretValue",
            SecretId=inputs["secretId"],
            SecretString=inputs.get("secretString") or inputs.get("secretStringWo"),
            SecretBinary=base64.b64decode(binary) if binary else None,
            VersionStages=inputs.get("versionStages"),
            ClientRequestToken=str(uuid.uuid4()),
        )
        return f"{inputs['secretId']}|{answer['VersionId']}"

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:
        """Get the value of this version."""
        secret, version = _parts(id_)
        try:
            found = aws.api.call(_SERVICE, "GetSecretValue", SecretId=secret, VersionId=version)
        except ApiError as error:
            if _is_deleted(error):
                return None
            raise
        binary = found.get("SecretBinary")
        hidden = bool((inputs or outputs).get("secretStringWo") or outputs.get("hasSecretStringWo"))
        return {
            "arn": found["ARN"],
            "secretId": secret,
            "versionId": found["VersionId"],
            "versionStages": sorted(texts(found, "VersionStages")),
            "hasSecretStringWo": hidden,
            "secretString": None if hidden else found.get("SecretString"),
            "secretBinary": base64.b64encode(binary).decode() if binary else None,
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Move stages."""
        if "versionStages" not in to.keys:
            return
        before, after = set(to.live["versionStages"]), set(to.new.get("versionStages") or [_CURRENT])
        for stage in sorted(after - before):
            self._move(aws, to.id, stage, to_here=True)
        for stage in sorted(before - after - {_CURRENT}):
            self._move(aws, to.id, stage, to_here=False)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:
        """Take the stages away; the current version goes with its secret."""
        for stage in sorted(set(texts(outputs, "versionStages")) - {_CURRENT}):
            try:
                self._move(aws, id_, stage, to_here=False)
            except ApiError as error:
                if not _is_deleted(error):
                    raise

    def _move(self, aws: Connection, id_: str, stage: str, *, to_here: bool) -> None:
        secret, version = _parts(id_)
        where: dict[str, Any] = {"RemoveFromVersionId": version}
        if to_here:
            where = {"MoveToVersionId": version}
            versions = part(aws.api.call(_SERVICE, "DescribeSecret", SecretId=secret), "VersionIdsToStages")
            holder = next((other for other in versions if stage in texts(versions, other)), None)
            if holder is not None:
                where["RemoveFromVersionId"] = holder
        aws.api.call(_SERVICE, "UpdateSecretVersionStage", SecretId=secret, VersionStage=stage, **where)


def _parts(id_: str) -> tuple[str, str]:
    secret, bar, version = id_.partition("|")
    if not bar:
        raise CloudError(f"unexpected format for ID ({id_}), expected SecretID|VersionID", "InvalidId")
    return secret, version

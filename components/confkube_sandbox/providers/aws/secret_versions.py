"""Secrets Manager: the versions of a secret, which hold its values."""

from __future__ import annotations

import base64
import itertools
import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws.answers import part, texts
from confkube_sandbox.providers.aws.api import ApiError
from confkube_sandbox.providers.aws.resource import Resource
from confkube_sandbox.providers.aws.rules.values import base64_text
from confkube_sandbox.providers.aws.secrets import GONE, SERVICE, is_deleted
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.handler import CheckFailure

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties

_CURRENT = "AWSCURRENT"
_VALUES = ("secretString", "secretBinary", "secretStringWo")


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
    # terraform-provider-aws internal/service/secretsmanager/secret_version.go at 0042e8ea0de2.
    rules: ClassVar = {"secretBinary": base64_text}
    conflicts: ClassVar = tuple(itertools.combinations(_VALUES, 2))
    secret_outputs = frozenset({"secretString", "secretBinary", "secretStringWo"})
    computed = frozenset({"arn", "hasSecretStringWo", "region", "secretArn", "versionId", "versionStages"})
    gone: ClassVar = frozenset({GONE})

    def refuse_(self, inputs: Properties) -> list[CheckFailure]:
        """Text or bytes."""
        if all(inputs.get(key) is None for key in _VALUES):
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
            SERVICE,
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
            found = aws.api.call(SERVICE, "GetSecretValue", SecretId=secret, VersionId=version)
        except ApiError as error:
            if is_deleted(error):
                return None
            raise
        binary = found.get("SecretBinary")
        hidden = bool((inputs or outputs).get("secretStringWo") or outputs.get("hasSecretStringWo"))
        return {
            "arn": found["ARN"],
            "secretArn": found["ARN"],
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
                if not is_deleted(error):
                    raise

    def _move(self, aws: Connection, id_: str, stage: str, *, to_here: bool) -> None:
        secret, version = _parts(id_)
        where: dict[str, Any] = {"RemoveFromVersionId": version}
        if to_here:
            where = {"MoveToVersionId": version}
            versions = part(aws.api.call(SERVICE, "DescribeSecret", SecretId=secret), "VersionIdsToStages")
            holder = next((other for other in versions if stage in texts(versions, other)), None)
            if holder is not None:
                where["RemoveFromVersionId"] = holder
        aws.api.call(SERVICE, "UpdateSecretVersionStage", SecretId=secret, VersionStage=stage, **where)


def _parts(id_: str) -> tuple[str, str]:
    secret, bar, version = id_.partition("|")
    if not bar:
        raise CloudError(f"unexpected format for ID ({id_}), expected SecretID|VersionID", "InvalidId")
    return secret, version

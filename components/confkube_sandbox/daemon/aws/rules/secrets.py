"""Rules of Secrets Manager."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.sources import SECRETS_CREATE, SECRETS_DELETE, SEEN, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

_USING = "GetSecretValue PutSecretValue UpdateSecret DeleteSecret TagResource UntagResource UpdateSecretVersionStage"
_POLICY = "GetResourcePolicy PutResourcePolicy DeleteResourcePolicy"
_NAMING = f"{_USING} {_POLICY} DescribeSecret RestoreSecret ListSecretVersionIds"
_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]+")
_LARGEST = 65536


def _secret(call: Call, wanted: str) -> Any | None:  # noqa: ANN401
    """Find a secret; one whose recovery window is over is gone."""
    found = call.secrets.secrets.get(wanted)
    if found is not None and found.is_deleted() and found.deleted_date <= call.now.timestamp():
        call.secrets.secrets.pop(wanted)
        return None
    return found


@rule(
    "secretsmanager",
    _NAMING,
    name="secretsmanager.exists",
    source="https://github.com/boto/botocore/blob/develop/botocore/data/secretsmanager/2017-10-17/service-2.json",
    date=SEEN,
    evidence=READ,
)
def exists(call: Call) -> None:
    """The secret exists. Only a forced deletion does not mind."""
    if _secret(call, call.params["SecretId"]) is None and not call.params.get("ForceDeleteWithoutRecovery"):
        raise ApiError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")


@rule(
    "secretsmanager",
    _USING,
    name="secretsmanager.marked",
    source="https://github.com/external-secrets/kubernetes-external-secrets/issues/114",
    date=SEEN,
    evidence=READ,
)
def marked(call: Call) -> None:
    """A secret that waits for its deletion cannot be used."""
    found = _secret(call, call.params["SecretId"])
    if found is not None and found.is_deleted() and not call.params.get("ForceDeleteWithoutRecovery"):
        text = "You can't perform this operation on the secret because it was marked for deletion."
        raise ApiError("InvalidRequestException", text)


@rule(
    "secretsmanager",
    "CreateSecret",
    name="secretsmanager.name-reserved",
    source="https://github.com/aws/copilot-cli/issues/655",
    date=SEEN,
    evidence=READ,
)
def name_reserved(call: Call) -> None:
    """The name of a secret that waits for its deletion is not free."""
    found = _secret(call, call.params["Name"])
    if found is not None and found.is_deleted():
        text = "You can't create this secret because a secret with this name is already scheduled for deletion."
        raise ApiError("InvalidRequestException", text)


@rule(
    "secretsmanager",
    "DeleteSecret",
    name="secretsmanager.recovery-window",
    source=SECRETS_DELETE,
    date=WRITTEN,
    evidence=RECALLED,
)
def recovery_window(call: Call) -> None:
    """The recovery window is 7 to 30 days, and there is none when the deletion is forced."""
    days, forced = call.params.get("RecoveryWindowInDays"), call.params.get("ForceDeleteWithoutRecovery")
    if days is not None and forced:
        text = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
        raise ApiError("InvalidParameterException", text)
    if days is not None and not 7 <= days <= 30:
        text = "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
        raise ApiError("InvalidParameterException", text)


@rule(
    "secretsmanager", "CreateSecret", name="secretsmanager.name", source=SECRETS_CREATE, date=WRITTEN, evidence=RECALLED
)
def name(call: Call) -> None:
    """Names are of letters, digits and a few signs."""
    if not _NAME.fullmatch(call.params["Name"]):
        text = (
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
        )
        raise ApiError("ValidationException", text)


@rule(
    "secretsmanager",
    "CreateSecret UpdateSecret PutSecretValue",
    name="secretsmanager.one-value",
    source=SECRETS_CREATE,
    date=WRITTEN,
    evidence=RECALLED,
)
def one_value(call: Call) -> None:
    """A secret is text or bytes, not both."""
    if "SecretString" in call.params and "SecretBinary" in call.params:
        raise ApiError(
            "InvalidParameterException",
            "You can't specify both a binary secret value and a string secret value in the same secret.",
        )


@rule(
    "secretsmanager",
    "CreateSecret UpdateSecret PutSecretValue",
    name="secretsmanager.size",
    source=SECRETS_CREATE,
    date=WRITTEN,
    evidence=RECALLED,
)
def size(call: Call) -> None:
    """A value is at most 65536 bytes."""
    if (
        len(call.params.get("SecretString", "").encode()) > _LARGEST
        or len(call.params.get("SecretBinary", b"")) > _LARGEST
    ):
        text = f"Member must have length less than or equal to {_LARGEST}"
        fault = f"Value at 'secretString' failed to satisfy constraint: {text}"
        raise ApiError("ValidationException", f"1 validation error detected: {fault}")


@rule(
    "secretsmanager",
    "PutResourcePolicy",
    name="secretsmanager.policy",
    source="https://github.com/boto/botocore/blob/develop/botocore/data/secretsmanager/2017-10-17/service-2.json",
    date=SEEN,
    evidence=READ,
)
def policy(call: Call) -> None:
    """A resource policy is JSON."""
    try:
        json.loads(call.params["ResourcePolicy"])
    except ValueError:
        raise ApiError("MalformedPolicyDocumentException", "This resource policy contains invalid Json") from None


@rule(
    "secretsmanager",
    "CreateSecret TagResource",
    name="secretsmanager.tag-text",
    source=SECRETS_CREATE,
    date=WRITTEN,
    evidence=RECALLED,
)
def tag_text(call: Call) -> None:
    """Keys that start with ``aws:`` belong to AWS."""
    for each in call.params.get("Tags", []):
        if each.get("Key", "").lower().startswith("aws:"):
            raise ApiError("InvalidParameterException", "Tag keys starting with aws: are reserved for AWS use.")

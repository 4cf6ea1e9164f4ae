"""Rules of disk imports: what is imported, from where, and with which role.

The service assumes the role before it looks at anything; it never says which right it missed.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.daemon.aws import objects
from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.patches.imports import DEFAULT_ROLE
from confkube_sandbox.daemon.aws.rules.sources import IMPORT_SNAPSHOT, SEEN_LATER, WRITTEN_LATER
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.aws.context import Call

_FORMATS = ("RAW", "VHD", "VHDX", "VMDK")
_SERVICE = "vmie.amazonaws.com"
_ON_BUCKET = ("s3:GetBucketLocation", "s3:ListBucket")
_ON_EVERYTHING = ("ec2:ModifySnapshotAttribute", "ec2:CopySnapshot", "ec2:RegisterImage", "ec2:DescribeImages")

Statement = dict[str, Any]


@rule(
    "ec2", "ImportSnapshot", name="ec2.import-container", source=IMPORT_SNAPSHOT, date=WRITTEN_LATER, evidence=RECALLED
)
def container(call: Call) -> None:
    """A disk container names its disk, in one of two ways."""
    given: dict[str, Any] = call.params.get("DiskContainer", {})
    if not given:
        raise ApiError("MissingParameter", "The request must contain the parameter DiskContainer")
    if ("Url" in given) == ("UserBucket" in given):
        raise ApiError("InvalidParameter", "Either Url or UserBucket must be specified in DiskContainer, not both.")


@rule("ec2", "ImportSnapshot", name="ec2.import-format", source=IMPORT_SNAPSHOT, date=WRITTEN_LATER, evidence=RECALLED)
def disk_format(call: Call) -> None:
    """A disk is a VHD, a VMDK, or raw."""
    given = str(call.params["DiskContainer"].get("Format", ""))
    if given.upper() not in _FORMATS:
        raise ApiError("InvalidParameter", f"Unsupported disk format '{given}'. Valid values: {', '.join(_FORMATS)}.")


@rule(
    "ec2",
    "ImportSnapshot",
    name="ec2.import-encryption",
    source=IMPORT_SNAPSHOT,
    date=WRITTEN_LATER,
    evidence=RECALLED,
)
def encryption(call: Call) -> None:
    """A key is for an encrypted snapshot."""
    if call.params.get("KmsKeyId") and not call.params.get("Encrypted"):
        raise ApiError(
            "InvalidParameterCombination", "The parameter KmsKeyId requires the parameter Encrypted to be set."
        )


@rule(
    "ec2",
    "ImportSnapshot",
    name="ec2.import-role",
    source="https://github.com/aws/aws-cli/issues/8873",
    date=SEEN_LATER,
    evidence=READ,
)
def role(call: Call) -> None:
    """The service can assume the role, and the role can read the disk and make a snapshot."""
    name = call.params.get("RoleName") or DEFAULT_ROLE
    found = next((each for each in call.iam.roles.values() if each.name == name), None)
    if found is None or not _trusts(found) or not _suffices(found, call.params["DiskContainer"]):
        text = f"The service role {name} provided does not exist or does not have sufficient permissions"
        raise ApiError("InvalidParameter", text)


@rule(
    "ec2",
    "ImportSnapshot",
    name="ec2.import-object",
    source="https://github.com/gardenlinux/gardenlinux/issues/3206",
    date=SEEN_LATER,
    evidence=READ,
)
def stored(call: Call) -> None:
    """The disk exists, and the caller may read it."""
    given = call.params["DiskContainer"]
    if objects.found(given) is None:
        place = "/".join(objects.located(given))
        raise ApiError("InvalidParameter", f"User does not have access to the S3 object ({place}).")


def _trusts(found: Any) -> bool:  # noqa: ANN401
    for each in _statements(found.assume_role_policy_document):
        conditions = cast("dict[str, dict[str, Any]]", each.get("Condition", {}))
        ids = {key.lower(): value for key, value in conditions.get("StringEquals", {}).items()}
        if (
            each.get("Effect") == "Allow"
            and _SERVICE in _texts(each.get("Principal", {}).get("Service"))
            and "sts:AssumeRole" in _texts(each.get("Action"))
            and _texts(ids.pop("sts:externalid", DEFAULT_ROLE)) == [DEFAULT_ROLE]
            and not ids
            and conditions.keys() <= {"StringEquals"}
        ):
            return True
    return False


def _suffices(found: Any, container_: dict[str, Any]) -> bool:  # noqa: ANN401
    bucket, key = objects.located(container_)
    arn = f"arn:aws:s3:::{bucket}"
    written = [each for text in found.policies.values() for each in _statements(str(text))]
    for policy in found.managed_policies.values():
        default = next(each for each in policy.versions if each.version_id == policy.default_version_id)
        written += _statements(default.document)
    needed = [
        *((action, arn) for action in _ON_BUCKET),
        ("s3:GetObject", f"{arn}/{key}"),
        *((action, "*") for action in _ON_EVERYTHING),
    ]
    return all(
        any(_covers(each, *need) for each in written if each.get("Effect") == "Allow" and not each.get("Condition"))
        and not any(_covers(each, *need) for each in written if each.get("Effect") == "Deny")
        for need in needed
    )


def _covers(statement: Statement, action: str, resource: str) -> bool:
    """Whether a statement is about an action on a resource; conditions are not looked into."""
    actions, resources = _texts(statement.get("Action")), _texts(statement.get("Resource"))
    return any(fnmatchcase(action.lower(), each.lower()) for each in actions) and any(
        fnmatchcase(resource, each) for each in resources
    )


def _statements(text: str) -> Iterator[Statement]:
    held = json.loads(text)["Statement"]
    yield from held if isinstance(held, list) else [held]


def _texts(value: Any) -> list[str]:  # noqa: ANN401
    return [value] if isinstance(value, str) else list(value or [])

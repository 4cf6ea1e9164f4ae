"""Snapshots that are imported from a disk in object storage."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import rules, tags, translate, waiting
from confkube_sandbox.providers.aws.answers import part
from confkube_sandbox.providers.aws.api import ApiError
from confkube_sandbox.providers.aws.network import one
from confkube_sandbox.providers.aws.resource import Tagged
from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.terraform.validation import one_of

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.handler import CheckFailure, Properties

_SOURCES = ("diskContainer.userBucket", "diskContainer.url")
_UNSETTLED = "provided does not exist or does not have sufficient permissions"
# A role that stays without rights is a mistake in the program, not a delay.
_PATIENCE = 20


class SnapshotImport(Tagged, token="aws:ebs/snapshotImport:SnapshotImport"):
    """``aws.ebs.SnapshotImport``; storage tiers are not simulated."""

    noun: ClassVar = "EBS Snapshot Import"
    supported: ClassVar = frozenset(
        {"clientData", "description", "diskContainer", "encrypted", "kmsKeyId", "region", "roleName", "tags"}
    )
    defaults: ClassVar = {"roleName": "vmimport"}
    # terraform-provider-aws internal/service/ec2/ebs_snapshot_import.go at 050ac11163ca.
    rules: ClassVar = {"diskContainer.format": one_of("VMDK", "RAW", "VHD")}
    constants: ClassVar = {"dataEncryptionKeyId": "", "outpostArn": "", "ownerAlias": "", "volumeId": ""}
    computed = frozenset(
        {"arn", "description", "encrypted", "kmsKeyId", "ownerId", "region", "storageTier", "tagsAll", "volumeSize"}
    )
    seconds: ClassVar = (3600, 600, 600)
    gone: ClassVar = frozenset({"InvalidSnapshot.NotFound"})

    def refuse_(self, inputs: Properties) -> list[CheckFailure]:
        """The disk comes from one place."""
        return rules.exactly_one(_SOURCES, inputs)

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call ImportSnapshot and wait: the snapshot has an id only when the task has ended."""
        task = str(self._import(aws, inputs)["ImportTaskId"])

        def probe() -> dict[str, Any] | None:
            found = one(aws, "DescribeImportSnapshotTasks", "ImportSnapshotTasks", ImportTaskIds=[task])
            detail = part(found, "SnapshotTaskDetail")
            if detail.get("Status") in ("deleted", "deleting", "error"):
                said = f"unexpected state '{detail['Status']}', wanted target 'completed'. last error: "
                raise CloudError(said + str(detail.get("StatusMessage") or "no reason given"), "UnexpectedState")
            return detail if detail.get("Status") == "completed" else None

        return str(waiting.until(aws, f"EBS Snapshot Import ({task}) create", probe)["SnapshotId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:
        """Set the tags; those of the task are not the snapshot's."""
        if tags.pairs(inputs):
            aws.api.call("ec2", "CreateTags", Resources=[id_], Tags=tags.pairs(inputs))

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the snapshot; where it came from is not told again."""
        snapshot = one(aws, "DescribeSnapshots", "Snapshots", SnapshotIds=[id_])
        if snapshot is None:
            return None
        return {
            "arn": f"arn:aws:ec2:{aws.region}::snapshot/{id_}",
            "description": snapshot.get("Description") or "",
            "encrypted": bool(snapshot.get("Encrypted")),
            "kmsKeyId": snapshot.get("KmsKeyId") or "",
            "ownerId": snapshot.get("OwnerId") or "",
            "storageTier": snapshot.get("StorageTier") or "",
            "volumeSize": snapshot.get("VolumeSize"),
            **tags.outputs(snapshot.get("Tags")),
        }

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Call DeleteSnapshot, again while an image is made of it."""
        waiting.retry(aws, ("InvalidSnapshot.InUse",), lambda: aws.api.call("ec2", "DeleteSnapshot", SnapshotId=id_))

    def _import(self, aws: Connection, inputs: Properties) -> dict[str, Any]:
        shape = aws.api.input_shape("ec2", "ImportSnapshot")
        names = ("clientData", "description", "diskContainer", "encrypted", "kmsKeyId", "roleName")
        given = translate.request(shape, {key: inputs[key] for key in names if inputs.get(key) not in (None, "")})

        def once() -> dict[str, Any] | None:
            try:
                return aws.api.call(
                    "ec2",
                    "ImportSnapshot",
                    ClientToken=str(uuid.uuid4()),
                    TagSpecifications=tags.specification("import-snapshot-task", inputs),
                    **given,
                )
            except ApiError as error:
                # A role made a moment ago may not have its rights yet.
                if error.code == "InvalidParameter" and _UNSETTLED in error.message and len(refusals) < _PATIENCE:
                    refusals.append(error)
                    return None
                raise

        refusals: list[ApiError] = []
        return waiting.until(aws, "the role to have its rights", once)

"""Import of a disk from object storage as a snapshot, which moto does not have.

A task takes its time; the snapshot exists when it has ended well. A task that fails is ``deleted`` and says why.
Source: https://docs.aws.amazon.com/vm-import/latest/userguide/vmimport-import-snapshot.html (2026-11-27, recalled).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from moto.core.responses import ActionResult
from moto.ec2.models.elastic_block_store import Snapshot
from moto.ec2.responses import EC2Response
from moto.ec2.utils import random_snapshot_id

from confkube_sandbox.daemon.aws import context, objects, states
from confkube_sandbox.daemon.aws.errors import ApiError

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

DEFAULT_ROLE = "vmimport"
PREFIX = "import-snap-"


def install() -> None:
    """Add the two operations."""
    response: Any = EC2Response
    response.import_snapshot = _import_snapshot
    response.describe_import_snapshot_tasks = _describe_tasks


def tasks(state: Any) -> dict[str, dict[str, Any]]:  # noqa: ANN401
    """Return the import tasks of one account and region by id."""
    held = cast("dict[str, Any]", state.__dict__)
    return cast("dict[str, dict[str, Any]]", held.setdefault("import_snapshot_tasks", {}))


def _import_snapshot(self: Any) -> ActionResult:  # noqa: ANN401, ARG001
    call = context.current()
    container: dict[str, Any] = call.params["DiskContainer"]
    name = PREFIX + random_snapshot_id().removeprefix("snap-")
    detail = {
        **{key: container[key] for key in ("Description", "Format", "Url", "UserBucket") if key in container},
        "DiskImageSize": 0.0,
        "Encrypted": bool(call.params.get("Encrypted")),
        "KmsKeyId": call.params.get("KmsKeyId"),
        "Progress": "3",
        "Status": "active",
        "StatusMessage": "pending",
    }
    task = {
        "ImportTaskId": name,
        "Description": call.params.get("Description", ""),
        "SnapshotTaskDetail": detail,
        "Tags": [tag for each in call.params.get("TagSpecifications", []) for tag in each.get("Tags", [])],
    }
    tasks(call.ec2)[name] = task
    disk = objects.found(container)
    fits = disk is not None and container["Format"].upper() in {disk.format, "RAW"}
    states.schedule(call, name, "completed" if fits else "deleted", "snapshot-import")
    return ActionResult(task)


def arrive(call: Call, name: str, state: str) -> None:
    """End a task: with its snapshot, or with the reason why there is none."""
    task = tasks(call.ec2).get(name)
    if task is None:
        return
    detail: dict[str, Any] = task["SnapshotTaskDetail"]
    disk = objects.found(detail)
    detail.pop("Progress")
    detail.update(Status=state, StatusMessage=None)
    if state != "completed" or disk is None:
        shown = detail["Format"].upper()
        detail["StatusMessage"] = f"ClientError: Disk validation failed [Unsupported {shown} File Format]"
        return
    detail.update(DiskImageSize=float(disk.gib << 30), SnapshotId=_snapshot(call, name, disk.gib, detail))


def _snapshot(call: Call, task: str, gib: int, detail: dict[str, Any]) -> str:
    state = call.ec2
    volume = state.create_volume(size=gib, zone_name=f"{call.caller.region}a")
    state.delete_volume(volume.id)
    made: Any = Snapshot(
        state,
        random_snapshot_id(),
        volume,
        f"Created by AWS-VMImport service for {task}",
        encrypted=detail["Encrypted"],
        kms_key_id=detail["KmsKeyId"],
        owner_id=call.caller.account,
    )
    state.snapshots[made.id] = made
    return made.id


def _describe_tasks(self: Any) -> ActionResult:  # noqa: ANN401
    held = tasks(self.ec2_backend)
    wanted: list[str] = context.current().params.get("ImportTaskIds", [])
    for name in wanted:
        if name not in held:
            raise ApiError("InvalidConversionTaskId", f"The ID '{name}' is not a valid import task ID.")
    return ActionResult({"ImportSnapshotTasks": [held[name] for name in (wanted or held)]})

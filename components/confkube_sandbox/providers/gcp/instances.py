"""Instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import (
    boot_disks,
    instance_changes,
    links,
    machine_outputs,
    machines,
    missing,
    naming,
    operations,
)
from confkube_sandbox.providers.gcp import instance_schema as schema
from confkube_sandbox.providers.gcp.answers import parts
from confkube_sandbox.providers.gcp.changes import Made
from confkube_sandbox.providers.gcp.compute import Compute
from confkube_sandbox.providers.gcp.failures import ApiError, OperationError
from confkube_sandbox.providers.terraform import unsimulated
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import CheckFailure, Context, Properties


class Instance(Compute, token="gcp:compute/instance:Instance"):
    """``gcp.compute.Instance``; services/compute/resource_compute_instance.go."""

    noun: ClassVar = "Instance"
    collection: ClassVar = "instances"
    parameter: ClassVar = "instance"
    model: ClassVar = "Instance"
    template: ClassVar = "projects/{project}/zones/{zone}/instances/{name}"
    supported: ClassVar = schema.SUPPORTED
    unserved: ClassVar = schema.UNSERVED
    defaults: ClassVar = schema.DEFAULTS
    name: ClassVar = naming.ANY
    labelled: ClassVar = True
    rules: ClassVar = schema.RULES
    conflicts: ClassVar = (("bootDisk.source", "bootDisk.initializeParams"),)
    some: ClassVar = schema.SOME
    needs: ClassVar = schema.NEEDS
    same: ClassVar = schema.SAME
    sets: ClassVar = frozenset({"tags", "scheduling.nodeAffinities"})
    maps: ClassVar = frozenset({"metadata", "bootDisk.initializeParams.labels"})
    watched: ClassVar = schema.WATCHED
    filled: ClassVar = schema.FILLED
    computed = schema.COMPUTED

    def refuse_(self, inputs: Properties, old: Properties) -> list[CheckFailure]:
        """Refuse changes that the simulated cloud cannot make."""
        return unsimulated.changes(missing.METHODS, self.token, self.needs, old, inputs)

    def forced(self, new: Properties, outputs: Properties, ctx: Context) -> frozenset[str]:  # noqa: ARG002
        """A private address can change only together with the network (forceNewIfNetworkIPNotUpdatable)."""
        before = parts(outputs, "networkInterfaces")
        after = new.get("networkInterfaces")
        if not isinstance(after, list) or len(cast("list[object]", after)) != len(before):
            return frozenset()
        for one, other in zip(before, cast("list[Properties]", after), strict=True):
            wanted = other.get("networkIp")
            if wanted in (None, "", UNKNOWN, one.get("networkIp")):
                continue
            moved = [
                key for key in ("network", "subnetwork") if not links.same(one.get(key), other.get(key, one.get(key)))
            ]
            if not moved and other.get("subnetworkProject", one.get("subnetworkProject")) == one.get(
                "subnetworkProject"
            ):
                return frozenset({"networkInterfaces"})
        return frozenset()

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Insert the instance and wait until it runs. An operation that fails means that it was not made."""
        zone, project = gcp.zone, gcp.project
        body = self.body_(gcp, inputs)
        operation = self.started(
            "Error creating instance: ", lambda: gcp.compute("instances.insert", zone=zone, body=body)
        )
        try:
            operations.wait(gcp, operation, "instance to create")
        except OperationError as error:
            raise CloudError(str(error)) from None
        id_ = self.template.format(project=project, zone=zone, name=inputs["name"])
        return Made(id=id_, then=lambda: self._started(gcp, id_, str(inputs.get("desiredStatus") or "RUNNING")))

    def body_(self, gcp: Connection, inputs: Properties) -> dict[str, Any]:
        """Return the body of a new instance."""
        machine = links.full(gcp, "machineTypes", inputs["machineType"], "zone")
        return machines.filled(
            {
                **machines.common(gcp, self.translator(gcp), inputs),
                "deletionProtection": bool(inputs.get("deletionProtection")),
                "description": inputs.get("description") or None,
                "disks": [boot_disks.body(gcp, inputs["bootDisk"])],
                "hostname": inputs.get("hostname") or None,
                "labels": inputs.get("effectiveLabels") or None,
                "machineType": machine,
                "name": inputs["name"],
                "eraseWindowsVssSignature": inputs.get("eraseWindowsVssSignature") or None,
            }
        )

    def outputs_(self, gcp: Connection, answer: dict[str, Any], inputs: Properties, state: Properties) -> Properties:
        """Return the outputs."""
        known = state | inputs
        boot = next((each for each in parts(answer, "disks") if each.get("boot")), None)
        texts = ("cpuPlatform", "creationTimestamp", "description", "hostname", "labelFingerprint", "selfLink")
        return {
            **machine_outputs.common(self.translator(gcp), self.model, answer, known),
            **{key: answer.get(key) or "" for key in texts},
            "allowStoppingForUpdate": known.get("allowStoppingForUpdate"),
            "bootDisk": boot_disks.outputs(gcp, boot, known.get("bootDisk") or {}) if boot else None,
            "currentStatus": answer["status"],
            "deletionProtection": bool(answer.get("deletionProtection")),
            "desiredStatus": answer["status"] if known.get("desiredStatus") else None,
            "eraseWindowsVssSignature": known.get("eraseWindowsVssSignature", False),
            "instanceId": str(answer["id"]),
            "machineType": machine_outputs.machine_type(answer),
            "name": answer["name"],
            "zone": links.name_of(str(answer["zone"])),
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Change what differs, in the order of the real provider."""
        instance_changes.apply(self, gcp, to)

    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:
        """Delete the instance and wait; one that is gone is a failure, as with the real provider."""
        if outputs.get("deletionProtection"):
            name = self.place(id_)["name"]
            raise CloudError(
                f"Cannot delete instance {name}: instance Deletion Protection is enabled. Set deletion_protection to "
                'false for this resource and run "terraform apply" before attempting to delete it.'
            )
        self.run(gcp, "instances.delete", "Error deleting instance: ", "instance to delete", **self.target(id_))

    def _started(self, gcp: Connection, id_: str, wanted: str) -> None:
        self.await_status(gcp, id_, "RUNNING", "Error waiting for status: ")
        if wanted == "RUNNING":
            return
        verb = "stop" if wanted == "TERMINATED" else "suspend"
        said = "Error changing instance status after creation: "
        self.run(gcp, f"instances.{verb}", said * 2, "changing instance status", **self.target(id_))
        self.await_status(gcp, id_, wanted, f"{said}Error waiting for status: ")

    def await_status(self, gcp: Connection, id_: str, status: str, before: str) -> None:
        """Wait until the instance has a status."""
        said = f"{before}Error waiting for instance to reach desired status {status}: "
        last = ""

        def look() -> bool | None:
            nonlocal last
            try:
                last = str(gcp.compute("instances.get", **self.target(id_))["status"])
            except ApiError as error:
                raise CloudError(f"{said}{error}", error.reason) from None
            return last == status or None

        operations.until(
            gcp,
            look,
            lambda: f"{said}timeout while waiting for state to become '{status}' (last state: '{last}')",
        )

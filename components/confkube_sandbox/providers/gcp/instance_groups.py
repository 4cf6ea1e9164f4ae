"""Managed instance groups of a zone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import group_parts, links, missing, naming, operations
from confkube_sandbox.providers.gcp.answers import part, parts
from confkube_sandbox.providers.gcp.changes import Made
from confkube_sandbox.providers.gcp.compute import Compute
from confkube_sandbox.providers.gcp.failures import ApiError
from confkube_sandbox.providers.gcp.rules.values import optional_one_of
from confkube_sandbox.providers.terraform import unsimulated
from confkube_sandbox.providers.terraform.validation import between, one_of

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.handler import CheckFailure, Properties

_ACTIONS = ("NONE", "REFRESH", "RESTART", "REPLACE")
# The real provider asks for the deletion again every two seconds, whatever the refusal was.
_DELETE_ATTEMPTS = 20
_DELETE_PAUSE = 2.0


class InstanceGroupManager(Compute, token="gcp:compute/instanceGroupManager:InstanceGroupManager"):
    """``gcp.compute.InstanceGroupManager``; services/compute/resource_compute_instance_group_manager.go."""

    noun: ClassVar = "InstanceGroupManager"
    collection: ClassVar = "instanceGroupManagers"
    parameter: ClassVar = "instanceGroupManager"
    model: ClassVar = "InstanceGroupManager"
    template: ClassVar = "projects/{project}/zones/{zone}/instanceGroupManagers/{name}"
    seconds: ClassVar = (900, 900, 900)
    supported: ClassVar = frozenset(
        {
            "allInstancesConfig",
            "autoHealingPolicies",
            "baseInstanceName",
            "deletionPolicy",
            "description",
            "instanceLifecyclePolicy",
            "listManagedInstancesResults",
            "name",
            "namedPorts",
            "project",
            "targetSize",
            "updatePolicy",
            "versions",
            "waitForInstances",
            "waitForInstancesStatus",
            "zone",
        }
    )
    defaults: ClassVar = {
        "instanceLifecyclePolicy.defaultActionOnFailure": "REPAIR",
        "instanceLifecyclePolicy.forceUpdateOnRepair": "NO",
        "instanceLifecyclePolicy.onFailedHealthCheck": "DEFAULT_ACTION",
        "instanceLifecyclePolicy.onRepair.allowChangingZone": "NO",
        "listManagedInstancesResults": "PAGELESS",
        "waitForInstances": False,
        "waitForInstancesStatus": "STABLE",
    }
    # Only the API's beta version, which the real provider speaks, knows it.
    unserved: ClassVar = ("updatePolicy.minReadySec",)
    name: ClassVar = naming.ANY
    rules: ClassVar = {
        "autoHealingPolicies.initialDelaySec": between(0, 3600),
        "instanceLifecyclePolicy.defaultActionOnFailure": one_of("REPAIR", "DO_NOTHING", any_case=True),
        "instanceLifecyclePolicy.forceUpdateOnRepair": one_of("YES", "NO", any_case=True),
        "instanceLifecyclePolicy.onFailedHealthCheck": one_of("DEFAULT_ACTION", "REPAIR", "DO_NOTHING", any_case=True),
        "listManagedInstancesResults": one_of("PAGELESS", "PAGINATED"),
        "updatePolicy.maxSurgePercent": between(0, 100),
        "updatePolicy.maxUnavailablePercent": between(0, 100),
        "updatePolicy.minimalAction": one_of(*_ACTIONS),
        "updatePolicy.mostDisruptiveAllowedAction": one_of(*_ACTIONS),
        "updatePolicy.replacementMethod": optional_one_of("RECREATE", "SUBSTITUTE"),
        "updatePolicy.type": one_of("OPPORTUNISTIC", "PROACTIVE"),
        "versions.*.targetSize.percent": between(0, 100),
        "waitForInstancesStatus": one_of("STABLE", "UPDATED"),
    }
    conflicts: ClassVar = (
        ("updatePolicy.maxSurgeFixed", "updatePolicy.maxSurgePercent"),
        ("updatePolicy.maxUnavailableFixed", "updatePolicy.maxUnavailablePercent"),
    )
    needs: ClassVar = {"namedPorts": "compute.instanceGroups.setNamedPorts"}
    same: ClassVar = {
        "updatePolicy.replacementMethod": group_parts.same_method,
        "versions[*].instanceTemplate": group_parts.same_template,
    }
    sets: ClassVar = frozenset({"namedPorts"})
    maps: ClassVar = frozenset({"allInstancesConfig.labels", "allInstancesConfig.metadata"})
    watched: ClassVar = frozenset({"allInstancesConfig", "autoHealingPolicies", "description", "namedPorts"})
    filled: ClassVar = frozenset(
        {
            "instanceLifecyclePolicy.onRepair",
            "updatePolicy.maxSurgeFixed",
            "updatePolicy.maxUnavailableFixed",
        }
    )
    computed = frozenset(
        {
            "creationTimestamp",
            "fingerprint",
            "instanceGroup",
            "instanceGroupManagerId",
            "instanceLifecyclePolicy",
            "operation",
            "selfLink",
            "standbyPolicy",
            "statuses",
            "targetSize",
            "targetSizePolicies",
            "targetStoppedSize",
            "targetSuspendedSize",
            "updatePolicy",
            "zone",
        }
    )

    def refuse_(self, inputs: Properties, old: Properties) -> list[CheckFailure]:
        """Refuse changes that the simulated cloud cannot make."""
        return unsimulated.changes(missing.METHODS, self.token, self.needs, old, inputs)

    def create_(self, gcp: Connection, inputs: Properties) -> Made:
        """Insert the group; it is in the state even when the operation fails, or its machines never come up."""
        zone, body = gcp.zone, group_parts.body(inputs)
        operation = self.started(
            f"Error creating {self.noun}: ", lambda: gcp.compute("instanceGroupManagers.insert", zone=zone, body=body)
        )
        id_ = self.template.format(project=gcp.project, zone=zone, name=inputs["name"])

        def finish() -> None:
            operations.wait(gcp, operation, f"Creating {self.noun}")
            self._await_instances(gcp, id_, inputs)

        return Made(id=id_, then=finish)

    def outputs_(self, gcp: Connection, answer: dict[str, Any], inputs: Properties, state: Properties) -> Properties:  # noqa: ARG002
        """Return the outputs."""
        known = state | inputs
        texts = ("creationTimestamp", "description", "fingerprint", "instanceGroup", "selfLink")
        return {
            **{key: answer.get(key) or "" for key in texts},
            **{key: int(answer.get(key) or 0) for key in ("targetSize", "targetStoppedSize", "targetSuspendedSize")},
            **{key: known.get(key, self.defaults[key]) for key in ("waitForInstances", "waitForInstancesStatus")},
            **group_parts.outputs(answer),
            "baseInstanceName": answer["baseInstanceName"],
            "instanceGroupManagerId": int(answer["id"]),
            "listManagedInstancesResults": answer.get("listManagedInstancesResults") or "PAGELESS",
            "name": answer["name"],
            "operation": "",
            "zone": links.name_of(str(answer["zone"])),
        }

    def change_(self, gcp: Connection, to: Change) -> None:
        """Patch the group with the fingerprint that the state has, then resize it, then wait if the program says so."""
        target = self.target(to.id)
        body = group_parts.patch(to)
        if body:
            self.run(
                gcp,
                "instanceGroupManagers.patch",
                "Error updating managed group instances: ",
                "Updating managed group instances",
                **target,
                body=body | {"fingerprint": to.state.get("fingerprint")},
            )
        said, activity = f"Error updating {self.noun}: ", f"Updating {self.noun}"
        if "namedPorts" in to.keys:
            place = self.place(to.id)
            ports = {"namedPorts": parts(to.new, "namedPorts")}
            where = {"zone": place["zone"], "instanceGroup": place["name"]}
            self.run(gcp, "instanceGroups.setNamedPorts", said, activity, **where, body=ports)
        if "targetSize" in to.keys:
            size = int(to.new["targetSize"])
            self.run(gcp, "instanceGroupManagers.resize", said, activity, **target, size=size)
        self._await_instances(gcp, to.id, to.new)

    def delete_(self, gcp: Connection, id_: str, outputs: Properties) -> None:  # noqa: ARG002
        """Delete the group with its machines; one that is gone is a failure, as with the real provider."""
        operation = self._asked_to_delete(gcp, id_)
        operations.wait(gcp, operation, f"Deleting {self.noun}")

    def _asked_to_delete(self, gcp: Connection, id_: str) -> dict[str, Any]:
        for attempt in range(_DELETE_ATTEMPTS + 1):
            try:
                return gcp.compute("instanceGroupManagers.delete", **self.target(id_))
            except ApiError as error:
                if attempt == _DELETE_ATTEMPTS:
                    raise CloudError(f"Error deleting instance group manager: {error}", error.reason) from None
            time.sleep(_DELETE_PAUSE / gcp.speed)
        raise AssertionError

    def _await_instances(self, gcp: Connection, id_: str, inputs: Properties) -> None:
        """Wait for machines (computeIGMWaitForInstanceStatus)."""
        if not inputs.get("waitForInstances"):
            return
        updated, last = inputs.get("waitForInstancesStatus") == "UPDATED", ""

        def look() -> bool | None:
            nonlocal last
            answer = self.get(gcp, id_)
            if answer is None:
                raise CloudError("instance manager not found")
            last = group_parts.waiting_for(part(answer, "status"), updated=updated)
            return None if last else True

        operations.until(
            gcp, look, lambda: f"timeout while waiting for state to become 'created' (last state: '{last}')"
        )

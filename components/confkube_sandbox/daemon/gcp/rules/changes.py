"""Rules of changes to a machine that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.compute.building import tee_of
from confkube_sandbox.daemon.gcp.errors import ApiError, invalid
from confkube_sandbox.daemon.gcp.rules.sources import CVM, INSTANCES, WRITTEN
from confkube_sandbox.daemon.gcp.rules.targets import target_key
from confkube_sandbox.daemon.rules import RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call


@rule(
    "compute",
    "instances.setMachineType instances.setMinCpuPlatform instances.setServiceAccount "
    "instances.updateShieldedInstanceConfig",
    name="compute.stopped-only",
    source=INSTANCES,
    date=WRITTEN,
    evidence=RECALLED,
)
def stopped_only(call: Call) -> None:
    """Size, least CPU platform, service account and firmware settings change while a machine is stopped."""
    if call.get(target_key(call))["status"] != "TERMINATED":
        what = {
            "instances.setMachineType": "Machine type",
            "instances.setMinCpuPlatform": "The minimum CPU platform",
            "instances.setServiceAccount": "The service account",
            "instances.updateShieldedInstanceConfig": "The shielded instance config",
        }[call.operation]
        text = f"{what} can only be changed when the instance is stopped."
        raise ApiError("resourceNotReady", f"The instance is not in a valid state for the operation. {text}")


@rule(
    "compute", "instances.setScheduling", name="compute.scheduling-of-tee", source=CVM, date=WRITTEN, evidence=RECALLED
)
def scheduling_of_tee(call: Call) -> None:
    """A confidential machine cannot be told to move later either."""
    held = call.get(target_key(call))
    kind = tee_of(held)
    if kind in {"SEV_SNP", "TDX"} and call.body.get("onHostMaintenance", "TERMINATE") != "TERMINATE":
        text = "Confidential VM instances do not support live migration; onHostMaintenance must be TERMINATE."
        raise invalid("scheduling.onHostMaintenance", call.body["onHostMaintenance"], text)


@rule("compute", "instances.setDiskAutoDelete", name="compute.device-exists", source=INSTANCES, date=WRITTEN,
      evidence=RECALLED)  # fmt: skip
def device_exists(call: Call) -> None:
    """A disk of a machine is named by its device."""
    held = call.get(target_key(call))
    wanted = call.query.get("deviceName", "")
    if wanted not in {each["deviceName"] for each in held["disks"]}:
        raise invalid("deviceName", wanted, f"No attached disk found with device name '{wanted}'")

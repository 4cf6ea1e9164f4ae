"""Changing a living instance: every property with the method that it has, and some only while it is stopped.

services/compute/resource_compute_instance.go of terraform-provider-google-beta at 93c65b2d60fe:
resourceComputeInstanceUpdate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import boot_disks, interface_changes, machines
from confkube_sandbox.providers.gcp.answers import part, words
from confkube_sandbox.providers.gcp.failures import ApiError

if TYPE_CHECKING:
    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.gcp.instances import Instance

_REBOOT = ("nodeAffinities", "maxRunDuration", "terminationTime")
_NO_REBOOT = (
    "automaticRestart",
    "availabilityDomain",
    "gracefulShutdown",
    "hostErrorTimeoutSeconds",
    "instanceTerminationAction",
    "onHostMaintenance",
    "preemptible",
    "provisioningModel",
    "skipGuestOsShutdown",
)
_STOPPED = ("enableDisplay", "machineType", "minCpuPlatform", "shieldedInstanceConfig", "advancedMachineFeatures")
_REFUSED = (
    "Changing the machine_type, min_cpu_platform, service_account, enable_display, shielded_instance_config, "
    "scheduling.node_affinities, scheduling.max_run_duration or network_interface.[#d].(network/subnetwork/"
    "subnetwork_project) or advanced_machine_features on a started instance requires stopping it. To acknowledge this, "
    "please set allow_stopping_for_update = true in your config. You can also stop it by setting desired_status = "
    '"TERMINATED", but the instance will not be restarted after the update.'
)


def apply(instance: Instance, gcp: Connection, to: Change) -> None:
    """Change everything that differs."""
    live = instance.get(gcp, to.id)
    if live is None:
        raise CloudError(f"Error when reading or editing Instance {instance.place(to.id)['name']}: it does not exist")
    if "description" in to.keys:
        _put(instance, gcp, to, {"description": to.new.get("description") or ""}, "description, updating")
    _words(instance, gcp, to)
    reboot = _needs_reboot(to)
    if not reboot and any(to.differs(f"scheduling.{key}") for key in _NO_REBOOT):
        _set_scheduling(instance, gcp, to)
    moved = interface_changes.apply(instance, gcp, to, live)
    _disk(instance, gcp, to)
    if "deletionProtection" in to.keys:
        _protect(instance, gcp, to)
    if "canIpForward" in to.keys:
        _put(instance, gcp, to, {"canIpForward": bool(to.new.get("canIpForward"))}, "can_ip_forward, updating")
    if moved or reboot or to.any(*_STOPPED) or _account_differs(to):
        _while_stopped(instance, gcp, to, str(live["status"]), moved)
    elif to.new.get("desiredStatus") and "desiredStatus" in to.keys:
        _set_status(instance, gcp, to)


def _needs_reboot(to: Change) -> bool:
    # hasGracefulShutdownChangedWithReboot
    keys = (*_REBOOT, "gracefulShutdown") if to.new.get("allowStoppingForUpdate") else _REBOOT
    return any(to.differs(f"scheduling.{key}") for key in keys)


def _account_differs(to: Change) -> bool:
    one, other = (part(found, "serviceAccount") for found in (to.old, to.new))
    wanted = other.get("email", one.get("email"))
    return wanted != one.get("email") or not machines.same_scopes(one.get("scopes") or [], other.get("scopes") or [])


def _words(instance: Instance, gcp: Connection, to: Change) -> None:
    """Set metadata, network tags and labels, with the fingerprints that guard them."""
    target = instance.target(to.id)
    if to.any("metadata", "metadataStartupScript"):
        live = gcp.compute("instances.get", **target)
        body = machines.metadata(to.new) | {"fingerprint": live.get("metadata", {}).get("fingerprint")}
        instance.run(
            gcp, "instances.setMetadata", "Error updating metadata: ", "metadata to update", **target, body=body
        )
    if "tags" in to.keys:
        tags = {"items": words(to.new, "tags"), "fingerprint": to.state.get("tagsFingerprint")}
        instance.run(gcp, "instances.setTags", "Error updating tags: ", "tags to update", **target, body=tags)
    if "labels" in to.keys or to.labels != to.state.get("effectiveLabels"):
        labels = {"labels": to.labels, "labelFingerprint": to.state.get("labelFingerprint")}
        instance.run(gcp, "instances.setLabels", "Error updating labels: ", "labels to update", **target, body=labels)


def _set_scheduling(instance: Instance, gcp: Connection, to: Change) -> None:
    instance.run(
        gcp,
        "instances.setScheduling",
        "Error updating scheduling policy: ",
        "scheduling policy update",
        **instance.target(to.id),
        body=machines.scheduling(instance.translator(gcp), to.new),
    )


def _disk(instance: Instance, gcp: Connection, to: Change) -> None:
    boot, params = part(to.new, "bootDisk"), "bootDisk.initializeParams"
    if to.differs(f"{params}.size") or to.differs(f"{params}.labels"):
        source = str(part(to.state, "bootDisk")["source"])
        try:
            disk = boot_disks.get(gcp, source)
        except ApiError as error:
            raise CloudError(f"Error getting boot disk: {error}", error.reason) from None
        said, place = f'Error updating Disk "{to.id}": ', {"zone": instance.place(to.id)["zone"]}
        wanted = part(boot, "initializeParams")
        if to.differs(f"{params}.size"):
            size = {"sizeGb": str(wanted["size"])}
            instance.run(gcp, "disks.resize", said, "Updating Disk", **place, disk=disk["name"], body=size)
        if to.differs(f"{params}.labels"):
            labels = {"labels": part(wanted, "labels"), "labelFingerprint": disk.get("labelFingerprint")}
            instance.run(gcp, "disks.setLabels", said, "Updating Disk", **place, resource=disk["name"], body=labels)
    if to.differs("bootDisk.autoDelete"):
        instance.run(
            gcp,
            "instances.setDiskAutoDelete",
            "Error changing auto_delete: ",
            "changing auto_delete",
            **instance.target(to.id),
            autoDelete=bool(boot.get("autoDelete")),
            deviceName=part(to.state, "bootDisk")["deviceName"],
        )


def _protect(instance: Instance, gcp: Connection, to: Change) -> None:
    place = instance.place(to.id)
    instance.run(
        gcp,
        "instances.setDeletionProtection",
        "Error updating deletion protection flag: ",
        "deletion protection to update",
        zone=place["zone"],
        resource=place["name"],
        deletionProtection=bool(to.new.get("deletionProtection")),
    )


def _put(instance: Instance, gcp: Connection, to: Change, values: dict[str, Any], activity: str) -> None:
    live = gcp.compute("instances.get", **instance.target(to.id))
    instance.run(
        gcp, "instances.update", "Error updating instance: ", activity, **instance.target(to.id), body=live | values
    )


def _set_status(instance: Instance, gcp: Connection, to: Change) -> None:
    wanted, before = str(to.new["desiredStatus"]), to.state.get("currentStatus")
    if wanted == "RUNNING":
        verb, said = ("resume", "") if before == "SUSPENDED" else ("start", "Error starting instance: ")
    else:
        verb, said = ("stop" if wanted == "TERMINATED" else "suspend"), ""
    instance.run(gcp, f"instances.{verb}", said, "updating status", **instance.target(to.id))


def _while_stopped(instance: Instance, gcp: Connection, to: Change, status: str, moved: list[int]) -> None:
    wanted = str(to.new.get("desiredStatus") or "")
    if status == "RUNNING" and wanted != "TERMINATED" and not to.new.get("allowStoppingForUpdate"):
        raise CloudError(_REFUSED)
    target = instance.target(to.id)
    if status != "TERMINATED":
        instance.run(gcp, "instances.stop", "Error stopping instance: ", "stopping instance", **target)
    for method, activity, body in _stopped_changes(instance, gcp, to):
        instance.run(gcp, method, "", activity, **target, body=body)
    if _needs_reboot(to):
        _set_scheduling(instance, gcp, to)
    if "advancedMachineFeatures" in to.keys:
        features = machines.features(instance.translator(gcp), to.new) or {}
        _put(instance, gcp, to, {"advancedMachineFeatures": features}, "advanced_machine_features, updating")
    interface_changes.move(instance, gcp, to, moved)
    if (status == "RUNNING" and wanted != "TERMINATED") or (status == "TERMINATED" and wanted == "RUNNING"):
        instance.run(gcp, "instances.start", "Error starting instance: ", "starting instance", **target)


def _stopped_changes(instance: Instance, gcp: Connection, to: Change) -> list[tuple[str, str, dict[str, Any]]]:
    """List the methods to call on the stopped instance, what is waited for, and their bodies."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    if "minCpuPlatform" in to.keys:
        body = machines.filled({"minCpuPlatform": to.new.get("minCpuPlatform") or None})
        found.append(("instances.setMinCpuPlatform", "updating min cpu platform", body))
    if "machineType" in to.keys:
        machine = f"zones/{instance.place(to.id)['zone']}/machineTypes/{str(to.new['machineType']).rpartition('/')[2]}"
        body = {"machineType": f"projects/{gcp.project}/{machine}"}
        found.append(("instances.setMachineType", "updating machinetype", body))
    if _account_differs(to):
        accounts = machines.service_accounts(to.new)
        body = cast("dict[str, Any]", accounts[0] if accounts else {"email": ""})
        found.append(("instances.setServiceAccount", "updating service account", body))
    if "enableDisplay" in to.keys:
        body = {"enableDisplay": bool(to.new.get("enableDisplay"))}
        found.append(("instances.updateDisplayDevice", "updating display device", body))
    if "shieldedInstanceConfig" in to.keys:
        body = part(to.new, "shieldedInstanceConfig")
        found.append(("instances.updateShieldedInstanceConfig", "shielded vm config update", body))
    return found

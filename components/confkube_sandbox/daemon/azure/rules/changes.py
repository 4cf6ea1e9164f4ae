"""Rules of Microsoft.Compute on what stays as it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.catalog import sizes
from confkube_sandbox.daemon.azure.context import FAILED
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import sources, spec
from confkube_sandbox.daemon.azure.services import links, scale_sets
from confkube_sandbox.daemon.azure.services.machines import DEALLOCATED
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.catalog.sizes import Size
    from confkube_sandbox.daemon.azure.context import Call, Resource

_SEEN = "2026-11-27"
_CUSTOM_DATA = ("properties.osProfile.customData", "osProfile.customData")
_FIXED = (
    ("zones", "zones"),
    ("properties.osProfile.computerName", "osProfile.computerName"),
    ("properties.osProfile.adminUsername", "osProfile.adminUsername"),
    ("properties.osProfile.linuxConfiguration.ssh.publicKeys", "linuxConfiguration.ssh.publicKeys"),
    ("properties.storageProfile.imageReference", "imageReference"),
    ("properties.storageProfile.osDisk.name", "osDisk.name"),
    ("properties.storageProfile.osDisk.createOption", "osDisk.createOption"),
    (
        "properties.storageProfile.osDisk.managedDisk.securityProfile.securityEncryptionType",
        "osDisk.managedDisk.securityProfile.securityEncryptionType",
    ),
    ("properties.securityProfile.securityType", "securityProfile.securityType"),
)
_SIZE = "properties.hardwareProfile.vmSize"
_RESIZING = "Read more on VM resizing strategy at https://aka.ms/azure-resizevm."
_DISK_ID = "properties.storageProfile.osDisk.managedDisk.id"
_DISK_SIZE = "properties.storageProfile.osDisk.diskSizeGB"
_SET_IMAGE = "properties.virtualMachineProfile.storageProfile.imageReference"
_FIXED_OF_SETS = (
    ("zones", "zones"),
    ("properties.singlePlacementGroup", "singlePlacementGroup"),
    ("properties.virtualMachineProfile.osProfile.computerNamePrefix", "computerNamePrefix"),
    ("properties.virtualMachineProfile.osProfile.adminUsername", "adminUsername"),
    ("properties.virtualMachineProfile.securityProfile.securityType", "securityProfile.securityType"),
    (f"{_SET_IMAGE}.publisher", "imageReference.publisher"),
    (f"{_SET_IMAGE}.offer", "imageReference.offer"),
)


@rule(
    "compute",
    spec.MACHINES,
    name="compute.custom-data-fixed",
    source=sources.CUSTOM_DATA_FIXED,
    date=sources.SEEN,
    evidence=READ,
)
def custom_data_fixed(call: Call) -> None:
    """The boot data of a machine stays (the text was read in public code); leaving it out keeps it."""
    path, shown = _CUSTOM_DATA
    given = call.at(path)
    if call.existing is not None and given is not None and given != call.existing.kept.get("customData"):
        raise _refused(shown)


@rule(
    "compute",
    spec.MACHINES,
    name="compute.machine-fixed",
    source=sources.MACHINE_FIXED,
    date=sources.SEEN,
    evidence=READ,
)
def machine_fixed(call: Call) -> None:
    """Name, login, image, disk, zone and kind of a machine stay as they were made (read of image and disk)."""
    _keep(call, _FIXED)


@rule("compute", spec.SETS, name="compute.set-fixed", source=sources.SET_FIXED, date=sources.SEEN, evidence=READ)
def set_fixed(call: Call) -> None:
    """Zones, prefix, login, image offer and kind of a scale set stay (read of zones and offer)."""
    _keep(call, _FIXED_OF_SETS)


@rule("compute", spec.SETS, name="compute.set-image-kind", source=sources.SET_IMAGE, date=sources.SEEN, evidence=READ)
def set_image_kind(call: Call) -> None:
    """A scale set stays with images of the marketplace, or with those of an id (the status is recalled)."""
    if call.existing is None:
        return
    before, after = (ids.part(each, _SET_IMAGE) for each in (call.existing.given, call.body))
    if before and after and ("id" in before) != ("id" in after):
        raise ArmError("OperationNotAllowed", "The Image type for a Virtual Machine Scale Set may not be changed.", 409)


@rule(
    "compute",
    spec.MACHINES,
    name="compute.interfaces-fixed",
    source=sources.INTERFACES_FIXED,
    date=sources.SEEN,
    evidence=READ,
)
def interfaces_fixed(call: Call) -> None:
    """Interfaces of a machine are added and removed while it is deallocated."""
    if call.existing is None or call.existing.kept.get("power") == DEALLOCATED:
        return
    before = {ids.key(each) for each in links.interfaces(call.existing.body)}
    after = {ids.key(each) for each in links.interfaces(call.body)}
    if before != after:
        text = (
            f"Virtual machine {call.existing.id} with a single network interface must be stop-deallocated before it "
            "can be updated to have multiple network interfaces and vice-versa."
        )
        raise ArmError("AddingOrDeletingNetworkInterfacesOnARunningVirtualMachineNotSupported", text)


@rule("compute", spec.MACHINES, name="compute.disk-grows", source=sources.DISK_GROWS, date=_SEEN, evidence=READ)
def disk_grows(call: Call) -> None:
    """A machine's disk never becomes smaller (the code and status are recalled)."""
    if call.existing is not None and _resized(call) < 0:
        text = (
            f"The disk/snapshot resource with id {call.existing.at(_DISK_ID)} cannot be resized down. Reducing "
            "disk/snapshot size is not supported in Azure to prevent data loss. If you do need to reduce the size of "
            "the disk, please create new snapshot/disks with the appropriate size. More information is available at "
            "https://aka.ms/AzureDisksFAQ"
        )
        raise ArmError("OperationNotAllowed", text, 409)


@rule("compute", spec.MACHINES, name="compute.disk-rests", source=sources.DISK_RESTS, date=_SEEN, evidence=READ)
def disk_rests(call: Call) -> None:
    """A machine's system disk grows while the machine is deallocated; live growth is for data disks."""
    if call.existing is None or call.existing.kept.get("power") == DEALLOCATED or _resized(call) <= 0:
        return
    text = (
        f"Cannot resize disk {call.existing.kept['disk']} while it is attached to running VM {call.existing.id}. "
        "Resizing a disk of an Azure Virtual Machine requires the virtual machine to be deallocated. Please stop your "
        "VM and retry the operation."
    )
    raise ArmError("OperationNotAllowed", text, 409)


@rule(
    "compute",
    spec.MACHINES,
    name="compute.machine-series",
    source=sources.MACHINE_SERIES,
    date=_SEEN,
    evidence=READ,
)
def machine_series(call: Call) -> None:
    """A machine gets a size of another series while it is deallocated (the status is recalled).

    Azure lets some series share hardware, and says which only for a given machine; here each series has its own.
    """
    if call.existing is None or not _placed(call.existing):
        return
    found = _moved(call, call.existing, _SIZE)
    if found:
        before, after = found
        near = ",".join(sorted(each.name for each in sizes.sizes().values() if _series(each) == _series(before)))
        text = (
            f"Unable to resize the VM '{call.existing.name}' because the requested size {after.name} is not available "
            f"in the current hardware cluster. The available sizes in this cluster are: {near}. The requested size "
            f"might be available in other clusters of this region. {_RESIZING}"
        )
        raise ArmError("OperationNotAllowed", text, 409, target="vmSize")


@rule(
    "compute",
    spec.SETS,
    name="compute.set-series",
    source=sources.SET_SERIES,
    date=_SEEN,
    evidence=RECALLED,
)
def set_series(call: Call) -> None:
    """A scale set gets a size of another series while it has no machine on the old hardware.

    That was read; so were code and text, in Azure's list of errors. That scale sets are answered with them is recalled.
    """
    if call.existing is None or not any(map(_placed, scale_sets.instances(call.memory, call.existing))):
        return
    found = _moved(call, call.existing, "sku.name")
    if found:
        _, after = found
        text = (
            f"Unable to add or update the VM. The requested VM size {after.name} may not be available in the existing "
            f"allocation unit. {_RESIZING}"
        )
        raise ArmError("OperationNotAllowed", text, 409, target="vmSize")


def _placed(machine: Resource) -> bool:
    """Whether a machine holds a place on some hardware: not if it is deallocated, or never found room."""
    return machine.kept.get("power") != DEALLOCATED and machine.state != FAILED


def _moved(call: Call, existing: Resource, path: str) -> tuple[Size, Size] | None:
    """Return the sizes before and after a call that leads to other hardware, None where it leads to none."""
    before, after = sizes.size(str(existing.at(path))), sizes.size(str(call.at(path)))
    if before is None or after is None or _series(before) == _series(after):
        return None
    return before, after


def _series(size: Size) -> tuple[str, str]:
    """Return what sizes on the same hardware share."""
    return size.family, size.tee


def _resized(call: Call) -> int:
    """By how many GiB the system disk of a machine is to grow."""
    before, after = call.existing.at(_DISK_SIZE) if call.existing else None, call.at(_DISK_SIZE)
    return after - before if isinstance(before, int) and isinstance(after, int) else 0


def _keep(call: Call, paths: tuple[tuple[str, str], ...]) -> None:
    if call.existing is None:
        return
    for path, shown in paths:
        given, held = ids.at(call.body, path), ids.at(call.existing.given, path)
        shown_before = call.existing.at(path)
        if given is not None and not _same(given, held) and not _same(given, shown_before):
            raise _refused(shown)


def _refused(shown: str) -> ArmError:
    return ArmError("PropertyChangeNotAllowed", f"Changing property '{shown}' is not allowed.", 409, target=shown)


def _same(one: Any, other: Any) -> bool:  # noqa: ANN401
    """Whether a value is the same as before; what was added by the service does not count."""
    if isinstance(one, dict) and isinstance(other, dict):
        before = cast("dict[str, Any]", other)
        return all(_same(value, before.get(name)) for name, value in cast("dict[str, Any]", one).items())
    return one == other

"""Rules of Microsoft.Compute on machines of any kind: sizes, interfaces, disks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import in_use, references, sources, spec
from confkube_sandbox.daemon.azure.services import links, machines
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call


@rule("compute", spec.WRITES, name="compute.needs-size", source=sources.VM_API, date=sources.SEEN, evidence=RECALLED)
def needs_size(call: Call) -> None:
    """A machine has a size."""
    if not spec.of(call).size_name:
        target = "sku.name" if call.kind.type == links.SET else "vmSize"
        raise ArmError("InvalidParameter", f"Required parameter '{target}' is missing (null).", target=target)


@rule(
    "compute", spec.MACHINES, name="compute.needs-interface", source=sources.PRIMARY, date=sources.SEEN, evidence=READ
)
def needs_interface(call: Call) -> None:
    """A machine has a network interface (recalled), and one of several is primary (read)."""
    cards = call.rows("properties.networkProfile.networkInterfaces")
    if not cards and not call.at("properties.networkProfile.networkInterfaceConfigurations"):
        text = "Required parameter 'networkProfile' is missing (null)."
        raise ArmError("InvalidParameter", text, target="networkProfile")
    if len(cards) > 1 and sum(bool(ids.at(each, "properties.primary")) for each in cards) != 1:
        text = f"Network interface {cards[0].get('id')} must have Primary property set."
        raise ArmError("NetworkInterfaceMustHavePrimaryPropertySet", text)


@rule(
    "compute",
    spec.MACHINES,
    name="compute.interface-exists",
    source=sources.REFERENCE,
    date=sources.SEEN,
    evidence=READ,
)
def interface_exists(call: Call) -> None:
    """Network interfaces exist in the machine's region; so do the subnets of those that come with it."""
    for card in call.rows("properties.networkProfile.networkInterfaceConfigurations"):
        for path in ("properties.ipConfigurations[].properties.subnet", "properties.networkSecurityGroup"):
            for given in links.references(card, path):
                if call.memory.get(given) is None:
                    raise references.not_found(given, call.id)
    for each in links.interfaces(call.body):
        held = call.memory.get(each)
        if held is None or held.type != links.NIC or held.location != call.location:
            raise references.not_found(each, call.id)


@rule(
    "compute",
    spec.MACHINES,
    name="compute.interface-free",
    source=sources.NIC_USED,
    date=sources.SEEN,
    evidence=RECALLED,
)
def interface_free(call: Call) -> None:
    """Network interfaces belong to no other machine (the code was read at deletion)."""
    for each in links.interfaces(call.body):
        machine = links.machine_of(call.memory, each)
        if machine is not None and not links.same(machine.id, call.id):
            text = f"Network Interface {each} is used by existing resource {machine.id}."
            raise ArmError("NicInUse", text)


@rule(
    "compute",
    spec.MACHINES,
    name="compute.interface-reserved",
    source=sources.NIC_RESERVED,
    date=sources.SEEN,
    evidence=READ,
)
def interface_reserved(call: Call) -> None:
    """Network interfaces are not held for another machine, whose creation failed a moment ago."""
    in_use.refuse_reserved(call, links.interfaces(call.body), call.id)


@rule("compute", spec.WRITES, name="compute.disk-size", source=sources.DISK_SIZE, date=sources.SEEN, evidence=READ)
def disk_size(call: Call) -> None:
    """An OS disk is at least as large as its image."""
    found = spec.of(call)
    wanted = found.at("storageProfile.osDisk.diskSizeGB")
    if found.image is not None and isinstance(wanted, int) and not found.image.size_gb <= wanted <= 4095:
        text = (
            f"The specified disk size {wanted} GB is smaller than the size of the corresponding disk in the VM image: "
            f"{found.image.size_gb} GB. This is not allowed. Please choose equal or greater size or do not specify an "
            "explicit size."
        )
        raise ArmError("OperationNotAllowed", text, 409)


@rule(
    "compute",
    "Disks_Delete",
    name="compute.disk-attached",
    source=sources.DISK_ATTACHED,
    date=sources.SEEN,
    evidence=READ,
)
def disk_attached(call: Call) -> None:
    """A disk that is attached to a machine is not deleted."""
    machine = machines.disk_user(call.memory, call.id)
    if call.existing is not None and machine is not None:
        text = f"Disk {call.target.name} is attached to VM {machine.id}."
        raise ArmError("OperationNotAllowed", text, 409)

"""Virtual machines and their disks."""

from __future__ import annotations

import random
import uuid
from typing import TYPE_CHECKING, Any

from confkube_sandbox.accounts import AZURE_TENANT
from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.catalog import images, sizes
from confkube_sandbox.daemon.azure.context import SUCCEEDED, Resource
from confkube_sandbox.daemon.azure.services import addresses, capacity, links
from confkube_sandbox.daemon.azure.services.base import Effects, defaults

if TYPE_CHECKING:
    from datetime import datetime

    from confkube_sandbox.daemon.azure.catalog.images import Image
    from confkube_sandbox.daemon.azure.context import Call, Memory

DISK = "Microsoft.Compute/disks"
IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
RUNNING = "running"
DEALLOCATED = "deallocated"
_SECRETS = ("customData", "adminPassword")
_LINUX_DEFAULTS: dict[str, Any] = {
    "disablePasswordAuthentication": False,
    "provisionVMAgent": True,
    "patchSettings": {"patchMode": "ImageDefault", "assessmentMode": "ImageDefault"},
}


def image_of(profile: dict[str, Any]) -> Image | None:
    """Return the marketplace image that a storage profile names."""
    reference = ids.part(profile, "imageReference")
    parts = [str(reference.get(each, "")) for each in ("publisher", "offer", "sku", "version")]
    return images.find(*parts)


def os_profile(given: dict[str, Any]) -> dict[str, Any]:
    """Return an OS profile as reads show it: without what is secret."""
    shown = {name: value for name, value in given.items() if name not in _SECRETS}
    found = defaults(shown, {"secrets": [], "allowExtensionOperations": True, "requireGuestProvisionSignal": True})
    if "linuxConfiguration" in found:
        found["linuxConfiguration"] = defaults(found["linuxConfiguration"], _LINUX_DEFAULTS)
    return found


def identity(call: Call) -> dict[str, Any]:
    """Return the identity block as reads show it."""
    given = call.part("identity")
    users: dict[str, Any] = {}
    for each in links.identity_users(call.body):
        held = call.memory.get(each)
        if held is not None:
            users[each] = {
                "principalId": held.at("properties.principalId"),
                "clientId": held.at("properties.clientId"),
            }
    return {**given, **({"userAssignedIdentities": users} if users else {})}


def machine_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a machine's body."""
    kept.setdefault("vmId", str(uuid.uuid4()))
    kept.setdefault("timeCreated", call.now.isoformat())
    kept.setdefault("power", RUNNING)
    kept.setdefault("customData", call.at("properties.osProfile.customData"))
    properties = dict(call.properties)
    if "osProfile" in properties:
        properties["osProfile"] = os_profile(properties["osProfile"])
    properties["storageProfile"] = _storage(call, kept, properties.get("storageProfile") or {})
    found = {
        **call.body,
        "properties": {**properties, "vmId": kept["vmId"], "timeCreated": kept["timeCreated"]},
    }
    if call.body.get("identity"):
        found["identity"] = {**identity(call)}
    return found


def _storage(call: Call, kept: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    found = dict(given)
    image = image_of(found)
    if image is not None:
        found["imageReference"] = {**found["imageReference"], "exactVersion": image.version}
    if "osDisk" in found:
        disk = found["osDisk"]
        name = kept.setdefault("disk", str(disk.get("name") or f"{call.target.name}_OsDisk_1_{uuid.uuid4().hex}"))
        scope = call.id.rpartition("/providers/")[0]
        usual: dict[str, Any] = {
            "osType": "Linux",
            "name": name,
            "caching": "ReadWrite",
            "deleteOption": "Detach",
            "diskSizeGB": image.size_gb if image else 30,
            "managedDisk": {"storageAccountType": "Premium_LRS", "id": f"{scope}/providers/{DISK}/{name}"},
        }
        found["osDisk"] = defaults(disk, usual)
    return defaults(found, {"dataDisks": [], "diskControllerType": "SCSI"})


def _inline_interfaces(call: Call, resource: Resource) -> None:
    """Make the interfaces that a new machine only describes: they are resources of their own, with the machine's fate.

    Unlike the machine they have no tags: cloud-api-adaptor, which asks for them so, finds them by name.
    """
    described = resource.rows("properties.networkProfile.networkInterfaceConfigurations")
    if not described or links.interfaces(resource.body):
        return
    group = resource.id.rpartition("/providers/")[0]
    made: list[dict[str, Any]] = []
    for number, each in enumerate(described):
        wanted = ids.part(each, "properties")
        card = Resource(
            id=f"{group}/providers/{links.NIC}/{each.get('name')}", type=links.NIC, given={}, body={}, born=call.now
        )
        rows: list[dict[str, Any]] = []
        for one in ids.rows(wanted, "ipConfigurations"):
            subnet = call.memory.get(str(ids.at(one, "properties.subnet.id")))
            address = addresses.free(call.memory, subnet, set()) if subnet else None
            properties = {
                "privateIPAddress": address,
                "privateIPAllocationMethod": "Dynamic",
                "privateIPAddressVersion": "IPv4",
                "primary": True,
                "subnet": {"id": subnet.id if subnet else ""},
            }
            rows.append(
                {
                    "name": one.get("name"),
                    "id": f"{card.id}/ipConfigurations/{one.get('name')}",
                    "properties": properties,
                }
            )
        card.body = {"location": resource.location, "properties": {"primary": number == 0, "ipConfigurations": rows}}
        if wanted.get("networkSecurityGroup"):
            card.body["properties"]["networkSecurityGroup"] = wanted["networkSecurityGroup"]
        card.touch()
        call.memory.put(card)
        fate = str(wanted.get("deleteOption", "Delete"))
        made.append({"id": card.id, "properties": {"primary": number == 0, "deleteOption": fate}})
    resource.body["properties"]["networkProfile"] = {"networkInterfaces": made}


def machine_made(call: Call, resource: Resource) -> None:
    """Make the machine's OS disk, and give its interfaces hardware addresses."""
    _inline_interfaces(call, resource)
    for each in links.interfaces(resource.body):
        card = call.memory.get(each)
        if card is not None:
            card.kept.setdefault("mac", "60-45-BD-" + "-".join(f"{random.randrange(256):02X}" for _ in range(3)))  # noqa: S311
        call.memory.reserved.pop(ids.key(each), None)
    spec = resource.at("properties.storageProfile.osDisk")
    if not spec:
        return
    disk_id = str(ids.at(spec, "managedDisk.id"))
    held = call.memory.get(disk_id)
    disk = held or Resource(id=disk_id, type=DISK, given={}, body={}, born=call.now)
    disk.body = _disk(resource, spec, disk, call.now)
    if held is None:
        disk.touch()
    call.memory.put(disk)


def _disk(machine: Resource, spec: dict[str, Any], disk: Resource, now: datetime) -> dict[str, Any]:
    security = machine.at("properties.securityProfile.securityType")
    encryption = ids.at(spec, "managedDisk.securityProfile.securityEncryptionType")
    names = {
        "VMGuestStateOnly": "ConfidentialVM_VMGuestStateOnlyEncryptedWithPlatformKey",
        "DiskWithVMGuestState": "ConfidentialVM_DiskEncryptedWithPlatformKey",
        "NonPersistedTPM": "ConfidentialVM_NonPersistedTPM",
    }
    kind = names.get(str(encryption), security)
    disk.kept.setdefault("uniqueId", str(uuid.uuid4()))
    disk.kept.setdefault("timeCreated", now.isoformat())
    gib = int(spec["diskSizeGB"])
    properties: dict[str, Any] = {
        "osType": spec["osType"],
        "hyperVGeneration": "V2",
        "creationData": {"createOption": "FromImage"},
        "diskSizeGB": gib,
        "diskSizeBytes": gib * 2**30,
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "timeCreated": disk.kept["timeCreated"],
        "uniqueId": disk.kept["uniqueId"],
    }
    if kind:
        properties["securityProfile"] = {"securityType": kind}
    found = {
        "location": machine.location,
        "sku": {"name": ids.at(spec, "managedDisk.storageAccountType"), "tier": "Premium"},
        "properties": properties,
    }
    for name in ("tags", "zones"):
        if machine.body.get(name):
            found[name] = machine.body[name]
    return found


def disk_view(memory: Memory, resource: Resource) -> dict[str, Any]:
    """Show a disk with the machine that it is attached to."""
    machine = disk_user(memory, resource.id)
    state: dict[str, Any] = {"diskState": "Attached" if machine else "Unattached"}
    found = {**resource.body, "properties": {**resource.body["properties"], **state}}
    return {**found, "managedBy": machine.id} if machine else found


def disk_user(memory: Memory, disk: str) -> Resource | None:
    """Return the machine that a disk is attached to."""
    for each in memory.of_type(links.VM):
        if links.same(each.at("properties.storageProfile.osDisk.managedDisk.id"), disk):
            return each
    return None


def machine_gone(memory: Memory, resource: Resource, now: datetime) -> None:
    """Delete disk and interfaces that are to go with the machine."""
    disk = memory.get(str(resource.at("properties.storageProfile.osDisk.managedDisk.id")))
    if disk is not None and resource.at("properties.storageProfile.osDisk.deleteOption") == "Delete":
        memory.drop(disk)
    for each in resource.rows("properties.networkProfile.networkInterfaces"):
        card = memory.get(str(each.get("id")))
        if card is not None and ids.at(each, "properties.deleteOption") == "Delete":
            memory.drop(card)
            addresses.interface_gone(memory, card, now)


def instance_view(resource: Resource, born: str) -> dict[str, Any]:
    """Return the run-time view of a machine."""
    power = str(resource.kept.get("power", RUNNING))
    states = [
        {
            "code": f"ProvisioningState/{resource.state.lower()}",
            "level": "Info",
            "displayStatus": f"Provisioning {resource.state.lower()}",
            "time": born,
        },
    ]
    if resource.state == SUCCEEDED:
        states.append({"code": f"PowerState/{power}", "level": "Info", "displayStatus": f"VM {power}"})
    return {
        "hyperVGeneration": "V2",
        "disks": [{"name": resource.at("properties.storageProfile.osDisk.name"), "statuses": states[:1]}],
        "statuses": states,
    }


def identity_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a managed identity's body."""
    kept.setdefault("principalId", str(uuid.uuid4()))
    kept.setdefault("clientId", str(uuid.uuid4()))
    own = {"tenantId": AZURE_TENANT, "principalId": kept["principalId"], "clientId": kept["clientId"]}
    return {**call.body, "properties": {**call.properties, **own}}


def failure(call: Call) -> tuple[str, str] | None:
    """Return with what allocation fails, where the region or zone has no room left."""
    spec = call.at("properties.hardwareProfile.vmSize")
    size = sizes.size(str(spec))
    if size is None or (call.existing is not None and call.existing.at("properties.hardwareProfile.vmSize") == spec):
        return None
    return capacity.shortage(call, size, call.rows("zones"), 1)


EFFECTS = (
    Effects(type=links.VM, prepare=machine_properties, made=machine_made, gone=machine_gone, failure=failure),
    Effects(type=DISK, show=disk_view),
    Effects(type=IDENTITY, prepare=identity_properties),
)

"""Virtual machine scale sets with uniform orchestration, and their instances."""

from __future__ import annotations

import random
import string
import uuid
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.catalog import sizes
from confkube_sandbox.daemon.azure.context import CREATING, Resource
from confkube_sandbox.daemon.azure.services import addresses, capacity, links, machines
from confkube_sandbox.daemon.azure.services.base import Effects, defaults

if TYPE_CHECKING:
    from datetime import datetime

    from confkube_sandbox.daemon.azure.context import Call, Memory

_ALPHABET = string.digits + string.ascii_uppercase


def instances(memory: Memory, scale_set: Resource) -> list[Resource]:
    """Return the instances of a scale set, oldest first."""
    return sorted(memory.children(scale_set, links.INSTANCE), key=lambda each: int(each.name))


def set_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a scale set's body; a changed model has a new number, which instances remember."""
    kept.setdefault("uniqueId", str(uuid.uuid4()))
    kept.setdefault("timeCreated", call.now.isoformat())
    profile = call.part("properties.virtualMachineProfile")
    model = (profile, call.part("sku").get("name"))
    if kept.get("model") != model:
        kept["model"], kept["number"] = model, kept.get("number", 0) + 1
    usual: dict[str, Any] = {
        "uniqueId": kept["uniqueId"],
        "timeCreated": kept["timeCreated"],
        "overprovision": True,
        "singlePlacementGroup": True,
        "orchestrationMode": "Uniform",
        "platformFaultDomainCount": 1 if call.body.get("zones") else 5,
        "doNotRunExtensionsOnOverprovisionedVMs": False,
    }
    properties = defaults({**call.properties, "virtualMachineProfile": _profile(profile)}, usual)
    found = {**call.body, "properties": properties}
    found["sku"] = defaults(call.part("sku"), {"tier": "Standard"})
    if call.body.get("identity"):
        found["identity"] = machines.identity(call)
    return found


def _profile(given: dict[str, Any]) -> dict[str, Any]:
    found = dict(given)
    if "osProfile" in found:
        found["osProfile"] = machines.os_profile(found["osProfile"])
    storage = ids.part(found, "storageProfile")
    image = machines.image_of(storage)
    if "osDisk" in storage:
        usual: dict[str, Any] = {
            "osType": "Linux",
            "caching": "ReadWrite",
            "diskSizeGB": image.size_gb if image else 30,
            "managedDisk": {"storageAccountType": "Premium_LRS"},
        }
        found["storageProfile"] = {**storage, "osDisk": defaults(storage["osDisk"], usual)}
    return found


def set_made(call: Call, resource: Resource) -> None:
    """Add or take away instances until there are as many as the SKU says."""
    wanted = int(resource.at("sku.capacity") or 0)
    held = instances(call.memory, resource)
    for each in held[wanted:]:
        call.memory.drop(each)
    for _ in range(wanted - len(held)):
        call.memory.put(_instance(call, resource))


def _instance(call: Call, scale_set: Resource) -> Resource:
    number = scale_set.kept.get("next", 0)
    scale_set.kept["next"] = number + 1
    made = Resource(
        id=f"{scale_set.id}/virtualMachines/{number}",
        type=links.INSTANCE,
        given={},
        body={},
        state=CREATING,
        born=call.now,
    )
    made.kept["vmId"] = str(uuid.uuid4())
    made.kept["power"] = machines.RUNNING
    made.kept["computer"] = scale_set.at("properties.virtualMachineProfile.osProfile.computerNamePrefix")
    made.kept["suffix"] = "".join(random.choices(_ALPHABET, k=6))  # noqa: S311  names, not secrets
    zones = scale_set.rows("zones")
    if zones:
        made.kept["zone"] = zones[number % len(zones)]
    _connect(call.memory, scale_set, made)
    model(scale_set, made)
    made.touch()
    return made


def _connect(memory: Memory, scale_set: Resource, instance: Resource) -> None:
    taken: set[str] = set()
    found: list[tuple[str, str, str, str]] = []
    for card in links.set_interfaces(scale_set.body):
        for each in ids.rows(card, "properties.ipConfigurations"):
            subnet = memory.get(str(ids.at(each, "properties.subnet.id")))
            if subnet is not None:
                address = addresses.free(memory, subnet, taken) or ""
                taken.add(address)
                found.append((str(card["name"]), str(each["name"]), subnet.id, address))
    instance.kept["addresses"] = found


def model(scale_set: Resource, instance: Resource) -> None:
    """Give an instance the present model of its scale set."""
    profile = scale_set.at("properties.virtualMachineProfile")
    disk = f"{scale_set.name}_{scale_set.name}_{instance.name}_OsDisk_1_{uuid.uuid4().hex}"
    group = scale_set.id.rpartition("/providers/")[0]
    storage = dict(ids.part(profile, "storageProfile"))
    if "osDisk" in storage:
        managed = {**storage["osDisk"].get("managedDisk", {}), "id": f"{group}/providers/{machines.DISK}/{disk}"}
        storage["osDisk"] = {**storage["osDisk"], "name": disk, "managedDisk": managed}
    system = {name: value for name, value in ids.part(profile, "osProfile").items() if name != "computerNamePrefix"}
    cards = [
        {"id": f"{instance.id}/networkInterfaces/{each['name']}", "properties": {"primary": number == 0}}
        for number, each in enumerate(links.set_interfaces(scale_set.body))
    ]
    instance.kept["number"] = scale_set.kept["number"]
    properties: dict[str, Any] = {
        "vmId": instance.kept["vmId"],
        "modelDefinitionApplied": "VirtualMachineScaleSet",
        "hardwareProfile": {"vmSize": scale_set.at("sku.name")},
        "storageProfile": storage,
        "osProfile": {**system, "computerName": f"{instance.kept['computer']}{instance.kept['suffix']}"},
        "networkProfile": {"networkInterfaces": cards},
        "networkProfileConfiguration": {"networkInterfaceConfigurations": links.set_interfaces(scale_set.body)},
    }
    if profile.get("securityProfile"):
        properties["securityProfile"] = profile["securityProfile"]
    instance.body = {"location": scale_set.location, "sku": dict(scale_set.body["sku"]), "properties": properties}
    instance.body["sku"].pop("capacity", None)
    for name in ("tags", "identity"):
        if scale_set.body.get(name):
            instance.body[name] = scale_set.body[name]
    if "zone" in instance.kept:
        instance.body["zones"] = [instance.kept["zone"]]


def instance_shown(memory: Memory, resource: Resource) -> dict[str, Any]:
    """Show an instance with its number and whether it has the latest model."""
    owner = memory.get(resource.id.rpartition("/virtualMachines/")[0])
    latest = owner is not None and owner.kept.get("number") == resource.kept.get("number")
    properties = {**resource.body["properties"], "latestModelApplied": latest}
    return {**resource.body, "instanceId": resource.name, "properties": properties}


def instance_gone(memory: Memory, resource: Resource, now: datetime) -> None:
    """A deleted instance makes its scale set smaller."""
    del now
    owner = memory.get(resource.id.rpartition("/virtualMachines/")[0])
    if owner is not None:
        held = len(memory.children(owner, links.INSTANCE))
        owner.body["sku"] = {**owner.body["sku"], "capacity": held}
        owner.given["sku"] = {**owner.given.get("sku", {}), "capacity": held}


def interfaces(memory: Memory, instance: Resource) -> list[dict[str, Any]]:
    """Return the network interfaces of an instance, as Microsoft.Network shows them."""
    owner = memory.get(instance.id.rpartition("/virtualMachines/")[0])
    if owner is None:
        return []
    found: list[dict[str, Any]] = []
    for card in links.set_interfaces(owner.body):
        name = str(card["name"])
        own = f"{instance.id}/networkInterfaces/{name}"
        configurations = [
            {
                "name": configuration,
                "id": f"{own}/ipConfigurations/{configuration}",
                "etag": instance.etag,
                "properties": {
                    "provisioningState": instance.state,
                    "privateIPAddress": address,
                    "privateIPAllocationMethod": "Dynamic",
                    "privateIPAddressVersion": "IPv4",
                    "primary": number == 0,
                    "subnet": {"id": subnet},
                },
            }
            for number, (_, configuration, subnet, address) in enumerate(
                each for each in instance.kept.get("addresses", []) if each[0] == name
            )
        ]
        given = ids.part(card, "properties")
        properties: dict[str, Any] = {
            "provisioningState": instance.state,
            "primary": bool(given.get("primary", True)),
            "enableAcceleratedNetworking": bool(given.get("enableAcceleratedNetworking", False)),
            "enableIPForwarding": bool(given.get("enableIPForwarding", False)),
            "ipConfigurations": configurations,
            "virtualMachine": {"id": instance.id},
        }
        if given.get("networkSecurityGroup"):
            properties["networkSecurityGroup"] = given["networkSecurityGroup"]
        found.append({"name": name, "id": own, "etag": instance.etag, "properties": properties})
    return found


def failure(call: Call) -> tuple[str, str] | None:
    """Return with what allocation fails, where the region or zone has no room for further instances.

    That the new instances stay, failed, is an assumption: what the service leaves behind is not documented.
    """
    size = sizes.size(str(call.at("sku.name")))
    if size is None:
        return None
    held = len(instances(call.memory, call.existing)) if call.existing else 0
    further = int(call.at("sku.capacity") or 0) - held
    return capacity.shortage(call, size, call.rows("zones"), further) if further > 0 else None


EFFECTS = (
    Effects(type=links.SET, prepare=set_properties, made=set_made, failure=failure),
    Effects(type=links.INSTANCE, show=instance_shown, gone=instance_gone),
)

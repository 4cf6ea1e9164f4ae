"""Public addresses, NAT gateways, bastion hosts and network interfaces."""

from __future__ import annotations

import ipaddress
import random
import uuid
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.services import links
from confkube_sandbox.daemon.azure.services.base import Effects, defaults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from confkube_sandbox.daemon.azure.context import Call, Memory, Resource

ADDRESS = "Microsoft.Network/publicIPAddresses"
_BASTION_INSTANCES = 2
"""Hosts that a bastion has at least; each has an address in its subnet."""


def prefixes(subnet: Resource) -> list[str]:
    """Return the address ranges of a subnet."""
    several = subnet.at("properties.addressPrefixes")
    return [str(each) for each in several] if several else [str(subnet.at("properties.addressPrefix"))]


def usable(subnet: Resource) -> Iterator[str]:
    """Yield the IPv4 addresses of a subnet that are not reserved: the first four of a range and the last one are."""
    for text in prefixes(subnet):
        network = ipaddress.ip_network(text)
        if isinstance(network, ipaddress.IPv4Network):
            for offset in range(4, network.num_addresses - 1):
                yield str(network[offset])


def free(memory: Memory, subnet: Resource, taken: set[str] | None = None) -> str | None:
    """Return the first free address of a subnet."""
    used = links.addresses(memory, subnet.id).keys() | (taken or set())
    return next((each for each in usable(subnet) if each not in used), None)


def address_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a public address's body."""
    kept.setdefault("resourceGuid", str(uuid.uuid4()))
    kept.setdefault("address", _public(call.memory))
    usual: dict[str, Any] = {
        "resourceGuid": kept["resourceGuid"],
        "ipAddress": kept["address"],
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": "Dynamic",
        "idleTimeoutInMinutes": 4,
        "ipTags": [],
        "ddosSettings": {"protectionMode": "VirtualNetworkInherited"},
    }
    found = {**call.body, "properties": defaults(call.properties, usual)}
    found["sku"] = defaults(call.part("sku"), {"name": "Basic", "tier": "Regional"})
    label = call.at("properties.dnsSettings.domainNameLabel")
    if label:
        found["properties"]["dnsSettings"] = {
            **call.properties["dnsSettings"],
            "fqdn": f"{label}.{call.location}.cloudapp.azure.com",
        }
    return found


def address_view(memory: Memory, resource: Resource) -> dict[str, Any]:
    """Show a public address with what it is allocated to."""
    user = links.address_user(memory, resource.id)
    if not user:
        return resource.body
    link = "natGateway" if ids.type_of(user) == links.NAT.lower() else "ipConfiguration"
    return {**resource.body, "properties": {**resource.body["properties"], link: {"id": user}}}


def nat_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a NAT gateway's body."""
    kept.setdefault("resourceGuid", str(uuid.uuid4()))
    usual = {"resourceGuid": kept["resourceGuid"], "idleTimeoutInMinutes": 4}
    sku = defaults(call.part("sku"), {"name": "Standard", "tier": "Regional"})
    return {**call.body, "sku": sku, "properties": defaults(call.properties, usual)}


def nat_view(memory: Memory, resource: Resource) -> dict[str, Any]:
    """Show a NAT gateway with its subnets."""
    subnets = [{"id": each} for each in links.nat_users(memory, resource.id)]
    added = {"subnets": subnets} if subnets else {}
    return {**resource.body, "properties": {**resource.body["properties"], **added}}


def bastion_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a bastion host's body, and take addresses for its hosts."""
    kept.setdefault("dnsName", f"bst-{uuid.uuid4()}.bastion.azure.com")
    configurations = [
        {
            **each,
            "id": f"{call.id}/bastionHostIpConfigurations/{each.get('name', '')}",
            "properties": defaults(ids.part(each, "properties"), {"privateIPAllocationMethod": "Dynamic"}),
        }
        for each in call.rows("properties.ipConfigurations")
    ]
    for each in configurations:
        subnet = call.memory.get(str(ids.at(each, "properties.subnet.id")))
        if subnet is not None and "addresses" not in kept:
            taken: set[str] = set()
            for _ in range(_BASTION_INSTANCES):
                taken.add(free(call.memory, subnet, taken) or "")
            kept["addresses"] = [(f"host-{n}", "configuration", subnet.id, each) for n, each in enumerate(taken)]
    usual: dict[str, Any] = {"dnsName": kept["dnsName"], "scaleUnits": _BASTION_INSTANCES}
    sku = defaults(call.part("sku"), {"name": "Standard"})
    given = {**call.properties, "ipConfigurations": configurations}
    return {**call.body, "sku": sku, "properties": defaults(given, usual)}


def interface_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a network interface's body, with its private addresses."""
    kept.setdefault("resourceGuid", str(uuid.uuid4()))
    suffix = kept.setdefault("suffix", f"{uuid.uuid4().hex[:24]}.bx.internal.cloudapp.net")
    usual: dict[str, Any] = {
        "resourceGuid": kept["resourceGuid"],
        "dnsSettings": {"dnsServers": [], "appliedDnsServers": [], "internalDomainNameSuffix": suffix},
        "enableAcceleratedNetworking": False,
        "enableIPForwarding": False,
        "vnetEncryptionSupported": False,
        "disableTcpStateTracking": False,
        "hostedWorkloads": [],
        "tapConfigurations": [],
        "nicType": "Standard",
        "auxiliaryMode": "None",
        "auxiliarySku": "None",
    }
    given = {**call.properties, "ipConfigurations": _configurations(call, kept)}
    return {**call.body, "kind": "Regular", "properties": defaults(given, usual)}


def _configurations(call: Call, kept: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before = {str(each["name"]): each for each in links.configurations(call.existing)} if call.existing else {}
    etag = kept.setdefault("configuration", f'W/"{uuid.uuid4()}"')
    given: list[dict[str, Any]] = call.rows("properties.ipConfigurations")
    for number, each in enumerate(given):
        name = str(each.get("name") or f"ipconfig{number + 1}")
        properties = defaults(
            ids.part(each, "properties"),
            {
                "privateIPAllocationMethod": "Dynamic",
                "privateIPAddressVersion": "IPv4",
                "primary": len(given) == 1
                or (number == 0 and not any(ids.at(one, "properties.primary") for one in given)),
                "provisioningState": "Succeeded",
            },
        )
        subnet = call.memory.get(str(ids.at(properties, "subnet.id")))
        if subnet is not None and not properties.get("privateIPAddress"):
            old = before.get(name)
            stays = old is not None and links.same(ids.at(old, "properties.subnet.id"), subnet.id)
            properties["privateIPAddress"] = (
                ids.at(old, "properties.privateIPAddress")
                if stays
                else free(call.memory, subnet, {str(ids.at(one, "properties.privateIPAddress")) for one in found})
            )
        found.append(
            {
                "name": name,
                "id": f"{call.id}/ipConfigurations/{name}",
                "etag": etag,
                "type": f"{links.NIC}/ipConfigurations",
                "properties": properties,
            }
        )
    return found


def interface_view(memory: Memory, resource: Resource) -> dict[str, Any]:
    """Show a network interface with its machine."""
    machine = links.machine_of(memory, resource.id)
    if machine is None:
        return resource.body
    mac = resource.kept.get("mac", "")
    added = {"virtualMachine": {"id": machine.id}, "primary": True, "macAddress": mac}
    return {**resource.body, "properties": {**resource.body["properties"], **added}}


def interface_gone(memory: Memory, resource: Resource, now: datetime) -> None:
    """Delete the public addresses that are to go with the interface, and forget that it was reserved."""
    del now
    memory.reserved.pop(ids.key(resource.id), None)
    for each in links.configurations(resource):
        address = memory.get(str(ids.at(each, "properties.publicIPAddress.id")))
        if address is None:
            continue
        here = ids.at(each, "properties.publicIPAddress.properties.deleteOption")
        if "Delete" in {here, address.at("properties.deleteOption")}:
            memory.drop(address)


def _public(memory: Memory) -> str:
    """Make up an address in ranges that Azure uses."""
    used = {each.at("properties.ipAddress") for each in memory.of_type(ADDRESS)}
    while True:
        made = f"20.{random.randrange(1, 250)}.{random.randrange(256)}.{random.randrange(4, 250)}"  # noqa: S311
        if made not in used:
            return made


EFFECTS = (
    Effects(type=ADDRESS, prepare=address_properties, show=address_view),
    Effects(type=links.NAT, prepare=nat_properties, show=nat_view),
    Effects(type=links.BASTION, prepare=bastion_properties),
    Effects(type=links.NIC, prepare=interface_properties, show=interface_view, gone=interface_gone),
)

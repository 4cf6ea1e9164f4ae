"""Who uses what: links between resources, seen from the one that is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure import ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.azure.context import Memory, Resource

NIC = "Microsoft.Network/networkInterfaces"
SUBNET = "Microsoft.Network/virtualNetworks/subnets"
NAT = "Microsoft.Network/natGateways"
BASTION = "Microsoft.Network/bastionHosts"
VM = "Microsoft.Compute/virtualMachines"
SET = "Microsoft.Compute/virtualMachineScaleSets"
INSTANCE = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines"


def same(one: object, other: object) -> bool:
    """Whether two ids are those of the same resource."""
    return isinstance(one, str) and isinstance(other, str) and ids.key(one) == ids.key(other)


def configurations(resource: Resource) -> list[dict[str, Any]]:
    """Return the IP configurations of a network interface or a bastion host."""
    return resource.rows("properties.ipConfigurations")


def subnet_users(memory: Memory, subnet: str) -> list[str]:
    """Return the ids of the IP configurations in a subnet."""
    found = [
        str(each["id"])
        for kind in (NIC, BASTION)
        for resource in memory.of_type(kind)
        for each in configurations(resource)
        if same(ids.at(each, "properties.subnet.id"), subnet)
    ]
    for instance in memory.of_type(INSTANCE):
        found += [
            f"{instance.id}/networkInterfaces/{name}/ipConfigurations/{configuration}"
            for name, configuration, place, _ in instance.kept.get("addresses", [])
            if same(place, subnet)
        ]
    return found


def addresses(memory: Memory, subnet: str) -> dict[str, str]:
    """Return the private addresses that are in use in a subnet, with the id of their IP configuration."""
    found: dict[str, str] = {}
    for resource in memory.of_type(NIC):
        for each in configurations(resource):
            if same(ids.at(each, "properties.subnet.id"), subnet):
                found[str(ids.at(each, "properties.privateIPAddress"))] = str(each["id"])
    for kind in (INSTANCE, BASTION):
        for resource in memory.of_type(kind):
            for name, configuration, place, address in resource.kept.get("addresses", []):
                if same(place, subnet):
                    found[address] = f"{resource.id}/networkInterfaces/{name}/ipConfigurations/{configuration}"
    return found


def group_users(memory: Memory, group: str) -> tuple[list[str], list[str]]:
    """Return the subnets and the network interfaces that a network security group is applied to."""
    subnets = [each.id for each in memory.of_type(SUBNET) if same(each.at("properties.networkSecurityGroup.id"), group)]
    cards = [each.id for each in memory.of_type(NIC) if same(each.at("properties.networkSecurityGroup.id"), group)]
    for scale_set in memory.of_type(SET):
        held = (ids.at(card, "properties.networkSecurityGroup.id") for card in set_interfaces(scale_set.body))
        cards += [scale_set.id for each in held if same(each, group)]
    return subnets, cards


def set_interfaces(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the network interface configurations of a scale set."""
    return ids.rows(body, "properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations")


def address_user(memory: Memory, address: str) -> str:
    """Return the id of what a public address is allocated to; empty if it is free."""
    for kind in (NIC, BASTION):
        for resource in memory.of_type(kind):
            for each in configurations(resource):
                if same(ids.at(each, "properties.publicIPAddress.id"), address):
                    return str(each["id"])
    for gateway in memory.of_type(NAT):
        if any(same(each.get("id"), address) for each in gateway.rows("properties.publicIpAddresses")):
            return gateway.id
    return ""


def nat_users(memory: Memory, gateway: str) -> list[str]:
    """Return the subnets that use a NAT gateway."""
    return [each.id for each in memory.of_type(SUBNET) if same(each.at("properties.natGateway.id"), gateway)]


def machine_of(memory: Memory, interface: str) -> Resource | None:
    """Return the machine that a network interface is attached to."""
    return next((each for each in memory.of_type(VM) for used in interfaces(each.body) if same(used, interface)), None)


def interfaces(body: dict[str, Any]) -> list[str]:
    """Return the ids of a machine's network interfaces."""
    return [str(each.get("id", "")) for each in ids.rows(body, "properties.networkProfile.networkInterfaces")]


def identity_users(body: dict[str, Any]) -> list[str]:
    """Return the ids of the user-assigned identities that a body names."""
    return list(ids.part(body, "identity.userAssignedIdentities"))


def references(body: Any, path: str) -> Iterator[str]:  # noqa: ANN401
    """Yield the ids at a path in which ``[]`` stands for every item of a list."""
    name, _, rest = path.partition(".")
    items = ids.rows(body, name.removesuffix("[]")) if name.endswith("[]") else [ids.at(body, name)]
    for item in items:
        found = ids.at(item, "id")
        if rest:
            yield from references(item, rest)
        elif isinstance(found, str):
            yield found

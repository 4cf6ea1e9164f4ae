"""Rules of Microsoft.Network on network interfaces and their private addresses."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import asked, sources
from confkube_sandbox.daemon.azure.services import addresses, links
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.azure.context import Call

_NIC = "NetworkInterfaces_CreateOrUpdate"


@rule(
    "network",
    _NIC,
    name="network.interface-configuration",
    source=sources.PRIVATE_RANGE,
    date=sources.SEEN,
    evidence=RECALLED,
)
def interface_configuration(call: Call) -> None:
    """A network interface has IP configurations in one subnet's network, the first of them primary."""
    found = list(asked.configurations(call))
    if not found:
        text = f"Network interface {call.id} must have one or more IP configurations."
        raise ArmError("NetworkInterfaceMustHaveOneOrMoreIpConfigurations", text)
    for name, each in found:
        if not ids.at(each, "subnet.id"):
            raise ArmError("SubnetIsRequired", f"Subnet is required for IP configuration {name}.")


@rule(
    "network",
    _NIC,
    name="network.private-address-given",
    source=sources.PRIVATE_MISSING,
    date=sources.SEEN,
    evidence=READ,
)
def private_address_given(call: Call) -> None:
    """A static private address is given."""
    for name, each in asked.configurations(call):
        if each.get("privateIPAllocationMethod") == "Static" and not each.get("privateIPAddress"):
            text = (
                f"Private IP address is required when privateIPAllocationMethod is Static in IP configuration {name}."
            )
            raise ArmError("PrivateIPAddressMissing", text)


@rule(
    "network",
    _NIC,
    name="network.private-address-outside",
    source=sources.PRIVATE_RANGE,
    date=sources.SEEN,
    evidence=RECALLED,
)
def private_address_outside(call: Call) -> None:
    """A static private address is one of the subnet's."""
    for _, address, ranges in _static(call):
        if not any(address in each for each in ranges):
            text = f"Private static IP address {address} does not belong to the range of subnet prefix {ranges[0]}."
            raise ArmError("PrivateIPAddressNotInSubnet", text)


@rule(
    "network",
    _NIC,
    name="network.private-address-reserved",
    source=sources.PRIVATE_RESERVED,
    date=sources.SEEN,
    evidence=READ,
)
def private_address_reserved(call: Call) -> None:
    """The first four addresses of a subnet and its last one are reserved."""
    for _, address, ranges in _static(call):
        for each in ranges:
            if address in each and (int(address) - int(each[0]) < 4 or address == each[-1]):
                text = f"Private static IP address {address} falls within reserved IP range of subnet prefix {each}."
                raise ArmError("PrivateIPAddressInReservedRange", text)


@rule(
    "network",
    _NIC,
    name="network.private-address-taken",
    source=sources.PRIVATE_TAKEN,
    date=sources.SEEN,
    evidence=READ,
)
def private_address_taken(call: Call) -> None:
    """A static private address is free."""
    for name, each in asked.configurations(call):
        if each.get("privateIPAllocationMethod") != "Static" or not each.get("privateIPAddress"):
            continue
        user = links.addresses(call.memory, str(ids.at(each, "subnet.id"))).get(str(each["privateIPAddress"]))
        if user is not None and ids.key("/".join(user.split("/")[:9])) != ids.key(call.id):
            text = (
                f"IP configuration {name} is using the private IP address {each['privateIPAddress']} which is already "
                f"allocated to resource {user}."
            )
            raise ArmError("PrivateIPAddressIsAllocated", text)


@rule("network", _NIC, name="network.subnet-full", source=sources.SUBNET_FULL, date=sources.SEEN, evidence=READ)
def subnet_full(call: Call) -> None:
    """The subnet has a free address for a dynamic one."""
    if call.existing is not None:
        return
    for _, each in asked.configurations(call):
        held = call.memory.get(str(ids.at(each, "subnet.id")))
        if held is not None and not each.get("privateIPAddress") and addresses.free(call.memory, held) is None:
            text = (
                f"Subnet {held.name} with address prefix {addresses.prefixes(held)[0]} does not have enough capacity "
                "for 1 IP addresses."
            )
            raise ArmError("SubnetIsFull", text)


def _static(call: Call) -> Iterator[tuple[str, ipaddress.IPv4Address, list[ipaddress.IPv4Network]]]:
    for name, each in asked.configurations(call):
        held = call.memory.get(str(ids.at(each, "subnet.id")))
        if each.get("privateIPAllocationMethod") != "Static" or held is None:
            continue
        try:
            address = ipaddress.IPv4Address(str(each.get("privateIPAddress")))
        except ValueError:
            continue
        found = [ipaddress.ip_network(text) for text in addresses.prefixes(held)]
        yield name, address, [one for one in found if isinstance(one, ipaddress.IPv4Network)]

"""Rules of Microsoft.Network on address ranges of virtual networks and subnets."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import asked, sources
from confkube_sandbox.daemon.azure.services import addresses, links, network
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.azure.context import Call

_NETWORKS = "VirtualNetworks_CreateOrUpdate"
_SUBNETS = "VirtualNetworks_CreateOrUpdate Subnets_CreateOrUpdate"
_LARGEST, _SMALLEST = 2, 29


@rule("network", _NETWORKS, name="network.address-space", source=sources.VNETS, date=sources.SEEN, evidence=RECALLED)
def address_space(call: Call) -> None:
    """A virtual network has address ranges."""
    if not ids.at(call.body, "properties.addressSpace.addressPrefixes") and not ids.at(
        call.body, "properties.addressSpace.ipamPoolPrefixAllocations"
    ):
        text = f"Address space is not specified for virtual network {call.id}."
        raise ArmError("VnetAddressSpaceNotSpecified", text)


@rule("network", _SUBNETS, name="network.range-form", source=sources.RANGE_FORM, date=sources.SEEN, evidence=READ)
def range_form(call: Call) -> None:
    """Address ranges are written as CIDR (read), without host bits (recalled)."""
    for name, text in _all_prefixes(call):
        try:
            proper = ipaddress.ip_network(text, strict=False)
        except ValueError:
            proper = None
        if proper is None or "/" not in text:
            told = (
                f"Address prefix {text} of resource {name} is not formatted correctly. It should follow CIDR notation, "
                "for example 10.0.0.0/24."
            )
            raise ArmError("InvalidAddressPrefixFormat", told)
        if str(proper) != text.lower():
            told = (
                f"The address prefix {text} in resource {name} has an invalid CIDR notation. For the given prefix "
                f"length, the address prefix should be {proper}."
            )
            raise ArmError("InvalidCIDRNotation", told)


@rule("network", _NETWORKS, name="network.space-overlap", source=sources.VNETS, date=sources.SEEN, evidence=RECALLED)
def space_overlap(call: Call) -> None:
    """The address ranges of a virtual network do not overlap."""
    found = [asked.address_range(each) for each in ids.rows(call.body, "properties.addressSpace.addressPrefixes")]
    known = [each for each in found if each is not None]
    for number, one in enumerate(known):
        for other in known[number + 1 :]:
            if one.version == other.version and one.overlaps(other):
                text = (
                    f"Address space of the virtual network {call.target.name} has overlapping prefixes {one}, {other}."
                )
                raise ArmError("VnetAddressSpacesOverlap", text)


@rule(
    "network",
    "Subnets_CreateOrUpdate",
    name="network.subnet-range",
    source=sources.VNETS,
    date=sources.SEEN,
    evidence=RECALLED,
)
def subnet_range(call: Call) -> None:
    """A subnet has an address range."""
    if not _given_prefixes(call.properties) and not call.properties.get("ipamPoolPrefixAllocations"):
        raise ArmError("NoAddressPrefixOrPoolProvided", f"No address prefix or pool provided for subnet {call.id}.")


@rule("network", _SUBNETS, name="network.subnet-size", source=sources.VNETS, date=sources.SEEN, evidence=RECALLED)
def subnet_size(call: Call) -> None:
    """An IPv4 subnet is no smaller than /29 and no larger than /2, an IPv6 one is a /64."""
    for name, properties in _subnets(call):
        for text in _given_prefixes(properties):
            found = asked.address_range(text)
            wrong = found is not None and (
                found.prefixlen != 64 if found.version == 6 else not _LARGEST <= found.prefixlen <= _SMALLEST
            )
            if wrong:
                told = f"Subnet '{name.rpartition('/')[2]}' is not valid in virtual network '{_network_name(call)}'."
                raise ArmError("NetcfgInvalidSubnet", told)


@rule(
    "network", _SUBNETS, name="network.subnet-outside", source=sources.SUBNET_RANGES, date=sources.SEEN, evidence=READ
)
def subnet_outside(call: Call) -> None:
    """A subnet's range lies in one of its network's."""
    spaces = [found for each in _space(call) if (found := asked.address_range(each)) is not None]
    for name, properties in _subnets(call):
        for text in _given_prefixes(properties):
            found = asked.address_range(text)
            inside = found is None or any(_within(found, each) for each in spaces)
            if not inside:
                raise _outside(name, call)


@rule(
    "network",
    _NETWORKS,
    name="network.space-shrinks",
    source=sources.SUBNET_RANGES,
    date=sources.SEEN,
    evidence=RECALLED,
)
def space_shrinks(call: Call) -> None:
    """A changed address space still holds the subnets that stay."""
    if call.existing is None or "subnets" in call.properties:
        return
    spaces = [found for each in _space(call) if (found := asked.address_range(each)) is not None]
    for subnet in call.memory.children(call.existing, links.SUBNET):
        for text in addresses.prefixes(subnet):
            found = asked.address_range(text)
            if found is not None and not any(_within(found, each) for each in spaces):
                raise _outside(subnet.id, call)


@rule(
    "network", _SUBNETS, name="network.subnet-overlap", source=sources.SUBNET_RANGES, date=sources.SEEN, evidence=READ
)
def subnet_overlap(call: Call) -> None:
    """Subnets of a network do not overlap."""
    wanted = {ids.key(name): _given_prefixes(properties) for name, properties in _subnets(call)}
    others: dict[str, list[str]] = dict(wanted)
    if call.kind.type == links.SUBNET:
        parent = call.memory.get(call.target.parent)
        held = call.memory.children(parent, links.SUBNET) if parent else []
        others = {ids.key(each.id): addresses.prefixes(each) for each in held} | wanted
    for name, own in wanted.items():
        for other, theirs in others.items():
            if other != name and any(_overlap(one, two) for one in own for two in theirs):
                text = (
                    f"Subnet '{name.rpartition('/')[2]}' is not valid because its IP address range overlaps with that "
                    f"of an existing subnet in virtual network '{_network_name(call)}'."
                )
                raise ArmError("NetcfgSubnetRangesOverlap", text)


@rule(
    "network",
    "Subnets_CreateOrUpdate",
    name="network.subnet-range-in-use",
    source=sources.VNETS,
    date=sources.SEEN,
    evidence=RECALLED,
)
def subnet_range_in_use(call: Call) -> None:
    """The range of a subnet with something in it stays."""
    if call.existing is None or not links.subnet_users(call.memory, call.existing.id):
        return
    if sorted(addresses.prefixes(call.existing)) != sorted(_given_prefixes(call.properties)):
        first = links.subnet_users(call.memory, call.existing.id)[0]
        text = f"Subnet {call.existing.name} is in use by {first} and cannot be updated."
        raise ArmError("InUsePrefixCannotBeDeleted", text)


def _within(one: Any, other: Any) -> bool:  # noqa: ANN401  IPv4 or IPv6
    return one.version == other.version and one.subnet_of(other)


def _given_prefixes(properties: dict[str, Any]) -> list[str]:
    several = properties.get("addressPrefixes")
    one = properties.get("addressPrefix")
    return [str(each) for each in several] if several else [str(one)] if one else []


def _subnets(call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the subnets that a request makes: id and properties."""
    if call.kind.type == links.SUBNET:
        yield call.id, call.properties
        return
    for each in call.rows("properties.subnets"):
        yield f"{call.id}/subnets/{each.get('name', '')}", ids.part(each, "properties")


def _overlap(one: str, two: str) -> bool:
    first, second = asked.address_range(one), asked.address_range(two)
    return first is not None and second is not None and first.version == second.version and first.overlaps(second)


def _all_prefixes(call: Call) -> Iterator[tuple[str, str]]:
    if call.kind.type == network.NETWORK:
        for each in ids.rows(call.body, "properties.addressSpace.addressPrefixes"):
            yield call.id, str(each)
    for name, properties in _subnets(call):
        for each in _given_prefixes(properties):
            yield name, each


def _space(call: Call) -> list[str]:
    if call.kind.type == network.NETWORK:
        return ids.rows(call.body, "properties.addressSpace.addressPrefixes")
    parent = call.memory.get(call.target.parent)
    return (parent.rows("properties.addressSpace.addressPrefixes")) if parent else []


def _outside(name: str, call: Call) -> ArmError:
    text = (
        f"Subnet '{name.rpartition('/')[2]}' is not valid because its IP address range is outside the IP address range "
        f"of virtual network '{_network_name(call)}'."
    )
    return ArmError("NetcfgSubnetRangeOutsideVnet", text)


def _network_name(call: Call) -> str:
    return call.target.names[0]

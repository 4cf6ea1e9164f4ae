"""Rules of Microsoft.Network on public addresses and NAT gateways."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure import ids, reading
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import asked, sources
from confkube_sandbox.daemon.azure.services import links
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call

_PUBLIC = "PublicIPAddresses_CreateOrUpdate"
_NAT = "NatGateways_CreateOrUpdate"
_BASTION = "BastionHosts_CreateOrUpdate"
_NIC = "NetworkInterfaces_CreateOrUpdate"


@rule("network", _PUBLIC, name="network.basic-address", source=sources.BASIC_ADDRESS, date=sources.SEEN, evidence=READ)
def basic_address(call: Call) -> None:
    """Basic public addresses have been retired, and Basic is what one without a SKU is."""
    if call.existing is None and call.part("sku").get("name", "Basic") == "Basic":
        text = "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region."
        raise ArmError("IPv4BasicSkuPublicIpCountLimitReached", text)


@rule("network", _PUBLIC, name="network.static-address", source=sources.ADDRESSES, date=sources.SEEN, evidence=RECALLED)
def static_address(call: Call) -> None:
    """A Standard public address is a static one."""
    standard = call.part("sku").get("name") in {"Standard", "StandardV2"}
    if standard and call.properties.get("publicIPAllocationMethod", "Dynamic") != "Static":
        text = f"Standard sku publicIp {call.id} must have AllocationMethod set to Static."
        raise ArmError("StandardAndStandardV2SkuPublicIPAddressesMustBeStatic", text)


@rule("network", _PUBLIC, name="network.address-fixed", source=sources.ADDRESS_ZONES, date=sources.SEEN, evidence=READ)
def address_fixed(call: Call) -> None:
    """SKU (recalled) and zones (read) of a public address stay as they were made."""
    if call.existing is None:
        return
    before, after = call.existing.at("sku.name"), call.part("sku").get("name", "Basic")
    if before != after:
        text = (
            f"Sku property is set at creation time and cannot be changed from {before} to {after} on resource update "
            f"for resource {call.existing.id}."
        )
        raise ArmError("SkuCannotBeChangedOnUpdate", text)
    held, wanted = (", ".join(each.get("zones") or []) or "NoZone" for each in (call.existing.body, call.body))
    if held != wanted:
        text = (
            f"Resource {call.existing.id} has an existing availability zone constraint {held} and the request has "
            f"availability zone constraint {wanted}, which do not match. Zones cannot be added/updated/removed once "
            "the resource is created. The resource cannot be updated from regional to zonal or vice-versa."
        )
        raise ArmError("ResourceAvailabilityZonesCannotBeModified", text)


@rule("network", _PUBLIC, name="network.address-quota", source=sources.ADDRESS_LIMIT, date=sources.SEEN, evidence=READ)
def address_quota(call: Call) -> None:
    """A subscription has a limited number of public addresses in a region."""
    most = call.settings.quotas["azure-public-addresses"]
    if call.existing is None and reading.address_count(call.memory, call.account, call.location) >= most:
        text = f"Cannot create more than {most} public IP addresses for this subscription in this region."
        raise ArmError("PublicIPCountLimitReached", text)


@rule(
    "network",
    "VirtualNetworks_CreateOrUpdate",
    name="network.network-quota",
    source="https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits",
    date=sources.SEEN,
    evidence=RECALLED,
)
def network_quota(call: Call) -> None:
    """A subscription has a limited number of virtual networks in a region."""
    most = call.settings.quotas["azure-virtual-networks"]
    held = [each for each in call.memory.of_type(call.kind.type, call.account) if each.location == call.location]
    if call.existing is None and len(held) >= most:
        text = f"Cannot create more than {most} virtual networks for this subscription in this region."
        raise ArmError("VnetCountLimitReached", text)


@rule(
    "network",
    f"{_NIC} {_BASTION} {_NAT}",
    name="network.address-taken",
    source=sources.ADDRESS_TAKEN,
    date=sources.SEEN,
    evidence=READ,
)
def address_taken(call: Call) -> None:
    """A public address belongs to one resource (the text was read, the code is recalled)."""
    wanted = [(name, str(ids.at(each, "publicIPAddress.id"))) for name, each in asked.configurations(call)]
    wanted += [(call.id, str(each.get("id"))) for each in call.rows("properties.publicIpAddresses")]
    seen = Counter(ids.key(address) for _, address in wanted if address != "None")
    for name, address in wanted:
        user = links.address_user(call.memory, address) if address != "None" else ""
        if user and ids.key(call.id) not in {ids.key(user), ids.key("/".join(user.split("/")[:9]))}:
            raise _allocated(name, address, user)
        if seen[ids.key(address)] > 1:
            raise _allocated(name, address, name)


@rule("network", _NAT, name="network.nat-address", source=sources.NAT, date=sources.SEEN, evidence=RECALLED)
def nat_address(call: Call) -> None:
    """A zonal NAT gateway has addresses of its own zone or of none."""
    zones = set(call.rows("zones"))
    for each in call.rows("properties.publicIpAddresses"):
        held = call.memory.get(str(each.get("id")))
        other = set(held.rows("zones")) if held is not None else set[str]()
        if held is not None and zones and len(other) == 1 and other != zones:
            text = (
                f"Nat Gateway {call.id} with zone {','.join(sorted(zones))} cannot use public IP address {held.id} of "
                f"zone {','.join(sorted(other))}."
            )
            raise ArmError("NatGatewayAndPublicIpAddressZonesMismatch", text)


def _allocated(name: str, address: str, user: str) -> ArmError:
    text = f"Resource {name} is referencing public IP address {address} that is already allocated to resource {user}."
    return ArmError("PublicIPAddressInUse", text)

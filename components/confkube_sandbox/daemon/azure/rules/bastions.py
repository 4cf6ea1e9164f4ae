"""Rules of Microsoft.Network on bastion hosts."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import asked, sources
from confkube_sandbox.daemon.azure.services import addresses
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call

_BASTION = "BastionHosts_CreateOrUpdate"
_BASTION_PREFIX = 26


@rule("network", _BASTION, name="network.bastion-subnet", source=sources.BASTION_NAME, date=sources.SEEN, evidence=READ)
def bastion_subnet(call: Call) -> None:
    """A bastion host stands in a subnet of a fixed name."""
    for _, each in asked.configurations(call):
        subnet = str(ids.at(each, "subnet.id") or "")
        if subnet and subnet.rpartition("/")[2] != "AzureBastionSubnet":
            text = (
                f"Subnet name {subnet} is invalid for Azure Bastion. Azure Bastion can only be created in subnet with "
                "name 'AzureBastionSubnet'."
            )
            raise ArmError("SubnetNameMustBeAzureBastionSubnet", text)


@rule(
    "network",
    _BASTION,
    name="network.bastion-subnet-size",
    source=sources.BASTION_SIZE,
    date=sources.SEEN,
    evidence=RECALLED,
)
def bastion_subnet_size(call: Call) -> None:
    """The subnet of a bastion host is a /26 or larger (the size was read, code and text are recalled)."""
    for _, each in asked.configurations(call):
        held = call.memory.get(str(ids.at(each, "subnet.id")))
        for text in addresses.prefixes(held) if held is not None else []:
            if ipaddress.ip_network(text).prefixlen > _BASTION_PREFIX:
                told = (
                    f"Subnet {held.id if held else ''} with prefix {text} is too small for Azure Bastion. The subnet "
                    f"must have a prefix of /{_BASTION_PREFIX} or larger."
                )
                raise ArmError("BastionSubnetTooSmall", told)


@rule(
    "network", _BASTION, name="network.bastion-needs", source=sources.BASTION_NAME, date=sources.SEEN, evidence=RECALLED
)
def bastion_needs(call: Call) -> None:
    """A bastion host, except one for developers, has a subnet and a public address."""
    if call.part("sku").get("name") == "Developer" or call.properties.get("enablePrivateOnlyBastion"):
        return
    found = list(asked.configurations(call))
    for name, each in found or [(call.id, {})]:
        for what in ("subnet", "publicIPAddress"):
            if not ids.at(each, f"{what}.id"):
                text = f"Bastion host IP configuration {name} must reference a {what}."
                raise ArmError("BastionHostIpConfigurationInvalid", text)


@rule(
    "network",
    _BASTION,
    name="network.bastion-tunneling",
    source="https://learn.microsoft.com/azure/bastion/configuration-settings",
    date=sources.SEEN,
    evidence=RECALLED,
)
def bastion_tunneling(call: Call) -> None:
    """Tunnels need a SKU of at least Standard."""
    if call.properties.get("enableTunneling") and call.part("sku").get("name", "Standard") == "Basic":
        text = f"Bastion host {call.id} with sku Basic does not support the feature enableTunneling."
        raise ArmError("BastionHostSkuDoesNotSupportFeature", text)

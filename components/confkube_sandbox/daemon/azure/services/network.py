"""Virtual networks, subnets, security groups."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.context import SUCCEEDED, Resource
from confkube_sandbox.daemon.azure.services import links
from confkube_sandbox.daemon.azure.services.base import Effects, defaults

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkube_sandbox.daemon.azure.context import Call, Memory

NETWORK = "Microsoft.Network/virtualNetworks"
SUBNET = links.SUBNET
GROUP = "Microsoft.Network/networkSecurityGroups"
RULE = "Microsoft.Network/networkSecurityGroups/securityRules"
_SUBNET_DEFAULTS: dict[str, Any] = {
    "delegations": [],
    "privateEndpointNetworkPolicies": "Disabled",
    "privateLinkServiceNetworkPolicies": "Enabled",
}
# The rules that every network security group has.
# https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules (2026-11)
_DEFAULT_RULES = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)
_RULE_DEFAULTS: dict[str, Any] = {
    "sourceAddressPrefixes": [],
    "destinationAddressPrefixes": [],
    "sourcePortRanges": [],
    "destinationPortRanges": [],
}


def network_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a virtual network's body; its subnets are resources of their own."""
    kept.setdefault("resourceGuid", str(uuid.uuid4()))
    given = {name: value for name, value in call.properties.items() if name != "subnets"}
    usual: dict[str, Any] = {
        "enableDdosProtection": False,
        "privateEndpointVNetPolicies": "Disabled",
        "virtualNetworkPeerings": [],
    }
    return {**call.body, "properties": defaults(given, {"resourceGuid": kept["resourceGuid"], **usual})}


def network_made(call: Call, resource: Resource) -> None:
    """Make, change and delete the subnets that the request lists; without a list they stay as they are."""
    if "subnets" not in call.properties:
        return
    _children(call, resource, SUBNET, "subnets", _SUBNET_DEFAULTS)


def network_view(memory: Memory, resource: Resource) -> dict[str, Any]:
    """Show a virtual network with its subnets."""
    subnets = [_nested(memory, each, subnet_view) for each in memory.children(resource, SUBNET)]
    return {**resource.body, "properties": {**resource.body["properties"], "subnets": subnets}}


def subnet_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a subnet's body."""
    del kept
    return {**call.body, "properties": defaults(call.properties, _SUBNET_DEFAULTS)}


def subnet_view(memory: Memory, resource: Resource) -> dict[str, Any]:
    """Show a subnet with what is in it."""
    users = [{"id": each} for each in links.subnet_users(memory, resource.id)]
    added = {"ipConfigurations": users} if users else {}
    return {**resource.body, "properties": {**resource.body["properties"], **added}}


def group_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a security group's body; its rules are resources of their own."""
    kept.setdefault("resourceGuid", str(uuid.uuid4()))
    given = {name: value for name, value in call.properties.items() if name != "securityRules"}
    return {**call.body, "properties": {**given, "resourceGuid": kept["resourceGuid"]}}


def group_made(call: Call, resource: Resource) -> None:
    """Make, change and delete the rules that the request lists; a request without a list deletes them."""
    _children(call, resource, RULE, "securityRules", _RULE_DEFAULTS)


def group_view(memory: Memory, resource: Resource) -> dict[str, Any]:
    """Show a security group with its rules and with what it is applied to."""
    subnets, cards = links.group_users(memory, resource.id)
    rules = [_nested(memory, each, _as_it_is) for each in memory.children(resource, RULE)]
    added: dict[str, Any] = {"securityRules": rules, "defaultSecurityRules": _default_rules(resource)}
    if subnets:
        added["subnets"] = [{"id": each} for each in subnets]
    if cards:
        added["networkInterfaces"] = [{"id": each} for each in cards]
    return {**resource.body, "properties": {**resource.body["properties"], **added}}


def rule_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a security rule's body."""
    del kept
    return {**call.body, "properties": defaults(call.properties, _RULE_DEFAULTS)}


def _children(call: Call, parent: Resource, kind: str, name: str, usual: dict[str, Any]) -> None:
    wanted = {str(each.get("name", "")).lower(): each for each in ids.rows(call.properties, name)}
    held = {each.name.lower(): each for each in call.memory.children(parent, kind)}
    for key in held.keys() - wanted.keys():
        call.memory.drop(held[key])
    for key, given in wanted.items():
        made = held.get(key) or Resource(
            id=f"{parent.id}/{name}/{given['name']}", type=kind, given={}, body={}, born=call.now
        )
        content: dict[str, Any] = {"properties": ids.part(given, "properties")}
        changed = made.given != content
        made.given, made.state = content, SUCCEEDED
        made.body = {"properties": defaults(content["properties"], usual)}
        if changed:
            made.touch()
        call.memory.put(made)


def _as_it_is(memory: Memory, resource: Resource) -> dict[str, Any]:
    del memory
    return resource.body


def _nested(memory: Memory, resource: Resource, view: Callable[[Memory, Resource], dict[str, Any]]) -> dict[str, Any]:
    body = view(memory, resource)
    return {
        **body,
        "name": resource.name,
        "id": resource.id,
        "etag": resource.etag,
        "type": resource.type,
        "properties": {"provisioningState": resource.state, **body["properties"]},
    }


def _default_rules(resource: Resource) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "id": f"{resource.id}/defaultSecurityRules/{name}",
            "etag": resource.etag,
            "type": f"{GROUP}/defaultSecurityRules",
            "properties": {
                "provisioningState": SUCCEEDED,
                "description": name,
                "protocol": "*",
                "sourcePortRange": "*",
                "destinationPortRange": "*",
                "sourceAddressPrefix": source,
                "destinationAddressPrefix": destination,
                "access": access,
                "priority": priority,
                "direction": direction,
                **_RULE_DEFAULTS,
            },
        }
        for name, priority, direction, access, source, destination in _DEFAULT_RULES
    ]


EFFECTS = (
    Effects(type=NETWORK, prepare=network_properties, made=network_made, show=network_view),
    Effects(type=SUBNET, prepare=subnet_properties, show=subnet_view),
    Effects(type=GROUP, prepare=group_properties, made=group_made, show=group_view),
    Effects(type=RULE, prepare=rule_properties),
)

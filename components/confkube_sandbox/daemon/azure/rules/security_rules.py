"""Rules of Microsoft.Network on the rules of security groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import asked, sources
from confkube_sandbox.daemon.azure.services import network
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.azure.context import Call

_RULES = "NetworkSecurityGroups_CreateOrUpdate SecurityRules_CreateOrUpdate"


@rule(
    "network",
    _RULES,
    name="network.rule-priority",
    source=sources.SECURITY_GROUPS,
    date=sources.SEEN,
    evidence=RECALLED,
)
def rule_priority(call: Call) -> None:
    """Priorities lie between 100 and 4096."""
    for name, properties in _rules(call):
        priority = properties.get("priority")
        if not isinstance(priority, int) or not 100 <= priority <= 4096:
            text = (
                f"Security rule has invalid Priority. Value provided: {priority} Allowed range 100-4096. Security "
                f"rule: {name}."
            )
            raise ArmError("SecurityRuleInvalidPriority", text)


@rule("network", _RULES, name="network.rule-conflict", source=sources.RULE_CONFLICT, date=sources.SEEN, evidence=READ)
def rule_conflict(call: Call) -> None:
    """Two rules of a group do not have the same priority and direction."""
    seen: dict[tuple[object, object], str] = {}
    if call.kind.type == network.RULE:
        parent = call.memory.get(call.target.parent)
        for each in call.memory.children(parent, network.RULE) if parent else []:
            if each.name.lower() != call.target.name.lower():
                seen[each.at("properties.priority"), each.at("properties.direction")] = each.name
    for name, properties in _rules(call):
        place = (properties.get("priority"), properties.get("direction"))
        if place in seen:
            text = (
                f"Security rule {seen[place]} conflicts with rule {name}. Rules cannot have the same Priority and "
                "Direction. To learn more, see aka.ms/nsgrules."
            )
            raise ArmError("SecurityRuleConflict", text)
        seen[place] = name


@rule("network", _RULES, name="network.rule-ports", source=sources.RULE_PORTS, date=sources.SEEN, evidence=READ)
def rule_ports(call: Call) -> None:
    """Ports are ``*``, a number, or a range of numbers."""
    for name, properties in _rules(call):
        for side in ("source", "destination"):
            for port in _given(properties, f"{side}PortRange"):
                if not _port(port):
                    text = (
                        f"Security rule has invalid Port range. Value provided: {port}. Value should be an integer OR "
                        f"integer range with '-' delimiter. Valid range 0-65535. Security rule: {name}."
                    )
                    raise ArmError("SecurityRuleInvalidPortRange", text)


@rule("network", _RULES, name="network.rule-addresses", source=sources.RULE_ADDRESSES, date=sources.SEEN, evidence=READ)
def rule_addresses(call: Call) -> None:
    """Addresses are ``*``, a service tag, an address or a range."""
    for name, properties in _rules(call):
        for side in ("source", "destination"):
            for text in _given(properties, f"{side}AddressPrefix"):
                if not _address(text):
                    told = f"Security rule has invalid Address prefix. Value provided: {text}. Security rule: {name}."
                    raise ArmError("SecurityRuleInvalidAddressPrefix", told)


def _rules(call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
    if call.kind.type == network.RULE:
        yield call.target.name, call.properties
        return
    for each in call.rows("properties.securityRules"):
        yield str(each.get("name", "")), ids.part(each, "properties")


def _address(text: str) -> bool:
    if text == "*" or (text.replace(".", "").replace("_", "").isalnum() and not text[0].isdigit()):
        return True
    return asked.address_range(text) is not None


def _port(text: str) -> bool:
    first, _, last = text.partition("-")
    if text == "*":
        return True
    if not first.isdigit() or (last and not last.isdigit()) or text.endswith("-"):
        return False
    return int(first) <= int(last or first) <= 65535


def _given(properties: dict[str, Any], name: str) -> list[str]:
    """Return what a property and its plural hold together."""
    plural = f"{name}es" if name.endswith("x") else f"{name}s"
    one = [properties[name]] if properties.get(name) else []
    return [str(each) for each in (*ids.rows(properties, plural), *one)]

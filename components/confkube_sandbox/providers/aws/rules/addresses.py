"""Rules for addresses and address ranges, with the meaning of Go's ``net`` package."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confkube_sandbox.providers.terraform.schema import Rule

    Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


def parse(text: str) -> Interface | None:
    """Read a range as Go's ``net.ParseCIDR`` does: the length is a number and must be given."""
    address, _, bits = text.partition("/")
    if "%" in address or not re.fullmatch(r"\d{1,3}", bits, re.ASCII):
        return None
    try:
        return ipaddress.ip_interface(f"{address}/{int(bits)}")
    except ValueError:
        return None


def network(version: int) -> Rule:
    """``verify.ValidIPv4CIDRNetworkAddress`` and ``ValidIPv6CIDRNetworkAddress``."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401, ARG001
        found = parse(str(value))
        if found is None:
            return [f'"{value}" is not a valid CIDR block: invalid CIDR address: {value}']
        if found.version != version:
            return [f'"{value}" is not a valid IPv{version} CIDR block']
        if found.ip != found.network.network_address:
            return [f'"{value}" is not a valid IPv{version} CIDR block; did you mean "{found.network}"?']
        return []

    return rule


def network_of_size(shortest: int, longest: int) -> Rule:
    """``validation.IsCIDRNetwork``: a range with so many significant bits."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        found = parse(str(value))
        if found is None:
            why = f"invalid CIDR address: {value}"
            return [f"expected {name} to contain a valid Value, got: {value} with err: {why}"]
        reasons: list[str] = []
        if str(found.network) != value:
            reasons.append(f"expected {name} to contain a valid network Value, expected {found.network}, got {value}")
        bits = found.network.prefixlen
        if not shortest <= bits <= longest:
            span = f"between {shortest} and {longest} significant bits"
            reasons.append(f'expected "{name}" to contain a network Value with {span}, got: {bits}')
        return reasons

    return rule


def ipv4_address(name: str, value: Any) -> list[str]:  # noqa: ANN401
    """``validation.IsIPv4Address``."""
    try:
        ipaddress.IPv4Address(str(value))
    except ValueError:
        return [f"expected {name} to contain a valid IPv4 address, got: {value}"]
    return []


def attribute_network(version: int) -> Rule:
    """Do as ``network`` for resources made with the newer plugin framework.

    Source: terraform-provider-aws internal/framework/validators/cidr.go at 00a35305dc1b.
    """

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        if not network(version)(name, value):
            return []
        what = f"value must be a valid IPv{version} CIDR that represents a network address"
        return [f"Invalid Attribute Value. Attribute {name} {what}, got: {value}"]

    return rule

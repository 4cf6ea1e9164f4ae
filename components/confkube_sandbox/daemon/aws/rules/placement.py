"""Checks that launches and network interfaces share: groups of the right VPC, addresses of the subnet."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws.errors import ApiError

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call


def require_groups(call: Call, subnet: Any, groups: list[str]) -> None:  # noqa: ANN401
    """Refuse groups that do not exist or belong to another VPC than the subnet."""
    for name in groups:
        group = call.group(name)
        if group is None:
            text = f"The security group '{name}' does not exist in VPC '{subnet.vpc_id}'"
            raise ApiError("InvalidGroup.NotFound", text)
        if group.vpc_id != subnet.vpc_id:
            raise ApiError(
                "InvalidParameter", f"Security group {name} and subnet {subnet.id} belong to different networks."
            )


def require_address(call: Call, subnet: Any, text: str) -> None:  # noqa: ANN401
    """Refuse an address outside the subnet, reserved by AWS, or taken."""
    block = ipaddress.IPv4Network(subnet.cidr_block)
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        raise ApiError("InvalidParameterValue", f"Value ({text}) for parameter privateIpAddress is invalid.") from None
    if address not in block:
        raise ApiError("InvalidParameterValue", f"Address {text} does not fall within the subnet's address range")
    # AWS keeps the first four addresses and the last one: subnet-sizing.html of the VPC guide.
    if int(address) - int(block.network_address) < 4 or address == block.broadcast_address:
        raise ApiError("InvalidParameterValue", f"Address {text} is in subnet's reserved address range")
    if text in addresses_in_use(call, subnet):
        raise ApiError("InvalidIPAddress.InUse", f"Address {text} is in use.")


def addresses_in_use(call: Call, subnet: Any) -> set[str]:  # noqa: ANN401
    """Return the private addresses that interfaces of a subnet have."""
    return {
        each["PrivateIpAddress"]
        for interface in call.ec2.enis.values()
        if interface.subnet.id == subnet.id
        for each in interface.private_ip_addresses
    }

"""Which addresses are taken, by whom, and which are free."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Body, Key


def interfaces(call: Call) -> Iterator[tuple[Body, Body]]:
    """Every network interface with its instance."""
    for _, instance in call.held("instances"):
        for nic in instance["networkInterfaces"]:
            yield instance, nic


def address_users(call: Call, held: Body) -> list[str]:
    """Return the links of what uses a reserved address."""
    if held["addressType"] == "INTERNAL":
        return [
            instance["selfLink"]
            for instance, nic in interfaces(call)
            if nic["networkIP"] == held["address"] and nic["subnetwork"] == held["subnetwork"]
        ]
    users = [
        instance["selfLink"]
        for instance, nic in interfaces(call)
        if any(each.get("natIP") == held["address"] for each in nic.get("accessConfigs", []))
    ]
    for _, router in call.held("routers"):
        if any(held["selfLink"] in nat.get("natIps", []) for nat in router.get("nats", [])):
            users.append(router["selfLink"])
    return users


def taken_addresses(call: Call) -> set[str]:
    """Return every public address that something has."""
    found = {each["address"] for _, each in call.held("addresses") if each["addressType"] == "EXTERNAL"}
    for _, nic in interfaces(call):
        found.update(each["natIP"] for each in nic.get("accessConfigs", []) if "natIP" in each)
    return found


def taken_in(call: Call, subnetwork: Key) -> set[str]:
    """Return the private addresses of a subnetwork that instances have or that are reserved."""
    link = call.link(subnetwork)
    found = {nic["networkIP"] for _, nic in interfaces(call) if nic["subnetwork"] == link}
    return found | {each["address"] for _, each in call.held("addresses") if each.get("subnetwork") == link}


def is_reserved(block: ipaddress.IPv4Network, address: ipaddress.IPv4Address) -> bool:
    """Whether Google keeps an address of a range: the first two and the last two."""
    offset = int(address) - int(block.network_address)
    return offset < 2 or offset >= block.num_addresses - 2


def free_address(call: Call, subnetwork: Key) -> str:
    """Return a free address of a subnetwork.

    Raises:
        OperationError: There is none.
    """
    block = ipaddress.IPv4Network(call.get(subnetwork)["ipCidrRange"])
    taken = {int(ipaddress.IPv4Address(each)) for each in taken_in(call, subnetwork)}
    first = int(block.network_address)
    for number in range(first + 2, first + block.num_addresses - 2):
        if number not in taken:
            return str(ipaddress.IPv4Address(number))
    text = f"IP space of '{_short(call, subnetwork)}' is exhausted."
    raise OperationError("IP_SPACE_EXHAUSTED", text, 400)


def _short(call: Call, key: Key) -> str:
    return f"projects/{call.project.id}/regions/{key.place}/subnetworks/{key.name}"

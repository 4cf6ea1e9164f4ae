"""What requests to Microsoft.Network ask for, as the rules see it."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.services import links

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.azure.context import Call


def address_range(text: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Return an address range that is written properly, without host bits."""
    try:
        return ipaddress.ip_network(str(text))
    except ValueError:
        return None


def configurations(call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the IP configurations that a request makes: id and properties."""
    middle = "bastionHostIpConfigurations" if call.kind.type == links.BASTION else "ipConfigurations"
    for number, each in enumerate(call.rows("properties.ipConfigurations")):
        yield f"{call.id}/{middle}/{each.get('name') or f'ipconfig{number + 1}'}", ids.part(each, "properties")

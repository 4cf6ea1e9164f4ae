"""Rules of reserved addresses."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.compute.placing import is_reserved, taken_in
from confkube_sandbox.daemon.gcp.errors import invalid
from confkube_sandbox.daemon.gcp.rules.sources import ADDRESSES, SEEN, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call


@rule(
    "compute",
    "addresses.insert",
    name="compute.address-subnetwork",
    source="https://github.com/hashicorp/terraform/issues/19507",
    date=SEEN,
    evidence=READ,
)
def internal_subnetwork(call: Call) -> None:
    """An internal address is of a subnetwork; there is no default one in these projects."""
    if call.body.get("addressType") != "INTERNAL":
        return
    text = call.body.get("subnetwork", "")
    if not text:
        why = "No default subnetwork was found for an address with type INTERNAL."
        raise invalid("resource.subnetwork", "", why)
    key = call.refer(text, "subnetworks", "resource.subnetwork")
    if key.place != call.place:
        raise invalid("resource.subnetwork", text, f"Subnetwork must be in region '{call.place}'.")


@rule("compute", "addresses.insert", name="compute.address-kind", source=ADDRESSES, date=WRITTEN, evidence=RECALLED)
def kind(call: Call) -> None:
    """An external address has no subnetwork or network, and its number is Google's to choose."""
    body = call.body
    if body.get("addressType", "EXTERNAL") == "INTERNAL":
        if body.get("networkTier") == "STANDARD":
            raise invalid("resource.networkTier", "STANDARD", "Network tier of an internal address must be PREMIUM.")
        return
    for name in ("subnetwork", "network"):
        if body.get(name):
            raise invalid(f"resource.{name}", body[name], f"A {name} can only be specified for internal addresses.")
    if body.get("address"):
        text = "External IP addresses cannot be chosen; only an ephemeral address in use can be promoted."
        raise invalid("resource.address", body["address"], text)


@rule("compute", "addresses.insert", name="compute.address-range", source=ADDRESSES, date=WRITTEN, evidence=RECALLED)
def in_range(call: Call) -> None:
    """An internal address lies in its subnetwork, outside of what Google keeps, and is free."""
    text = call.body.get("address")
    if call.body.get("addressType") != "INTERNAL" or not text:
        return
    key = call.key_of(call.body["subnetwork"])
    block = ipaddress.IPv4Network(call.get(key)["ipCidrRange"])
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        raise invalid("resource.address", text, "Must be a valid IPV4 address.") from None
    if address not in block:
        raise invalid(
            "resource.address", text, f"Specified address is not in the range of the subnetwork '{key.name}'."
        )
    if is_reserved(block, address):
        raise invalid("resource.address", text, "Specified address is a reserved address.")
    if text in taken_in(call, key):
        raise invalid(
            "resource.address", text, f"Specified IP address is in-use and would result in a conflict: {text}"
        )

"""Rules of networks and subnetworks."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import served
from confkube_sandbox.daemon.gcp.errors import invalid
from confkube_sandbox.daemon.gcp.rules.sources import NETWORKS, SEEN, SUBNETS, WRITTEN
from confkube_sandbox.daemon.gcp.rules.targets import target_key
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.gcp.context import Call

_PROHIBITED = tuple(
    map(
        ipaddress.IPv4Network,
        ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "199.36.153.4/30",
         "199.36.153.8/30"),
    )
)  # fmt: skip


def _ranges(call: Call) -> Iterator[tuple[str, str]]:
    body = call.body
    if call.operation != "subnetworks.patch":
        yield "resource.ipCidrRange", body.get("ipCidrRange", "")
    for index, each in enumerate(body.get("secondaryIpRanges", [])):
        yield f"resource.secondaryIpRanges[{index}].ipCidrRange", each.get("ipCidrRange", "")


@rule("compute", "networks.insert", name="compute.network-legacy", source=NETWORKS, date=WRITTEN, evidence=RECALLED)
def legacy(call: Call) -> None:
    """A network without a mode would be a legacy one, which cannot be made any more; auto mode is not simulated."""
    if "autoCreateSubnetworks" not in call.body:
        text = "Legacy networks are not supported. Please set autoCreateSubnetworks to true or false"
        raise invalid("resource.autoCreateSubnetworks", "", f"{text}.")
    if call.body["autoCreateSubnetworks"]:
        raise served.refusal()


@rule(
    "compute",
    "networks.insert networks.patch",
    name="compute.network-mtu",
    source=NETWORKS,
    date=WRITTEN,
    evidence=RECALLED,
)
def mtu(call: Call) -> None:
    """An MTU lies between 1300 and 8896."""
    given = call.body.get("mtu")
    if given is not None and not 1300 <= given <= 8896:
        raise invalid("resource.mtu", given, "Must be greater than or equal to 1300 and less than or equal to 8896")


@rule(
    "compute",
    "subnetworks.insert firewalls.insert routers.insert",
    name="compute.network-exists",
    source="https://github.com/skyplane-project/skyplane/issues/683",
    date=SEEN,
    evidence=READ,
)
def network_exists(call: Call) -> None:
    """The network that a resource is for has to be there; the source shows it for a firewall rule."""
    call.require_there(call.body.get("network", ""), "networks", "resource.network")


@rule(
    "compute",
    "subnetworks.insert firewalls.insert routers.insert",
    name="compute.network-ready",
    source="https://github.com/terraform-google-modules/terraform-google-network/issues/365",
    date=SEEN,
    evidence=READ,
)
def network_ready(call: Call) -> None:
    """A network can be used once the operation that makes it has ended."""
    call.require_ready(call.key_of(call.body["network"]))


@rule("compute", "subnetworks.insert subnetworks.expandIpCidrRange subnetworks.patch", name="compute.subnet-range",
      source=SUBNETS, date=WRITTEN, evidence=RECALLED)  # fmt: skip
def subnet_range(call: Call) -> None:
    """A range is written with its own first address, is of /4 to /29, and not one of those that nobody can have."""
    for path, text in _ranges(call):
        try:
            block = ipaddress.IPv4Network(text, strict=True)
        except ValueError:
            raise invalid(path, text, f"Invalid IPCidrRange: {text}. Must be a valid CIDR address range.") from None
        if "/" not in text or not 4 <= block.prefixlen <= 29:
            raise invalid(path, text, f"Invalid IPCidrRange: {text}. IP range size must be between /4 and /29.")
        if any(block.overlaps(each) for each in _PROHIBITED):
            raise invalid(path, text, f"Invalid IPCidrRange: {text} is a reserved range.")


@rule(
    "compute",
    "subnetworks.insert subnetworks.expandIpCidrRange subnetworks.patch",
    name="compute.subnet-overlap",
    source="https://github.com/crossplane-contrib/provider-gcp/issues/197",
    date=SEEN,
    evidence=READ,
)
def subnet_overlap(call: Call) -> None:
    """The ranges of a network do not overlap."""
    own = None if call.operation == "subnetworks.insert" else target_key(call)
    network = call.normal(call.body["network"]) if own is None else call.get(own)["network"]
    for path, text in _ranges(call):
        block = ipaddress.IPv4Network(text)
        for key, other in call.held("subnetworks"):
            if other["network"] != network or key == own:
                continue
            taken = [other["ipCidrRange"], *(each["ipCidrRange"] for each in other.get("secondaryIpRanges", []))]
            if any(block.overlaps(ipaddress.IPv4Network(each)) for each in taken):
                where = f"conflicts with existing subnetwork '{key.name}' in region '{key.place}'."
                raise invalid(path, text, f"Invalid IPCidrRange: {text} {where}")


@rule("compute", "subnetworks.expandIpCidrRange", name="compute.subnet-shrinks", source=SUBNETS, date=WRITTEN,
      evidence=RECALLED)  # fmt: skip
def subnet_shrinks(call: Call) -> None:
    """The range of a subnetwork can only become larger."""
    held = ipaddress.IPv4Network(call.get(target_key(call))["ipCidrRange"])
    text = call.body["ipCidrRange"]
    wanted = ipaddress.IPv4Network(text)
    if wanted == held or not held.subnet_of(wanted):
        raise invalid("ipCidrRange", text, f"New IP Cidr range {text} does not contain the existing range {held}.")

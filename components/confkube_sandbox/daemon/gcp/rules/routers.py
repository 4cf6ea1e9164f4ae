"""Rules of routers and the NAT gateways in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.gcp.errors import invalid
from confkube_sandbox.daemon.gcp.rules.sources import ROUTERS, SEEN, WRITTEN
from confkube_sandbox.daemon.gcp.rules.targets import target_key
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

_EVERY = "routers.insert routers.patch routers.update"
_ALL = "ALL_SUBNETWORKS_ALL_IP_RANGES"
_LISTED = "LIST_OF_SUBNETWORKS"


def _nats(call: Call) -> list[dict[str, Any]]:
    return call.body.get("nats", [])


@rule(
    "compute",
    _EVERY,
    name="compute.router-asn",
    source="https://github.com/hashicorp/terraform-provider-google/issues/5381",
    date=SEEN,
    evidence=READ,
)
def asn(call: Call) -> None:
    """The router's own number is a private one, or Google's 16550."""
    given = call.body.get("bgp", {}).get("asn")
    if given is None:
        return
    if not (64_512 <= given <= 65_534 or 4_200_000_000 <= given <= 4_294_967_294 or given == 16_550):
        private = "in the RFC6996 private ASN ranges: [64512..65534], [4200000000..4294967294]"
        text = f"Local ASN must be either {private}; or be the value of [16550]."
        raise invalid("resource.bgp.asn", given, text)


@rule("compute", _EVERY, name="compute.nat-options", source=ROUTERS, date=WRITTEN, evidence=RECALLED)
def nat_options(call: Call) -> None:
    """A NAT gateway says whose addresses it has and whom it is for, and says it without contradiction."""
    for index, nat in enumerate(_nats(call)):
        path = f"resource.nats[{index}]"
        if not nat.get("name"):
            raise invalid(f"{path}.name", "", "NAT name must be specified.")
        option, ips = nat.get("natIpAllocateOption"), nat.get("natIps", [])
        if not option:
            raise invalid(f"{path}.natIpAllocateOption", "", "Nat IP allocate option must be specified.")
        if option == "AUTO_ONLY" and ips:
            raise invalid(f"{path}.natIps", ips, "NAT IPs cannot be specified with AUTO_ONLY.")
        if option == "MANUAL_ONLY" and not ips:
            raise invalid(f"{path}.natIps", ips, "NAT IPs must be specified with MANUAL_ONLY.")
        whom = nat.get("sourceSubnetworkIpRangesToNat")
        if not whom:
            raise invalid(f"{path}.sourceSubnetworkIpRangesToNat", "", "Source subnetworks must be specified.")
        if (whom == _LISTED) != bool(nat.get("subnetworks")):
            raise invalid(f"{path}.subnetworks", [], f"Subnetworks must be specified only with {_LISTED}.")


@rule(
    "compute",
    _EVERY,
    name="compute.nat-overlap",
    source="https://github.com/google/osv.dev/pull/5629",
    date=SEEN,
    evidence=READ,
)
def nat_overlap(call: Call) -> None:
    """Where one NAT gateway is for all subnetworks of a network, there is no other in the region."""
    own = target_key(call)
    network = call.normal(call.body["network"]) if "network" in call.body else call.get(own)["network"]
    taken = [
        nat
        for key, router in call.held("routers", call.place)
        if key != own and router["network"] == network
        for nat in router.get("nats", [])
    ]
    for index, nat in enumerate(_nats(call)):
        whom = nat.get("sourceSubnetworkIpRangesToNat")
        others = [*taken, *_nats(call)[:index]]
        if others and (whom == _ALL or any(each["sourceSubnetworkIpRangesToNat"] == _ALL for each in others)):
            text = f"Can not create new Nats since a Nat with option {_ALL} exists."
            raise invalid(f"resource.nats[{index}].sourceSubnetworkIpRangesToNat", whom, text)


@rule(
    "compute",
    _EVERY,
    name="compute.nat-references",
    source="https://github.com/terraform-google-modules/terraform-google-cloud-nat/issues/74",
    date=SEEN,
    evidence=READ,
)
def nat_references(call: Call) -> None:
    """Addresses and subnetworks of a NAT gateway are there, in its region."""
    for index, nat in enumerate(_nats(call)):
        for number, text in enumerate(nat.get("natIps", [])):
            path = f"resource.nats[{index}].natIps[{number}]"
            if call.require_there(text, "addresses", path).place != call.place:
                raise invalid(path, text, f"Address must be in region {call.place}.")
        for number, each in enumerate(nat.get("subnetworks", [])):
            path = f"resource.nats[{index}].subnetworks[{number}].name"
            if call.require_there(each.get("name", ""), "subnetworks", path).place != call.place:
                raise invalid(path, each["name"], f"Subnetwork must be in region {call.place}.")

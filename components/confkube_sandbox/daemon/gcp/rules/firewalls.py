"""Rules of firewall rules."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.gcp.errors import bad_request, invalid
from confkube_sandbox.daemon.gcp.rules.marks import NAME
from confkube_sandbox.daemon.gcp.rules.sources import FIREWALLS, SEEN, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.gcp.context import Call

_EVERY = "firewalls.insert firewalls.patch firewalls.update"
_PROTOCOLS = frozenset({"tcp", "udp", "icmp", "esp", "ah", "ipip", "sctp", "all"})
_WITH_PORTS = frozenset({"tcp", "udp", "sctp", "6", "17", "132"})
_PORTS = re.compile(r"([0-9]+)(?:-([0-9]+))?")
_MOST_TAGS = {"sourceTags": 30, "targetTags": 70}


def _entries(call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
    for side in ("allowed", "denied"):
        for index, each in enumerate(call.body.get(side, [])):
            yield f"resource.{side}[{index}]", each


@rule("compute", _EVERY, name="compute.firewall-sides", source=FIREWALLS, date=WRITTEN, evidence=RECALLED)
def sides(call: Call) -> None:
    """A rule allows or denies, not both; a new one does one of them."""
    allowed, denied = call.body.get("allowed"), call.body.get("denied")
    if allowed and denied:
        raise bad_request("Only one of allowed or denied can be specified.")
    if call.operation != "firewalls.patch" and not allowed and not denied:
        raise invalid("resource", {}, "Must specify either allowed or denied rules.")


@rule(
    "compute",
    _EVERY,
    name="compute.firewall-protocol",
    source="https://github.com/hashicorp/terraform/issues/25678",
    date=SEEN,
    evidence=READ,
)
def protocol(call: Call) -> None:
    """A protocol is one of some names or a number."""
    for path, each in _entries(call):
        word = str(each.get("IPProtocol", "")).lower()
        if word not in _PROTOCOLS and not (word.isdigit() and int(word) <= 255):
            raise invalid(f"{path}.IPProtocol", each.get("IPProtocol", ""), "Invalid IP protocol specification.")


@rule("compute", _EVERY, name="compute.firewall-ports", source=FIREWALLS, date=WRITTEN, evidence=RECALLED)
def ports(call: Call) -> None:
    """Ports are numbers or ranges of numbers, for protocols that have ports."""
    for path, each in _entries(call):
        given = each.get("ports", [])
        if given and str(each.get("IPProtocol", "")).lower() not in _WITH_PORTS:
            text = "Ports may only be specified on rules whose protocol is one of [TCP, UDP, SCTP]."
            raise invalid(f"{path}.ports[0]", given[0], text)
        for index, port in enumerate(given):
            found = _PORTS.fullmatch(port)
            first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
            if not first <= last <= 65_535:
                raise invalid(f"{path}.ports[{index}]", port, "Ports must be an integer or a range of integers.")


@rule("compute", _EVERY, name="compute.firewall-priority", source=FIREWALLS, date=WRITTEN, evidence=RECALLED)
def priority(call: Call) -> None:
    """A priority lies between 0 and 65535."""
    given = call.body.get("priority")
    if given is not None and not 0 <= given <= 65_535:
        text = "Must be greater than or equal to 0 and less than or equal to 65535"
        raise invalid("resource.priority", given, text)


@rule(
    "compute",
    _EVERY,
    name="compute.firewall-ranges",
    source="https://github.com/cloudflare/terraform-provider-cloudflare/pull/86",
    date=SEEN,
    evidence=READ,
)
def ranges(call: Call) -> None:
    """A range is a CIDR block written with its own first address.

    The source is of the time before IPv6; https://github.com/CartoDB/cartodb/pull/15649 says that bits of a host are
    refused.
    """
    for name in ("sourceRanges", "destinationRanges"):
        for index, text in enumerate(call.body.get(name, [])):
            try:
                ipaddress.ip_network(text, strict=True)
            except ValueError:
                raise invalid(
                    f"resource.{name}[{index}]", text, "Must be a valid IPV4 or IPV6 CIDR address range."
                ) from None


@rule("compute", _EVERY, name="compute.firewall-tags", source=FIREWALLS, date=WRITTEN, evidence=RECALLED)
def tags(call: Call) -> None:
    """A tag has the form of a name; there are limits to how many a rule names."""
    for name, most in _MOST_TAGS.items():
        given = call.body.get(name, [])
        for index, tag in enumerate(given):
            if not re.fullmatch(NAME, tag):
                raise invalid(f"resource.{name}[{index}]", tag, f"Must be a match of regex '(?:{NAME})'")
        if len(given) > most:
            raise invalid(f"resource.{name}", given, f"Too many tags. Maximum: {most}.")


@rule("compute", _EVERY, name="compute.firewall-direction", source=FIREWALLS, date=WRITTEN, evidence=RECALLED)
def direction(call: Call) -> None:
    """A rule for what leaves names no sources, and tags do not go with service accounts."""
    body = call.body
    if body.get("direction") == "EGRESS" and any(body.get(each) for each in ("sourceTags", "sourceServiceAccounts")):
        raise invalid("resource.direction", "EGRESS", "Source tags or service accounts cannot be used with EGRESS.")
    tagged = bool(body.get("sourceTags") or body.get("targetTags"))
    if tagged and (body.get("sourceServiceAccounts") or body.get("targetServiceAccounts")):
        raise bad_request("Firewall rules cannot mix tags and service accounts.")

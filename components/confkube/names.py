"""Names and address arithmetic that hold on every cloud."""

import hashlib
import hmac
import re
from ipaddress import IPv4Address, IPv4Network

from confkube.errors import Refusal

CLUSTER_NAME_LENGTH = 30
"""Longest cluster name: what Azure and GCP leave of 63 characters after confkube's own parts."""

POOL_NAME_LENGTH = 15
"""Longest pool name."""

CONTROL_PLANE, WORKERS, TRUST, PODS, HOSTS = "control-plane", "workers", "trust", "pods", "hosts"
"""The tiers of a cluster, and what belongs to each."""

RESERVED = (CONTROL_PLANE, TRUST, PODS, HOSTS)
"""Names that no pool may have: what belongs to such a part is named after it."""

_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_NOT_IN_LABEL = re.compile(r"[^a-z0-9_-]")


def checked_name(name: str, longest: int) -> str:
    """Return ``name`` when it is a lower-case name of at most ``longest`` characters.

    Raises:
        Refusal: It is not.
    """
    if len(name) > longest:
        raise Refusal(f"{name!r} has {len(name)} characters; at most {longest} fit the clouds' name limits")
    if not _NAME.fullmatch(name):
        raise Refusal(f"{name!r} is not a name; start with a letter, then lower-case letters, digits and dashes")
    return name


def label_value(text: str) -> str:
    """Bring ``text`` to the lowest common form of tags and labels: at most 63 of ``a-z 0-9 _ -``.

    Source: GCP label rules, the strictest of the clouds
    (https://cloud.google.com/compute/docs/labeling-resources#requirements, 2026-11-23).
    """
    return _NOT_IN_LABEL.sub("-", text.lower())[:63].strip("-_")


def proof_stamp(key: str, cluster_id: str) -> str:
    """The keyed stamp of a cluster: 32 hexadecimal characters of HMAC-SHA256, which a made-up name does not have."""
    return hmac.new(key.encode(), cluster_id.encode(), hashlib.sha256).hexdigest()[:32]


def digest(text: str, length: int = 32) -> str:
    """The first ``length`` hexadecimal characters of SHA-256 of ``text``: a short name for something longer."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def fitted(name: str, longest: int) -> str:
    """``name``, or where it is longer than ``longest`` its beginning and eight characters that tell it from others."""
    if len(name) <= longest:
        return name
    return f"{name[: longest - 9].rstrip('-')}-{digest(name, 8)}"


def refuse_overlaps(ranges: dict[str, IPv4Network]) -> None:
    """Refuse two ranges that share an address.

    Raises:
        Refusal: Naming both and their values.
    """
    seen = list(ranges.items())
    for index, (name, network) in enumerate(seen):
        for other_name, other in seen[index + 1 :]:
            if network.overlaps(other):
                raise Refusal(f"{name} {network} overlaps {other_name} {other}; choose ranges that share no address")


def split_tiers(cidr: IPv4Network) -> dict[str, IPv4Network]:
    """Divide the range of a cluster between all the tiers that there are; none depends on which of them it has.

    The lower half is for the machines that come in pools, or for the hosts of nodes, which no cluster has beside them.
    The upper half is cut into eight parts: one for the control plane, one for the trust server, two for pod VMs.
    """
    lower, upper = cidr.subnets(prefixlen_diff=1)
    eighths, quarters = list(upper.subnets(prefixlen_diff=3)), list(upper.subnets(prefixlen_diff=2))
    return {WORKERS: lower, HOSTS: lower, CONTROL_PLANE: eighths[0], TRUST: eighths[1], PODS: quarters[1]}


def last_part(cidr: IPv4Network, prefixlen: int) -> IPv4Network:
    """The last part of ``cidr`` of that size, which no tier has: for what a cloud needs at a network's edge."""
    return IPv4Network((cidr.broadcast_address, prefixlen), strict=False)


def host(network: IPv4Network, number: int) -> IPv4Address:
    """Address ``number`` of ``network``; the clouds reserve the first four and the last."""
    return network[number]

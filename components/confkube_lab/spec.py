"""What the platform asks of the lab, checked once where it comes in: on standard input, as JSON."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any

from confkube.parse import parse

_WHERE = "standard input"
_LONGEST = 27
"""Prefix of the smallest subnet: sixteen addresses are kept for machines with a fixed one."""
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,56}[a-z0-9])?")
"""A host name, with room for the number of a machine of a pool. It is also a folder's."""


def _name(text: str) -> None:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not a name; write lower-case letters, digits and dashes, at most 58")


def _one_of(*good: str) -> Callable[[str], None]:
    def check(text: str) -> None:
        if text not in good:
            raise ValueError(f"{text!r} is not known; choose one of {', '.join(good)}")

    return check


def _between(least: int, most: int) -> Callable[[int], None]:
    def check(number: int) -> None:
        if not least <= number <= most:
            raise ValueError(f"{number} is not between {least} and {most}")

    return check


def _range(text: str) -> None:
    try:
        IPv4Network(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an IPv4 range; write it like 10.20.0.0/16") from None


def _address(text: str) -> None:
    try:
        IPv4Address(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an IPv4 address; write it like 10.20.0.10") from None


Name = Annotated[str, _name]
Range = Annotated[str, _range]


@dataclass(frozen=True, kw_only=True)
class TierSpec:
    """A subnet."""

    name: Name
    cidr: Range


@dataclass(frozen=True, kw_only=True)
class OpeningSpec:
    """What may enter a tier: from another tier, from this computer (``tunnel``), or from a range outside."""

    tier: Name
    source: str
    protocol: Annotated[str, _one_of("tcp", "udp", "icmp")]
    port: Annotated[int, _between(0, 65535)]


@dataclass(frozen=True, kw_only=True)
class NetworkSpec:
    """A network."""

    name: Name
    cidr: Range
    tiers: tuple[TierSpec, ...]
    openings: tuple[OpeningSpec, ...]
    labels: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        known = {tier.name for tier in self.tiers}
        if len(known) != len(self.tiers):
            raise ValueError("tiers: each name may occur once")
        for tier in self.tiers:
            if IPv4Network(tier.cidr).prefixlen > _LONGEST:
                raise ValueError(f"tier {tier.name}: {tier.cidr} is too small; use a /{_LONGEST} or larger")
            if not IPv4Network(tier.cidr).subnet_of(IPv4Network(self.cidr)):
                raise ValueError(f"tier {tier.name}: {tier.cidr} lies outside {self.cidr}")
        for opening in self.openings:
            if opening.tier not in known:
                raise ValueError(f"openings: {opening.tier!r} is not one of the tiers {', '.join(sorted(known))}")
            if opening.source not in {*known, "tunnel"}:
                _range(opening.source)


@dataclass(frozen=True, kw_only=True)
class SecretSpec:
    """A document that the machine alone may read."""

    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class MachinesSpec:
    """A single machine, with ``address``, or a pool, with ``count``."""

    name: Name
    lab: Name
    tier: Name
    image: str
    isolation: Annotated[str, _one_of("plain", "cvm", "nested")]
    tee: str
    disk_gib: Annotated[int, _between(1, 1024)]
    user_data: str
    labels: dict[str, str] = field(default_factory=dict[str, str])
    address: Annotated[str, _address] | None = None
    count: Annotated[int, _between(1, 5000)] | None = None
    secret: SecretSpec | None = None

    def __post_init__(self) -> None:
        if (self.address is None) == (self.count is None):
            raise ValueError("give either address, for a single machine, or count, for a pool")


def network(given: object) -> dict[str, Any]:
    """Check what ``network-up`` was told; returns it complete, as plain data.

    Raises:
        Refusal: The first thing that is missing or wrong.
    """
    return asdict(parse(NetworkSpec, given, _WHERE))


def machines(given: object) -> dict[str, Any]:
    """Check what ``machines-up`` was told; returns it complete, as plain data.

    Raises:
        Refusal: The first thing that is missing or wrong.
    """
    return asdict(parse(MachinesSpec, given, _WHERE))

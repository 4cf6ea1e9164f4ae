"""The lab's network: a bridge for each tier, and rules that let through what was opened and nothing else."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from confkube.errors import Refusal, choose

METADATA = "169.254.169.254"
METADATA_PORT = 80
_LINK = "br"


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A subnet: all machines of one kind."""

    name: str
    cidr: str
    bridge: str

    @property
    def gateway(self) -> IPv4Address:
        """What its machines send everything to that is not their own subnet."""
        return IPv4Network(self.cidr)[1]

    @property
    def gateway_mac(self) -> str:
        """Its hardware address: a bridge without one of its own changes it with every cable, unseen by machines."""
        return "02:00:" + ":".join(f"{part:02x}" for part in self.gateway.packed)

    @property
    def prefix(self) -> int:
        """Length of the prefix."""
        return IPv4Network(self.cidr).prefixlen


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A reason for which a packet may enter a tier: from another tier, or from this computer (``tunnel``)."""

    tier: str
    source: str
    protocol: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A network, and what its machines boot from.

    Attributes:
        lab: Its name.
        cidr: Its range.
        tools: Root of the lab image, whose programs build the network and run the machines.
        image: Root that the machines boot from: the lab image, unless a test tries another one.
        tiers: Its subnets.
        openings: What may enter them.
        labels: Whose it is.
    """

    lab: str
    cidr: str
    tools: str
    image: str
    tiers: tuple[Tier, ...]
    openings: tuple[Opening, ...]
    labels: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "Lab":
        """Take what ``record`` gave."""
        return cls(
            lab=record["lab"],
            cidr=record["cidr"],
            tools=record["tools"],
            image=record["image"],
            tiers=tuple(Tier(**tier) for tier in record["tiers"]),
            openings=tuple(Opening(**opening) for opening in record["openings"]),
            labels=record.get("labels", {}),
        )

    def record(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    def tier(self, name: str) -> Tier:
        """The tier of that name.

        Raises:
            Refusal: There is none.
        """
        found = next((tier for tier in self.tiers if tier.name == name), None)
        if found is None:
            raise choose("tier", name, [tier.name for tier in self.tiers])
        return found

    def forwarded(self) -> list[Opening]:
        """The openings towards this computer."""
        return [opening for opening in self.openings if opening.source == "tunnel"]


def bridge(number: int) -> str:
    """Name of a tier's bridge, inside the lab's own network namespace."""
    return f"{_LINK}{number}"


def commands(lab: Lab) -> list[list[str]]:
    """What builds the network in an empty namespace, with the programs of the image."""
    made = [
        ["ip", "link", "set", "lo", "up"],
        ["ip", "address", "add", f"{METADATA}/32", "dev", "lo"],
    ]
    for tier in lab.tiers:
        made += [
            ["ip", "link", "add", tier.bridge, "address", tier.gateway_mac, "type", "bridge"],
            ["ip", "address", "add", f"{tier.gateway}/{tier.prefix}", "dev", tier.bridge],
            ["ip", "link", "set", tier.bridge, "up"],
        ]
    return made


def cables() -> str:
    """The rule of the bridges, as nft reads it: no machine sends under another's address, as in a cloud.

    The set of cables with their addresses is empty; ``binding`` fills it.
    """
    return """table bridge confkube_lab {
  set cables { type ifname . ipv4_addr; }
  chain prerouting {
    type filter hook prerouting priority filter; policy accept;
    ether type ip iifname . ip saddr != @cables counter drop
    ether type arp iifname . arp saddr ip != @cables counter drop
  }
}
"""


def binding(cable: str, address: str, *, there: bool) -> list[str]:
    """The command that ties an address to a cable, or unties it."""
    return [
        "nft",
        "add" if there else "delete",
        "element",
        "bridge",
        "confkube_lab",
        "cables",
        f'{{ "{cable}" . {address} }}',
    ]


def rules(lab: Lab) -> str:
    """The firewall, as nft reads it. Frames within a tier pass it too, as the kernel shows bridged packets to it."""
    tiers = {tier.name: tier.cidr for tier in lab.tiers}
    lines = [
        f"    ip saddr {tiers[opening.source]} ip daddr {tiers[opening.tier]} {_match(opening)} accept"
        for opening in lab.openings
        if opening.source in tiers
    ]
    return "\n".join(
        [
            "table inet confkube_lab",
            "delete table inet confkube_lab",
            "table inet confkube_lab {",
            "  chain forward {",
            "    type filter hook forward priority filter; policy drop;",
            "    ct state established,related accept",
            *lines,
            "    counter drop",
            "  }",
            "  chain input {",
            "    type filter hook input priority filter; policy drop;",
            "    iif lo accept",
            "    ct state established,related accept",
            f"    ip daddr {METADATA} tcp dport {METADATA_PORT} accept",
            "    icmp type echo-request accept",
            "  }",
            "}",
            "",
        ]
    )


def _match(opening: Opening) -> str:
    if opening.protocol == "icmp":
        return "icmp type echo-request"
    return f"{opening.protocol} dport {opening.port}"


def seed(name: str, user_data: str, tier: Tier, address: str) -> dict[str, str]:
    """The files from which cloud-init makes a machine (its NoCloud source)."""
    network = {
        "version": 2,
        "ethernets": {
            "host0": {
                "addresses": [f"{address}/{tier.prefix}"],
                "routes": [{"to": "0.0.0.0/0", "via": str(tier.gateway)}],
                "nameservers": {"addresses": [str(tier.gateway)]},
            }
        },
    }
    return {
        "user-data": user_data,
        "meta-data": json.dumps({"instance-id": f"lab-{name}", "local-hostname": name}),
        "network-config": json.dumps(network),
    }


_FIRST_FREE = 16
"""The addresses before are for machines with a fixed one."""


def free_addresses(tier: Tier, taken: Collection[str]) -> Iterator[str]:
    """The addresses of a tier that no machine has, lowest first."""
    network = IPv4Network(tier.cidr)
    return (
        str(network[number])
        for number in range(_FIRST_FREE, network.num_addresses - 1)
        if str(network[number]) not in taken
    )


def check_address(tier: Tier, address: str, taken: Collection[str]) -> None:
    """Refuse a fixed address that a machine of the tier cannot have.

    Raises:
        Refusal: It lies outside, is the gateway's or the network's own, or another machine has it.
    """
    network, wanted = IPv4Network(tier.cidr), IPv4Address(address)
    if wanted not in network or wanted in (network[0], tier.gateway, network[-1]):
        raise Refusal(
            f"address: {address} is none that a machine of {tier.name} can have; choose one inside {tier.cidr}"
        )
    if address in taken:
        raise Refusal(f"address: {address} belongs to another machine; choose one inside {tier.cidr} that is free")

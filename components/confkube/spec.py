"""Checked arguments: what the dictionaries of ``types.py`` become before anything is created."""

import re
from collections.abc import Callable, Sized
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network
from typing import Annotated, Any

from confkube import facts, names
from confkube.types import Tee

_TTL = re.compile(r"(\d{1,5})([hd])")
_HOST_PORT = re.compile(r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?):(\d{1,5})")
_LABEL_KEY = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_TAINT = re.compile(r"[^=:]+(=[^=:]*)?:(NoSchedule|PreferNoSchedule|NoExecute)")
_OWN_DOMAINS = ("confkube.dev", "kubernetes.io", "k8s.io")
_TRUST_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9._-]{0,253}[a-z0-9])?")

_MACHINES, _PODS, _SERVICES = map(IPv4Network, ("10.20.0.0/16", "10.244.0.0/14", "10.96.0.0/16"))

_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""RFC 1918. kubeadm bounds services and pods: cmd/kubeadm/app/apis/kubeadm/validation of Kubernetes v1.34.2."""

NODE_PREFIX = 24
"""Range of a node's pods within args.addresses.pods; kubeadm's default for IPv4."""

_WIDEST_ADMIN_RANGE = 8
"""Prefix length of what one organisation may hold; wider is the internet in pieces."""

NEVER = "never"
NO_END = timedelta(days=3650)
"""Stands for no end where something must have one."""


def _between(least: int, most: int) -> Callable[[int], None]:
    def check(number: int) -> None:
        if number < least:
            raise ValueError(f"{number} is too small; use {least} or more")
        if number > most:
            raise ValueError(f"{number} is too large; use {most} or less")

    return check


def _holds(least: int, most: int, what: str = "entries") -> Callable[[Sized], None]:
    def check(value: Sized) -> None:
        if len(value) < least:
            raise ValueError(f"{'[]' if value == () else repr(value)} is too short; give {least} or more")
        if len(value) > most:
            raise ValueError(f"{len(value)} {what} are given; at most {most} are allowed")

    return check


def _pool_name(name: str) -> None:
    names.checked_name(name, names.POOL_NAME_LENGTH)
    if name in names.SINGLE_MACHINES:
        raise ValueError(f"{name!r} is the name of a machine beside the pools; choose another")


def _labels(labels: dict[str, str]) -> None:
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            raise ValueError(f"{key}={value} is not a Kubernetes label")
        domain = key.rpartition("/")[0]
        if any(f".{domain}".endswith(f".{own}") for own in _OWN_DOMAINS):
            raise ValueError(f"{key!r} belongs to confkube or Kubernetes; use a key of your own domain")


def _taint(taint: str) -> None:
    if not _TAINT.fullmatch(taint):
        raise ValueError(f"{taint!r} is not a taint; write key=value:NoSchedule (or PreferNoSchedule, NoExecute)")


def lifetime(ttl: str) -> timedelta | None:
    """The duration that a checked lifetime stands for; None when it has no end."""
    found = _TTL.fullmatch(ttl)
    if found is None:
        return None
    return timedelta(hours=int(found[1])) if found[2] == "h" else timedelta(days=int(found[1]))


def is_ttl(ttl: str) -> None:
    """Refuse what is not a lifetime.

    Raises:
        ValueError: It is not.
    """
    found = _TTL.fullmatch(ttl)
    if ttl != NEVER and (found is None or int(found[1]) == 0):
        raise ValueError(f"{ttl!r} is not a lifetime; write hours or days such as 12h or 7d, or never")


def is_trust_domain(name: str) -> None:
    """Refuse what cannot be a SPIFFE trust domain.

    Raises:
        ValueError: It cannot.
    """
    if not _TRUST_DOMAIN.fullmatch(name):
        raise ValueError(f"{name!r} is not a trust domain; use lower-case letters, digits, dots and dashes")


def _endpoint(text: str) -> None:
    found = _HOST_PORT.fullmatch(text)
    if found is None or not 1 <= int(found[3]) <= 65535:
        raise ValueError(f"{text!r} is not an endpoint; write host:port, for example spire.example.org:8081")


def _certificate(pem: str) -> None:
    if "PRIVATE KEY" in pem:
        raise ValueError("holds a private key; give the certificate alone")
    if not pem.lstrip().startswith("-----BEGIN CERTIFICATE-----"):
        raise ValueError("is not a PEM certificate; it starts with -----BEGIN CERTIFICATE-----")


def _ranges_of_administrators(ranges: tuple[IPv4Network, ...]) -> None:
    for number, network in enumerate(ranges):
        if network.prefixlen < _WIDEST_ADMIN_RANGE:
            raise ValueError(f"{network} opens the API to everybody; name the ranges of the administrators")
        if network.is_loopback or network.is_multicast:
            raise ValueError(f"nobody comes from {network}; name the ranges of the administrators")
        if network in ranges[:number]:
            raise ValueError(f"{network} is given twice; give it once")


def _owner(owner: str) -> None:
    if not names.label_value(owner):
        raise ValueError(f"{owner!r} makes an empty label; use letters or digits")


def _allowable(status: str) -> None:
    if status not in facts.GUARDED:
        raise ValueError(f"{status!r} is not a state to allow; choose among {', '.join(facts.GUARDED)}")


Disk = Annotated[int, _between(30, 16384)]
Allowed = tuple[Annotated[str, _allowable], ...]


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A worker pool."""

    name: Annotated[str, _pool_name]
    count: Annotated[int, _between(1, 5000)] = 2
    tee: Tee | None = None
    machine_type: str | None = None
    disk_gib: Disk = 50
    labels: Annotated[dict[str, str], _labels] = field(default_factory=dict[str, str])
    taints: tuple[Annotated[str, _taint], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A single machine."""

    machine_type: str | None = None
    disk_gib: Disk = 50


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """The ranges of a cluster."""

    cidr: IPv4Network = _MACHINES
    pods: IPv4Network = _PODS
    services: IPv4Network = _SERVICES

    def __post_init__(self) -> None:
        for name, network, shortest, longest in (
            ("cidr", self.cidr, 8, 20),
            ("pods", self.pods, 8, 22),
            ("services", self.services, 12, 24),
        ):
            if network.prefixlen > longest:
                raise ValueError(f"{name} {network} is too small; use a /{longest} or larger")
            if network.prefixlen < shortest:
                raise ValueError(f"{name} {network} is too large; use a /{shortest} or smaller")
            if not any(network.subnet_of(private) for private in _PRIVATE):
                raise ValueError(
                    f"{name} {network} is not private; use a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
                )
        names.refuse_overlaps({"cidr": self.cidr, "pods": self.pods, "services": self.services})


@dataclass(frozen=True, kw_only=True)
class ExternalTrust:
    """A trust server that is already running."""

    endpoint: Annotated[str, _endpoint]
    root_certificate: Annotated[str, _certificate]


@dataclass(frozen=True, kw_only=True)
class Trust:
    """The trust server."""

    trust_domain: Annotated[str, is_trust_domain] | None = None
    external: ExternalTrust | None = None
    server: Machine | None = None

    def __post_init__(self) -> None:
        if self.external and self.server:
            raise ValueError("external and server are both given; keep one of them")


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """Whose the cluster is and how long it lives."""

    owner: Annotated[str, _holds(1, 63, "characters"), _owner] = "unknown"
    ttl: Annotated[str, is_ttl] = NEVER

    @property
    def duration(self) -> timedelta | None:
        """The lifetime; None when it has no end."""
        return lifetime(self.ttl)


@dataclass(frozen=True, kw_only=True)
class AdminRanges:
    """From where administrators come."""

    admin_cidrs: Annotated[tuple[IPv4Network, ...], _holds(0, 20), _ranges_of_administrators] = ()


@dataclass(frozen=True, kw_only=True)
class Role:
    """What every role that makes machines is given; references to other roles may hold values not yet known."""

    platform: dict[str, Any]
    cluster: dict[str, Any]
    tier: dict[str, Any]
    image: dict[str, Any] | None = None


def _distinct(pools: tuple[Pool, ...]) -> None:
    seen = [pool.name for pool in pools]
    twice = sorted({name for name in seen if seen.count(name) > 1})
    if twice:
        raise ValueError(f"two pools are named {twice[0]!r}; give each a name of its own")


@dataclass(frozen=True, kw_only=True)
class CvmNodes(Lifetime, AdminRanges):
    """Everything that a cluster of confidential worker machines needs to know."""

    platform: dict[str, Any]
    tee: Tee
    pools: Annotated[tuple[Pool, ...], _holds(1, 20), _distinct] = (Pool(name="workers"),)
    control_plane: Machine = field(default_factory=Machine)
    addresses: Addresses = field(default_factory=Addresses)
    trust: Trust = field(default_factory=Trust)
    allow: Allowed = ()

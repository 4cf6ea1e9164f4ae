"""Checked arguments: what the dictionaries of ``types.py`` become before anything is created."""

import base64
import re
from collections.abc import Callable, Sized
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network
from typing import Annotated, Any

from confkube import facts, names
from confkube.attest.reference_values import ReferenceValue, of_words
from confkube.bootstrap.relying_party import ALLOWED
from confkube.types import Kms, Tee

_TTL = re.compile(r"(\d{1,5})([hd])")
_HOST_PORT = re.compile(r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?):(\d{1,5})")
_LABEL_KEY = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_TAINT = re.compile(r"[^=:]+(=[^=:]*)?:(NoSchedule|PreferNoSchedule|NoExecute)")
_OWN_DOMAINS = ("confkube.dev", "kubernetes.io", "k8s.io")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_LEAST_DER = 100
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CONTAINER = re.compile(r"[a-z0-9][a-z0-9._-]*(:[0-9]+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9._-]+)?@sha256:[0-9a-f]{64}")
_HTTPS = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]+)?/[!-~]*")
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


def between(least: int, most: int) -> Callable[[int], None]:
    """Make a check that refuses numbers outside a range."""

    def check(number: int) -> None:
        if number < least:
            raise ValueError(f"{number} is too small; use {least} or more")
        if number > most:
            raise ValueError(f"{number} is too large; use {most} or less")

    return check


def holds(least: int, most: int, what: str = "entries") -> Callable[[Sized], None]:
    """Make a check that refuses too few or too many."""

    def check(value: Sized) -> None:
        if len(value) < least:
            raise ValueError(f"{'[]' if value == () else repr(value)} is too short; give {least} or more")
        if len(value) > most:
            raise ValueError(f"{len(value)} {what} are given; at most {most} are allowed")

    return check


def _pool_name(name: str) -> None:
    names.checked_name(name, names.POOL_NAME_LENGTH)
    if name in names.RESERVED:
        raise ValueError(f"{name!r} is the name of a part beside the pools; choose another")


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


def _is_der(block: str) -> bool:
    """Whether base64 text is one DER sequence of just its length, as a certificate is (X.690, 8.1.3)."""
    try:
        der = base64.b64decode("".join(block.split()), validate=True)
    except ValueError:
        return False
    if len(der) < _LEAST_DER or der[0] != 0x30 or der[1] not in (0x81, 0x82):
        return False
    octets = der[1] & 0x7F
    return len(der) == 2 + octets + int.from_bytes(der[2 : 2 + octets], "big")


def _certificate(pem: str) -> None:
    if "PRIVATE KEY" in pem:
        raise ValueError("holds a private key; give the certificate alone")
    blocks = _CERTIFICATE.findall(pem)
    if not blocks or _CERTIFICATE.sub("", pem).strip() or not all(map(_is_der, blocks)):
        raise ValueError(
            "is not PEM certificates and nothing else; give the whole text from -----BEGIN CERTIFICATE----- to "
            "-----END CERTIFICATE-----"
        )


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


def _model(word: str) -> None:
    if word not in facts.models():
        raise ValueError(f"{word!r} is not a deployment model; choose one of {', '.join(facts.models())}")


def _container(reference: str) -> None:
    if not _CONTAINER.fullmatch(reference):
        raise ValueError(f"{reference!r} does not pin an image; write registry/name@sha256: and its 64 digits")


def _archive_address(url: str) -> None:
    if not _HTTPS.fullmatch(url):
        raise ValueError(f"{url!r} is not an https address")


def is_sha256(digest: str) -> None:
    """Refuse what is not a sha256 in hexadecimal digits.

    Raises:
        ValueError: It is not.
    """
    if not _SHA256.fullmatch(digest):
        raise ValueError(f"{digest!r} is not a sha256; write its 64 lower-case hexadecimal digits")


def _weakness(word: str) -> None:
    if word not in ALLOWED:
        raise ValueError(f"{word!r} is not a known weakness; choose among {', '.join(map(repr, ALLOWED))}")


Model = Annotated[str, _model]
Labels = Annotated[dict[str, str], _labels]
Taints = tuple[Annotated[str, _taint], ...]
Disk = Annotated[int, between(30, 16384)]
Allowed = tuple[Annotated[str, _allowable], ...]


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A worker pool."""

    name: Annotated[str, _pool_name]
    count: Annotated[int, between(1, 5000)] = 2
    tee: Tee | None = None
    machine_type: str | None = None
    disk_gib: Disk = 50
    labels: Labels = field(default_factory=dict[str, str])
    taints: Taints = ()


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A single machine."""

    machine_type: str | None = None
    disk_gib: Disk = 50


@dataclass(frozen=True, kw_only=True)
class ReferenceWords:
    """A reference value as a user writes it."""

    name: str
    values: Annotated[tuple[str, ...], holds(1, 200)]
    expires: str

    def __post_init__(self) -> None:
        self.value()

    def value(self) -> ReferenceValue:
        """What it stands for."""
        return of_words(self.name, self.values, self.expires)


@dataclass(frozen=True, kw_only=True)
class TrustMachine(Machine):
    """A trust server of ours."""

    tee: Tee | None = None
    container: Annotated[str, _container] | None = None
    reference_values: Annotated[tuple[ReferenceWords, ...], holds(0, 100)] = ()


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A file that machines download."""

    url: Annotated[str, _archive_address]
    sha256: Annotated[str, is_sha256]


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
    server: TrustMachine | None = None
    kms: Kms = Kms.EXTERNAL
    kms_accepts: tuple[Annotated[str, _weakness], ...] = ()

    def __post_init__(self) -> None:
        if self.kms_accepts and self.kms is not Kms.DEMO:
            raise ValueError("kms_accepts is for kms 'demo' alone; a relying party of yours knows what it accepts")
        if self.external and self.server:
            raise ValueError("external and server are both given; keep one of them")
        if self.external and self.kms is Kms.DEMO:
            raise ValueError("kms 'demo' runs on a trust server of the cluster's own; take external away, or kms")


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """Whose the cluster is and how long it lives."""

    owner: Annotated[str, holds(1, 63, "characters"), _owner] = "unknown"
    ttl: Annotated[str, is_ttl] = NEVER

    @property
    def duration(self) -> timedelta | None:
        """The lifetime; None when it has no end."""
        return lifetime(self.ttl)


@dataclass(frozen=True, kw_only=True)
class AdminRanges:
    """From where administrators come."""

    admin_cidrs: Annotated[tuple[IPv4Network, ...], holds(0, 20), _ranges_of_administrators] = ()


@dataclass(frozen=True, kw_only=True)
class Role:
    """What every role that makes machines is given; references to other roles may hold values not yet known."""

    platform: dict[str, Any]
    cluster: dict[str, Any]
    tier: dict[str, Any]
    image: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class PodImage:
    """The image of pod VMs."""

    id: str | None = None
    disk: str | None = None

    def __post_init__(self) -> None:
        if (self.id is None) == (self.disk is None):
            raise ValueError("give exactly one of id (an image that exists) and disk (a disk image to make one from)")
        if "" in (self.id, self.disk):
            raise ValueError("id and disk cannot be empty; name an image, or a disk image to make one from")


_CHILDREN, _CHILDREN_PREFIX = IPv4Network("10.21.0.0/16"), 16
"""A host has a /24 of it."""


def _sixteen(cidr: IPv4Network) -> None:
    if cidr.prefixlen != _CHILDREN_PREFIX or not any(cidr.subnet_of(private) for private in _PRIVATE):
        raise ValueError(f"{cidr} does not fit; give a private /{_CHILDREN_PREFIX}, of which each host takes a /24")


@dataclass(frozen=True, kw_only=True)
class HostMachine:
    """A child-capable host."""

    machine_type: str | None = None
    disk_gib: Disk = 200


@dataclass(frozen=True, kw_only=True)
class ChildMachines:
    """The child machines of a host."""

    image: Archive
    igvm: Archive | None = None
    count: Annotated[int, between(1, 200)] = 2
    vcpus: Annotated[int, between(1, 128)] = 2
    memory_gib: Annotated[int, between(1, 1024)] = 4
    disk_gib: Annotated[int, between(5, 16384)] = 20
    cidr: Annotated[IPv4Network, _sixteen] = _CHILDREN
    labels: Labels = field(default_factory=dict[str, str])
    taints: Taints = ()


@dataclass(frozen=True, kw_only=True)
class ExistingTier:
    """A part of a network that exists; identifiers may not be known yet."""

    subnet_id: Any
    firewall_id: Any
    cidr: IPv4Network


@dataclass(frozen=True, kw_only=True)
class ExistingNetwork:
    """A network that exists."""

    network_id: Any
    control_plane: ExistingTier
    workers: ExistingTier | None = None
    hosts: ExistingTier | None = None
    pods: ExistingTier | None = None
    trust: ExistingTier | None = None

    def __post_init__(self) -> None:
        names.refuse_overlaps({name: tier.cidr for name, tier in self.tiers.items()})
        for what in ("subnet_id", "firewall_id"):
            plain = [each for tier in self.tiers.values() if isinstance(each := getattr(tier, what), str)]
            twice = next((each for each in plain if plain.count(each) > 1), None)
            if twice:
                raise ValueError(f"{what} {twice!r} is given for two tiers; each needs one of its own")

    @property
    def tiers(self) -> dict[str, ExistingTier]:
        """Those that are given, by name."""
        every = {
            names.CONTROL_PLANE: self.control_plane,
            names.WORKERS: self.workers,
            names.HOSTS: self.hosts,
            names.PODS: self.pods,
            names.TRUST: self.trust,
        }
        return {name: tier for name, tier in every.items() if tier}

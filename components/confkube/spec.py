"""Checked arguments: what the dictionaries of ``types.py`` become before anything is created."""

import re
from datetime import timedelta
from ipaddress import IPv4Network
from typing import Annotated, Any

import pydantic
from pydantic import AfterValidator, BeforeValidator, Field

from confkube import facts, names
from confkube.types import Tee

_TTL = re.compile(r"(\d{1,5})([hd])")
_HOST_PORT = re.compile(r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?):(\d{1,5})")
_LABEL_KEY = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_TAINT = re.compile(r"[^=:]+(=[^=:]*)?:(NoSchedule|PreferNoSchedule|NoExecute)")
_OWN_LABELS = ("confkube.dev/", "kubernetes.io/", "k8s.io/")
_TRUST_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9._-]{0,253}[a-z0-9])?")

NEVER = "never"
NO_END = timedelta(days=3650)
"""Stands for no end where something must have one."""


def _whole(value: object) -> object:
    """Numbers arrive from other languages as floats: 3.0 is 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _pool_name(name: str) -> str:
    return names.checked_name(name, names.POOL_NAME_LENGTH)


def _range(value: object) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    try:
        return IPv4Network(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(f"{value!r} is not an IPv4 range; write it like 10.20.0.0/16") from None


def _label(pair: dict[str, str]) -> dict[str, str]:
    for key, value in pair.items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            raise ValueError(f"{key}={value} is not a Kubernetes label")
        if any(domain in key for domain in _OWN_LABELS):
            raise ValueError(f"{key!r} belongs to confkube or Kubernetes; use a key of your own domain")
    return pair


def _taint(taint: str) -> str:
    if not _TAINT.fullmatch(taint):
        raise ValueError(f"{taint!r} is not a taint; write key=value:NoSchedule (or PreferNoSchedule, NoExecute)")
    return taint


def lifetime(ttl: str) -> timedelta | None:
    """The duration that a checked lifetime stands for; None when it has no end."""
    found = _TTL.fullmatch(ttl)
    if found is None:
        return None
    return timedelta(hours=int(found[1])) if found[2] == "h" else timedelta(days=int(found[1]))


def checked_ttl(ttl: str) -> str:
    """Return ``ttl`` when it is a lifetime.

    Raises:
        ValueError: It is not.
    """
    found = _TTL.fullmatch(ttl)
    if ttl != NEVER and (found is None or int(found[1]) == 0):
        raise ValueError(f"{ttl!r} is not a lifetime; write hours or days such as 12h or 7d, or never")
    return ttl


def _endpoint(text: str) -> str:
    found = _HOST_PORT.fullmatch(text)
    if found is None or not 1 <= int(found[3]) <= 65535:
        raise ValueError(f"{text!r} is not an endpoint; write host:port, for example spire.example.org:8081")
    return text


def _certificate(pem: str) -> str:
    if "PRIVATE KEY" in pem:
        raise ValueError("holds a private key; give the certificate alone")
    if not pem.lstrip().startswith("-----BEGIN CERTIFICATE-----"):
        raise ValueError("is not a PEM certificate; it starts with -----BEGIN CERTIFICATE-----")
    return pem


def checked_trust_domain(name: str) -> str:
    """Return ``name`` when it can be a SPIFFE trust domain.

    Raises:
        ValueError: It cannot.
    """
    if not _TRUST_DOMAIN.fullmatch(name):
        raise ValueError(f"{name!r} is not a trust domain; use lower-case letters, digits, dots and dashes")
    return name


def _allowable(status: str) -> str:
    if status not in facts.GUARDED:
        raise ValueError(f"{status!r} is not a state to allow; choose among {', '.join(facts.GUARDED)}")
    return status


Whole = Annotated[int, BeforeValidator(_whole)]
Range = Annotated[IPv4Network, BeforeValidator(_range)]
Disk = Annotated[int, BeforeValidator(_whole), Field(ge=30, le=16384)]


class _Arguments(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Pool(_Arguments):
    """A worker pool."""

    name: Annotated[str, AfterValidator(_pool_name)]
    count: Annotated[Whole, Field(ge=1, le=5000)] = 2
    tee: Annotated[Tee, Field(strict=False)] | None = None
    machine_type: str | None = None
    disk_gib: Disk = 50
    labels: Annotated[dict[str, str], AfterValidator(_label)] = {}
    taints: list[Annotated[str, AfterValidator(_taint)]] = []


class Machine(_Arguments):
    """A single machine."""

    machine_type: str | None = None
    disk_gib: Disk = 50


class Addresses(_Arguments):
    """The ranges of a cluster."""

    cidr: Range = IPv4Network("10.20.0.0/16")
    pods: Range = IPv4Network("10.244.0.0/16")
    services: Range = IPv4Network("10.96.0.0/16")

    @pydantic.model_validator(mode="after")
    def _fit(self) -> "Addresses":
        for name, network, longest in (
            ("cidr", self.cidr, 20),
            ("pods", self.pods, 22),
            ("services", self.services, 24),
        ):
            if network.prefixlen > longest:
                raise ValueError(f"{name} {network} is too small; use a /{longest} or larger")
            if not network.is_private:
                raise ValueError(
                    f"{name} {network} is not private; use a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"
                )
        names.refuse_overlaps({"cidr": self.cidr, "pods": self.pods, "services": self.services})
        return self


class ExternalTrust(_Arguments):
    """A trust server that is already running."""

    endpoint: Annotated[str, AfterValidator(_endpoint)]
    root_certificate: Annotated[str, AfterValidator(_certificate)]


class Trust(_Arguments):
    """The trust server."""

    trust_domain: Annotated[str, AfterValidator(checked_trust_domain)] | None = None
    external: ExternalTrust | None = None
    server: Machine | None = None

    @pydantic.model_validator(mode="after")
    def _one(self) -> "Trust":
        if self.external and self.server:
            raise ValueError("external and server are both given; keep one of them")
        return self


class Lifetime(_Arguments):
    """Whose the cluster is and how long it lives."""

    owner: Annotated[str, Field(min_length=1, max_length=63)] = "unknown"
    ttl: Annotated[str, AfterValidator(checked_ttl)] = NEVER

    @property
    def duration(self) -> timedelta | None:
        """The lifetime; None when it has no end."""
        return lifetime(self.ttl)


class AdminRanges(_Arguments):
    """From where administrators come."""

    admin_cidrs: Annotated[tuple[Range, ...], Field(strict=False, max_length=20)] = ()

    @pydantic.field_validator("admin_cidrs")
    @classmethod
    def _not_everybody(cls, ranges: tuple[IPv4Network, ...]) -> tuple[IPv4Network, ...]:
        for network in ranges:
            if network.prefixlen == 0:
                raise ValueError("0.0.0.0/0 opens the API to everybody; name the ranges of the administrators")
        return ranges


Allowed = Annotated[tuple[Annotated[str, AfterValidator(_allowable)], ...], Field(strict=False)]
GivenTee = Annotated[Tee, Field(strict=False)]


class Role(_Arguments):
    """What every role that makes machines is given; references to other roles may hold values not yet known."""

    platform: dict[str, Any]
    cluster: dict[str, Any]
    tier: dict[str, Any]
    image: dict[str, Any] | None = None


class CvmNodes(Lifetime, AdminRanges):
    """Everything that a cluster of confidential worker machines needs to know."""

    platform: dict[str, Any]
    tee: GivenTee
    pools: Annotated[tuple[Pool, ...], Field(strict=False, min_length=1, max_length=20)] = (Pool(name="workers"),)
    control_plane: Machine = Machine()
    addresses: Addresses = Addresses()
    trust: Trust = Trust()
    allow: Allowed = ()

    @pydantic.field_validator("pools")
    @classmethod
    def _distinct(cls, pools: tuple[Pool, ...]) -> tuple[Pool, ...]:
        seen = [pool.name for pool in pools]
        twice = sorted({name for name in seen if seen.count(name) > 1})
        if twice:
            raise ValueError(f"two pools are named {twice[0]!r}; give each a name of its own")
        return pools

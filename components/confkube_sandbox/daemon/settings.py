"""What a user can set on the running daemon: speed, quotas, capacity and faults."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  dataclass fields are read at run time
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from typing import Any, TypeVar, cast

from confkube.errors import Refusal, choose

FAULT_KINDS = ("error", "lost-response", "created-but-error", "throttle", "slow")
# The quotas of a new account as AWS documents them, except vCPUs, where a new account has 5 and has to ask for more.
# https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html (2026-10)
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-quotas.html (2026-10)
DEFAULT_QUOTAS: Mapping[str, int] = {
    "vcpus": 512,
    "vpcs": 5,
    "internet-gateways": 5,
    "addresses": 5,
    "nat-gateways-per-zone": 5,
    "subnets-per-vpc": 200,
    "route-tables-per-vpc": 200,
    "routes-per-table": 500,
    "security-groups-per-region": 2500,
    "rules-per-security-group": 60,
    "security-groups-per-interface": 5,
    "auto-scaling-groups": 500,
    # https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits (2026-11),
    # except cores, where a new subscription has 10 and none of a confidential family.
    "azure-cores": 512,
    "azure-family-cores": 512,
    "azure-public-addresses": 20,
    "azure-virtual-networks": 1000,
    # https://cloud.google.com/compute/quotas-limits and https://cloud.google.com/vpc/docs/quota (2026-11), except CPUs,
    # where a new project has fewer.
    "gcp-cpus": 512,
    "gcp-family-cpus": 512,
    "gcp-networks": 15,
    "gcp-addresses": 8,
    "gcp-firewalls": 100,
    "gcp-routers": 20,
    "gcp-tag-keys": 1000,
}


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How many instances of a type a zone still takes. ``*`` stands for every type or zone."""

    type: str
    zone: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One planned failure of one call.

    ``error`` refuses before anything happens; ``created-but-error`` does the work and reports an error;
    ``lost-response`` does the work and cuts the connection; ``throttle`` refuses with the service's throttling code;
    ``slow`` answers after ``seconds``.
    """

    service: str
    operation: str
    kind: str
    nth: int = 1
    times: int = 1
    code: str = "InternalError"
    message: str = "An internal error has occurred"
    status: int = 500
    seconds: float = 0.0


_Record = TypeVar("_Record", Capacity, Fault)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that a user can set, with its default."""

    speed: float = 60.0
    """Simulated seconds of waiting per real second: a state that lasts 30 s in the cloud lasts half a second at 60."""
    quotas: Mapping[str, int] = field(default_factory=lambda: dict(DEFAULT_QUOTAS))
    capacity: tuple[Capacity, ...] = ()
    faults: tuple[Fault, ...] = ()
    consistency_lag: float = 0.0
    """Simulated seconds in which a new EC2 resource is not found yet (eventual consistency)."""

    def changed(self, wanted: Mapping[str, Any]) -> Settings:
        """Return these settings with the given ones put in.

        Raises:
            Refusal: An unknown name or a value of the wrong kind.
        """
        update: dict[str, Any] = {}
        for name, value in wanted.items():
            match name:
                case "speed":
                    update[name] = _number(name, value, least=0.001)
                case "consistency_lag":
                    update[name] = _number(name, value, least=0.0)
                case "quotas":
                    update[name] = {**self.quotas, **_quotas(value)}
                case "capacity":
                    update[name] = tuple(_record(Capacity, item, name) for item in _list(name, value))
                case "faults":
                    update[name] = tuple(_fault(item) for item in _list(name, value))
                case _:
                    raise choose("setting", name, [each.name for each in fields(self)])
        return replace(self, **update)

    def as_json(self) -> dict[str, Any]:
        """Return the settings as plain data."""
        return asdict(self)


def _number(name: str, value: object, *, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < least:
        raise Refusal(f"{name}: {value!r} is not a number of at least {least:g}")
    return float(value)


def _list(name: str, value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise Refusal(f"{name}: {value!r} is not a list")
    return list(cast("list[object]", value))


def _quotas(value: object) -> dict[str, int]:
    if not isinstance(value, dict):
        raise Refusal(f"quotas: {value!r} is not a table of name and number")
    found: dict[str, int] = {}
    for name, number in cast("dict[str, object]", value).items():
        if name not in DEFAULT_QUOTAS:
            raise choose("quota", name, DEFAULT_QUOTAS)
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise Refusal(f"quota {name}: {number!r} is not a whole number of at least 0")
        found[name] = number
    return found


def _record(kind: type[_Record], value: object, what: str) -> _Record:
    if not isinstance(value, dict):
        raise Refusal(f"{what}: {value!r} is not a table")
    given = cast("dict[str, object]", value)
    known = {each.name: each for each in fields(kind)}
    for name, item in given.items():
        if name not in known:
            raise choose(f"{what} entry", name, known)
        wanted = {"int": int, "float": (int, float), "str": str}[str(known[name].type)]
        if isinstance(item, bool) or not isinstance(item, wanted):
            raise Refusal(f"{what}: {name} {item!r} is not a value of kind {known[name].type}")
    missing = sorted(name for name, each in known.items() if each.default is MISSING and name not in given)
    if missing:
        raise Refusal(f"{what}: {', '.join(missing)} is missing")
    return kind(**cast("dict[str, Any]", given))


def _fault(value: object) -> Fault:
    fault = _record(Fault, value, "faults")
    if fault.kind not in FAULT_KINDS:
        raise choose("fault kind", fault.kind, FAULT_KINDS)
    return fault

"""What a rule or a patch of moto sees of the request that is being served."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws import moto
from confkube_sandbox.daemon.faults import Calls
from confkube_sandbox.daemon.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from confkube_sandbox.daemon.aws.signature import Caller


@dataclass
class Memory:
    """State that moto has no place for. It is kept together with moto's own."""

    tokens: dict[tuple[str, str, str, str, str], tuple[datetime, str, int, dict[str, str], bytes]] = field(
        default_factory=dict
    )
    """Client tokens: (account, region, service, operation, token) -> (when, digest of the request, its answer)."""
    due: dict[tuple[str, str, str], tuple[str, datetime]] = field(default_factory=dict)
    """The next change of a resource's state: (account, region, id) -> (state it will have, when)."""
    born: dict[tuple[str, str, str], datetime] = field(default_factory=dict)
    """When a resource was made, kept only while it can still be invisible: (account, region, id) -> when."""
    activities: dict[tuple[str, str, str], list[dict[str, Any]]] = field(default_factory=dict)
    """Scaling activities of a group, newest first: (account, region, group) -> records."""
    calls: Calls = field(default_factory=Calls)
    """How often each operation was called, for planned faults."""
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True)
class Call:
    """One request: who, what, when, and the state it meets."""

    caller: Caller
    operation: str
    params: dict[str, Any]
    now: datetime
    settings: Settings
    memory: Memory
    check_launch: Callable[[Call, bool], None]
    """Applies the rules of RunInstances to a launch; the flag says whether quota and capacity count."""

    @property
    def ec2(self) -> Any:  # noqa: ANN401
        """Moto's EC2 state of the caller's account and region."""
        return moto.backend("ec2", self.caller.account, self.caller.region)

    @property
    def autoscaling(self) -> Any:  # noqa: ANN401
        """Moto's Auto Scaling state."""
        return moto.backend("autoscaling", self.caller.account, self.caller.region)

    @property
    def iam(self) -> Any:  # noqa: ANN401
        """Moto's IAM state."""
        return moto.backend("iam", self.caller.account, self.caller.region)

    @property
    def secrets(self) -> Any:  # noqa: ANN401
        """Moto's Secrets Manager state."""
        return moto.backend("secretsmanager", self.caller.account, self.caller.region)

    def key(self, name: str) -> tuple[str, str, str]:
        """Key of a resource in ``Memory``."""
        return (self.caller.account, self.caller.region, name)

    def instances(self) -> Iterator[Any]:
        """Every instance that is not terminated."""
        for reservation in self.ec2.reservations.values():
            for instance in reservation.instances:
                if instance.state != "terminated":
                    yield instance

    def subnets(self) -> Iterator[Any]:
        """Every subnet of the region."""
        for zone in self.ec2.subnets.values():
            yield from zone.values()

    def subnet(self, name: str) -> Any | None:  # noqa: ANN401
        """The subnet with this id."""
        return next((each for each in self.subnets() if each.id == name), None)

    def groups(self) -> Iterator[Any]:
        """Every security group of the region."""
        for groups in self.ec2.groups.values():
            yield from groups.values()

    def group(self, name: str) -> Any | None:  # noqa: ANN401
        """The security group with this id."""
        return next((each for each in self.groups() if each.id == name), None)


_current: ContextVar[Call] = ContextVar("current_call")


def current() -> Call:
    """Return the request being served by this thread; for patches that moto calls without passing it on."""
    return _current.get()


def serving(call: Call) -> None:
    """Make ``call`` the request being served by this thread."""
    _current.set(call)

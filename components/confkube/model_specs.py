"""Checked arguments of the deployment models: what the dictionaries of ``model_types.py`` become."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from confkube import facts
from confkube.errors import choose
from confkube.spec import (
    Addresses,
    AdminRanges,
    Allowed,
    Archive,
    ChildMachines,
    ExistingNetwork,
    HostMachine,
    Lifetime,
    Machine,
    PodImage,
    Pool,
    Trust,
    between,
    holds,
    is_sha256,
)
from confkube.types import Tee


def _distinct(pools: tuple[Pool, ...]) -> None:
    seen = [pool.name for pool in pools]
    twice = sorted({name for name in seen if seen.count(name) > 1})
    if twice:
        raise ValueError(f"two pools are named {twice[0]!r}; give each a name of its own")


def _unpinned(pins: dict[str, str]) -> None:
    for name, digest in pins.items():
        good = [each.name for each in facts.addons() if each.sha256 is None]
        if name not in good:
            raise choose("chart without a known digest", name, good)
        is_sha256(digest)


Pools = Annotated[tuple[Pool, ...], holds(1, 20), _distinct]


@dataclass(frozen=True, kw_only=True)
class Cluster(Lifetime, AdminRanges):
    """What every model needs to know."""

    platform: dict[str, Any]
    control_plane: Machine = field(default_factory=Machine)
    addresses: Addresses = field(default_factory=Addresses)
    network: ExistingNetwork | None = None
    trust: Trust = field(default_factory=Trust)
    allow: Allowed = ()
    volumes: bool = False
    pins: Annotated[dict[str, str], _unpinned] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class CvmNodes(Cluster):
    """Confidential worker machines."""

    tee: Tee
    pools: Pools = (Pool(name="workers"),)


@dataclass(frozen=True, kw_only=True)
class Hosts(HostMachine):
    """Child-capable hosts."""

    count: Annotated[int, between(1, 50)] = 1


@dataclass(frozen=True, kw_only=True)
class NestedNodes(Cluster):
    """Worker machines that are children of hosts."""

    children: ChildMachines
    tee: Tee | None = None
    hosts: Hosts = field(default_factory=Hosts)


@dataclass(frozen=True, kw_only=True)
class CocoNested(Cluster):
    """Pods that are child machines of child-capable workers."""

    tee: Tee | None = None
    pools: Pools = (Pool(name="workers"),)
    kata: Archive | None = None


@dataclass(frozen=True, kw_only=True)
class CocoMetal(Cluster):
    """Pods that are machines of bare-metal workers."""

    tee: Tee
    pools: Pools = (Pool(name="workers"),)


@dataclass(frozen=True, kw_only=True)
class PodVms:
    """The pod VMs of one TEE."""

    image: PodImage
    tee: Tee | None = None
    machine_types: Annotated[tuple[str, ...], holds(0, 20)] = ()


@dataclass(frozen=True, kw_only=True)
class CocoPeerPods(Cluster):
    """Pods that are machines of their own."""

    tee: Tee
    pods: Annotated[tuple[PodVms, ...], holds(1, 2)]
    pod_disk_gib: Annotated[int, between(10, 16384)] = 30
    pods_per_worker: Annotated[int, between(1, 250)] = 10
    pools: Pools = (Pool(name="workers"),)

    def __post_init__(self) -> None:
        tees = [each.tee or self.tee for each in self.pods]
        if len(set(tees)) < len(tees):
            raise ValueError(f"pods has two entries with {tees[0].value}; put their machine_types into one")

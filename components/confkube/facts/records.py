"""What the fact tables hold, as frozen values."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from confkube.errors import Refusal


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A placement of a TEE on a cloud that exists, with how far it may be relied on."""

    cloud: str
    tee: str
    placement: str
    status: str
    default_type: str | None
    """Instance type used when the user names none; None where the user gives the hosts."""
    distribution: str | None
    """What machines start from, where it is not the stock distribution of all others."""
    runtime_class: str | None
    """Kata's runtime class for the pods, where the placement carries pods."""
    hypervisor: str | None
    """What starts the children, where the machines start some."""
    initdata: str | None
    """What binds the pods' initdata to their evidence, where the placement carries pods."""
    source: str
    checked: dt.date
    why: str | None
    """What stands behind a status other than ga, as one clause."""
    since: dt.date | None
    """Since when the status holds, where the source says so."""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A placement of a TEE on a cloud that cannot be used, or of which it is not known whether it can."""

    cloud: str
    tee: str
    placement: str
    status: str
    source: str
    checked: dt.date
    why: str


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """A deployment model that a cloud does not carry, although it has a placement for each of its parts."""

    model: str
    cloud: str
    status: str
    source: str
    checked: dt.date
    why: str


@dataclass(frozen=True, kw_only=True)
class Need:
    """One part of a deployment model and where it may be placed, best placement first."""

    part: str
    placements: tuple[str, ...]
    confidential: bool


@dataclass(frozen=True, kw_only=True)
class ModelNeeds:
    """A deployment model and what it asks of a cloud."""

    model: str
    title: str
    trust: str
    """Which trust server vouches: ``spire`` for nodes, ``trustee`` for pods."""
    needs: tuple[Need, ...]


@dataclass(frozen=True, kw_only=True)
class Support:
    """Whether a deployment model runs with a TEE on a cloud: computed from the model's needs and the cells."""

    model: str
    cloud: str
    tee: str
    status: str
    reason: str
    source: str
    checked: dt.date


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What a cluster gets on a cloud when the user says nothing."""

    cloud: str
    control_plane_type: str | None
    """8 vCPU and 32 GiB; None where the user gives the hosts."""
    control_plane_disk_gib: int
    worker_disk_gib: int
    trust_disk_gib: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """Where machines come from."""

    name: str
    title: str
    kind: str
    defaults: Defaults
    tee_sizes: str
    """``exclusive``: a size with a TEE makes confidential machines alone; ``shared``: ordinary ones too."""
    misplaced: str | None
    """How the cloud itself answers a machine whose zone does not have the TEE, where that misleads."""


@dataclass(frozen=True, kw_only=True)
class OtherTee:
    """A TEE that confkube does not serve, and why."""

    name: str
    why: str
    source: str
    checked: dt.date


@dataclass(frozen=True, kw_only=True)
class InstanceType:
    """A machine size of a cloud."""

    cloud: str
    name: str
    vcpu: int
    memory_gib: float
    architecture: str
    tees: frozenset[str]
    """TEEs that the size can run as a guest."""
    children: frozenset[str]
    """TEEs of the child machines that the size can start."""
    nested: bool
    """Whether ordinary virtual machines can be started inside."""
    regions: frozenset[str]
    """Regions where the size may be used with its TEE; empty: not stated by the source."""
    status: str
    since: dt.date | None
    why: str | None
    source: str
    checked: dt.date


@dataclass(frozen=True, kw_only=True)
class Region:
    """A region of a cloud, its zones, and the zones in which each TEE is offered."""

    cloud: str
    name: str
    zones: tuple[str, ...]
    """Empty: not recorded."""
    tees: Mapping[str, tuple[str, ...]]
    """TEE to zones; an empty tuple means the whole region (zones not stated)."""
    source: str
    checked: dt.date


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """Something that a machine or a cluster downloads, pinned."""

    name: str
    version: str
    kind: str
    url: str
    sha256: str | None
    """Digest of the file behind the address in lower-case hex; None: unknown, see ``why_unknown``."""
    evidence: str | None
    """published: in the publisher's own index or computed from its own file; quoted: repeated by third parties."""
    why_unknown: str | None
    namespace: str | None
    """For charts: the namespace of the release."""
    source: str
    checked: dt.date
    commit: str | None = None
    """For git: the full id of the commit, which is a digest of all that is in it."""
    path: str | None = None
    """For git: the folder that is meant."""
    parts: tuple[str, ...] = ()
    """For git: names of the rows that become charts inside this chart."""

    @property
    def digest(self) -> str | None:
        """What pins it: the sha256 of a file, or the commit of a repository; None: unknown."""
        return self.commit or self.sha256

    def pinned(self) -> str:
        """Return the digest.

        Raises:
            Refusal: The digest is unknown, with the reason.
        """
        if self.digest is None:
            raise Refusal(f"{self.name} {self.version} has no known sha256: {self.why_unknown}")
        return self.digest


@dataclass(frozen=True, kw_only=True)
class StockImage:
    """A distribution's image on a cloud, by its exact name."""

    cloud: str
    distribution: str
    name: str
    owner: str
    architecture: str
    boot_mode: str
    root_device: str
    package_manager: str
    tees: frozenset[str]
    image_ids: Mapping[str, str]
    """Region to image id, where a source gives it; the look-up by name and owner is what counts."""
    unknown: str | None
    """What the sources leave open about this image; checked at look-up."""
    source: str
    checked: dt.date

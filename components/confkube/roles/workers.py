"""A worker pool: a scale group of equal machines that join by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from confkube import bootstrap, facts
from confkube.bootstrap import HostRuntime, Taint, TrustAgent, WorkerBoot
from confkube.clouds import resolve
from confkube.component import refusing
from confkube.errors import Refusal
from confkube.parse import parse
from confkube.placement import isolation_of, pool_type
from confkube.platform import Cvm, Group, Isolation, MachineSpec, Nested, Platform
from confkube.role_types import WorkersArgs
from confkube.roles.options import after, image_of, inside, software_for
from confkube.spec import Allowed, Archive, Pool, Role
from confkube.types import Tee, WorkerKind


@dataclass(frozen=True, kw_only=True)
class _Arguments(Role):
    join: dict[str, Any]
    pool: Pool
    trust: dict[str, Any] | None = None
    tee: Tee | None = None
    kind: WorkerKind = WorkerKind.CONFIDENTIAL
    kata: Archive | None = None
    allow: Allowed = ()


class Workers(pulumi.ComponentResource):
    """Worker machines that join by themselves: confidential, plain, or child-capable.

    ``machines_after`` is what its machines wait for; ``depends_on`` would hold back keys and identities too.
    """

    group_id: pulumi.Output[str]
    """Identifier of the scale group."""
    machine_type: pulumi.Output[str]
    """The provider's name of the machine type."""
    tee: pulumi.Output[str]
    """TEE of the machines or of their children; empty without one."""

    @refusing
    def __init__(
        self,
        name: str,
        args: WorkersArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        machines_after: Sequence[pulumi.Resource] = (),
    ) -> None:
        spec = parse(_Arguments, args)
        platform = resolve(spec.platform)
        pool = spec.pool
        isolation = isolation_of(spec.kind, pool.tee or spec.tee)
        machine_type = pool_type(platform, pool, isolation, spec.allow)
        runtime = runtime_of(platform, spec.kind, pool.tee or spec.tee, spec.kata)
        super().__init__("confkube:index:Workers", name, {}, opts)
        cluster, tier, join, trust = args["cluster"], args["tier"], args["join"], args.get("trust")
        text = pulumi.Output.all(
            cluster_id=cluster["cluster_id"],
            api_endpoint=join["endpoint"],
            ca_hash=join["ca_hash"],
            token=join["token"],
            trust_endpoint=trust["endpoint"] if trust else "",
            trust_domain=trust["trust_domain"] if trust else "",
            root_certificate=trust["root_certificate"] if trust else "",
        ).apply(refusing(lambda known: boot_text(platform, pool, isolation, Surroundings(**known), runtime)))
        machines = platform.machines(
            name,
            MachineSpec(
                isolation=isolation,
                scale=Group(count=pool.count),
                image=image_of(platform, args.get("image"), isolation, name, inside(self)),
                machine_type=machine_type,
                disk_gib=pool.disk_gib,
                subnet_id=tier["subnet_id"],
                firewall_id=tier["firewall_id"],
                user_data=pulumi.Output.secret(text),
                labels=cluster["labels"],
                after=(*machines_after, *after(opts)),
            ),
            inside(self),
        )
        self.group_id = machines.group_id
        self.machine_type = pulumi.Output.from_input(machine_type)
        self.tee = pulumi.Output.from_input(_tee_of(isolation))
        self.register_outputs({"group_id": self.group_id, "machine_type": self.machine_type, "tee": self.tee})


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a pool's boot text says of the rest of the cluster; all plain text."""

    cluster_id: str
    api_endpoint: str
    ca_hash: str
    token: str
    trust_endpoint: str = ""
    """Empty where no agent on the node attests."""
    trust_domain: str = ""
    root_certificate: str = ""


def boot_text(
    platform: Platform, pool: Pool, isolation: Isolation, around: Surroundings, runtime: HostRuntime | None = None
) -> str:
    """Render the user data of a pool; pure, so that its size is known before anything exists."""
    return bootstrap.worker(worker_boot(platform, pool, isolation, around, runtime))


def worker_boot(
    platform: Platform, pool: Pool, isolation: Isolation, around: Surroundings, runtime: HostRuntime | None = None
) -> WorkerBoot:
    """The values of a worker's boot text."""
    own = {"confkube.dev/pool": pool.name, "confkube.dev/tee": _tee_of(isolation) or facts.NO_TEE}
    return WorkerBoot(
        cluster_id=around.cluster_id,
        pool=pool.name,
        api_endpoint=around.api_endpoint,
        ca_hash=around.ca_hash,
        token=around.token,
        node_labels=own | pool.labels,
        taints=tuple(_taint(taint) for taint in pool.taints),
        trust=_agent(around),
        runtime=runtime,
        software=software_for(platform, isolation),
        profile=platform.boot,
    )


def runtime_of(
    platform: Platform, kind: WorkerKind, tee: Tee | None, kata: Archive | None = None
) -> HostRuntime | None:
    """What the machines of a pool need so that pods can run in virtual machines; None where pods are containers.

    Raises:
        Refusal: The platform has no such machine, or an archive is missing or given for nothing.
    """
    if kind is WorkerKind.CONFIDENTIAL:
        return None
    if kind is WorkerKind.PLAIN:
        return bootstrap.REMOTE
    word = tee.value if tee else facts.NO_TEE
    cell = facts.child_capable(platform.cloud, word, allow=facts.GUARDED)
    if cell.hypervisor == "mshv":
        if kata is None:
            raise Refusal(
                f"kata is required: {platform.cloud} gets {cell.runtime_class} from no chart; "
                "give url and sha256 of an archive with Kata and its guest image"
            )
        return bootstrap.mshv(bootstrap.Archive(url=kata.url, sha256=kata.sha256))
    if kata is not None:
        raise Refusal(f"kata: on {platform.cloud} a chart brings Kata; take the archive away")
    return bootstrap.REMOTE if cell.hypervisor == "qemu-tcg" else bootstrap.KVM


def _agent(around: Surroundings) -> TrustAgent | None:
    if not around.trust_endpoint:
        return None
    host, _, port = around.trust_endpoint.rpartition(":")
    return TrustAgent(
        server_address=host, port=int(port), trust_domain=around.trust_domain, root_pem=around.root_certificate
    )


def _tee_of(isolation: Isolation) -> str:
    tee = isolation.tee if isinstance(isolation, Cvm | Nested) else None
    return tee.value if tee else ""


def _taint(text: str) -> Taint:
    assignment, _, effect = text.rpartition(":")
    key, _, value = assignment.partition("=")
    return Taint(key=key, value=value, effect=effect)

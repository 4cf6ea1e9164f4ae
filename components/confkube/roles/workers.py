"""A worker pool: a scale group of confidential virtual machines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from confkube import bootstrap
from confkube.bootstrap import Taint, TrustAgent, WorkerBoot
from confkube.clouds import resolve
from confkube.component import refusing
from confkube.parse import parse
from confkube.placement import pool_type
from confkube.platform import Cvm, Group, MachineSpec, Platform
from confkube.roles.options import after, image_of, inside
from confkube.spec import Allowed, Pool, Role
from confkube.types import Tee, WorkersArgs


@dataclass(frozen=True, kw_only=True)
class _Arguments(Role):
    join: dict[str, Any]
    trust: dict[str, Any]
    tee: Tee
    pool: Pool
    allow: Allowed = ()


class Workers(pulumi.ComponentResource):
    """Confidential worker machines that join by themselves.

    ``machines_after`` is what its machines wait for; ``depends_on`` would hold back keys and identities too.
    """

    group_id: pulumi.Output[str]
    """Identifier of the scale group."""
    machine_type: pulumi.Output[str]
    """The provider's name of the machine type."""
    tee: pulumi.Output[str]
    """TEE of the machines."""

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
        pool, tee = spec.pool, spec.pool.tee or spec.tee
        isolation = Cvm(tee=tee)
        machine_type = pool_type(platform, pool, spec.tee, spec.allow)
        super().__init__("confkube:index:Workers", name, {}, opts)
        cluster, tier, join, trust = args["cluster"], args["tier"], args["join"], args["trust"]
        text = pulumi.Output.all(
            cluster_id=cluster["cluster_id"],
            api_endpoint=join["endpoint"],
            ca_hash=join["ca_hash"],
            token=join["token"],
            trust_endpoint=trust["endpoint"],
            trust_domain=trust["trust_domain"],
            root_certificate=trust["root_certificate"],
        ).apply(lambda known: boot_text(platform, pool, tee, Surroundings(**known)))
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
        self.tee = pulumi.Output.from_input(tee.value)
        self.register_outputs({"group_id": self.group_id, "machine_type": self.machine_type, "tee": self.tee})


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a pool's boot text says of the rest of the cluster; all plain text."""

    cluster_id: str
    api_endpoint: str
    ca_hash: str
    token: str
    trust_endpoint: str
    trust_domain: str
    root_certificate: str


def boot_text(platform: Platform, pool: Pool, tee: Tee, around: Surroundings) -> str:
    """Render the user data of a pool; pure, so that its size is known before anything exists."""
    host, _, port = around.trust_endpoint.rpartition(":")
    own = {"confkube.dev/pool": pool.name, "confkube.dev/tee": tee.value}
    trust = TrustAgent(
        server_address=host, port=int(port), trust_domain=around.trust_domain, root_pem=around.root_certificate
    )
    return bootstrap.worker(
        WorkerBoot(
            cluster_id=around.cluster_id,
            pool=pool.name,
            api_endpoint=around.api_endpoint,
            ca_hash=around.ca_hash,
            token=around.token,
            node_labels=own | pool.labels,
            taints=tuple(_taint(taint) for taint in pool.taints),
            trust=trust,
            profile=platform.boot,
        )
    )


def _taint(text: str) -> Taint:
    assignment, _, effect = text.rpartition(":")
    key, _, value = assignment.partition("=")
    return Taint(key=key, value=value, effect=effect)

"""A child-capable host: one machine that starts worker nodes of its own from a declarative file."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any

import pulumi

from confkube import bootstrap, facts, names
from confkube.bootstrap import Archive
from confkube.bootstrap.nested_host import nested_host
from confkube.bootstrap.nested_values import Children, NestedHostBoot, Overlay
from confkube.clouds import resolve
from confkube.component import refusing
from confkube.names import HOSTS
from confkube.parse import parse
from confkube.placement import machine_type
from confkube.platform import Cvm, MachineSpec, Nested, Permission, Plain, Platform, Secret, Single
from confkube.role_types import NestedHostArgs
from confkube.roles.options import HOST_NUMBER, after, image_of, inside, say_when_kept, software_for
from confkube.roles.workers import Surroundings, worker_boot
from confkube.spec import Allowed, ChildMachines, HostMachine, Pool, Role, between
from confkube.types import Tee

MOST_HOSTS = 50
"""All of them have their place in the children's network from the start, so that a new one changes nothing."""


@dataclass(frozen=True, kw_only=True)
class _Arguments(Role):
    join: dict[str, Any]
    children: ChildMachines
    tee: Tee | None = None
    number: Annotated[int, between(1, MOST_HOSTS)] = 1
    machine: HostMachine = field(default_factory=HostMachine)
    allow: Allowed = ()


class NestedHost(pulumi.ComponentResource):
    """A host that starts child machines, which join the cluster as workers.

    ``machines_after`` is what its machines wait for; ``depends_on`` would hold back keys and identities too.
    """

    machine_id: pulumi.Output[str]
    """Identifier of the machine."""
    machine_type: pulumi.Output[str]
    """The provider's name of the machine type."""
    tunnel: pulumi.Output[str]
    """Command that forwards a port of this computer to the host."""

    @refusing
    def __init__(
        self,
        name: str,
        args: NestedHostArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        machines_after: Sequence[pulumi.Resource] = (),
    ) -> None:
        spec = parse(_Arguments, args)
        platform = resolve(spec.platform)
        isolation = Nested(tee=spec.tee)
        chosen = machine_type(platform, isolation, spec.machine.machine_type, spec.allow)
        super().__init__("confkube:index:NestedHost", name, {}, opts)
        cluster, tier, join = args["cluster"], args["tier"], args["join"]
        plan = Plan(
            number=spec.number,
            addresses=addresses(platform, IPv4Network(tier["cidr"])),
            children=spec.children,
            tee=spec.tee,
        )
        known = pulumi.Output.all(
            cluster_id=cluster["cluster_id"],
            api_endpoint=join["endpoint"],
            ca_hash=join["ca_hash"],
            token=join["token"],
        )
        text = known.apply(refusing(lambda found: boot_text(platform, plan, Surroundings(**found))))
        children = known.apply(refusing(lambda found: child_text(platform, plan, Surroundings(**found))))
        machines = platform.machines(
            name,
            MachineSpec(
                isolation=isolation,
                scale=Single(private_ip=IPv4Address(plan.addresses[spec.number - 1]), tunnel_port=22),
                image=image_of(platform, args.get("image"), isolation, name, inside(self)),
                machine_type=chosen,
                disk_gib=spec.machine.disk_gib,
                subnet_id=tier["subnet_id"],
                firewall_id=tier["firewall_id"],
                # It names the children's text by its digest alone, which holds the token and is in the secret.
                user_data=pulumi.Output.unsecret(text),
                labels=cluster["labels"],
                secret=Secret(
                    name=pulumi.Output.from_input(cluster["cluster_id"]).apply(
                        lambda cluster_id: secret_name(cluster_id, spec.number)
                    ),
                    value=pulumi.Output.secret(children),
                ),
                permissions=frozenset({Permission.TUNNEL}),
                after=(*machines_after, *after(opts)),
            ),
            inside(self),
        )
        say_when_kept(machines, text)
        self.machine_id = machines.group_id
        self.machine_type = pulumi.Output.from_input(chosen)
        self.tunnel = machines.tunnel or pulumi.Output.from_input("")
        self.register_outputs({"machine_id": self.machine_id, "machine_type": self.machine_type, "tunnel": self.tunnel})


def addresses(platform: Platform, hosts: IPv4Network) -> tuple[str, ...]:
    """The fixed addresses of all hosts that a cluster may have: the given ones, or else places in the range."""
    given = platform.limits.given_addresses.get(HOSTS)
    return tuple(map(str, given or (names.host(hosts, HOST_NUMBER + number) for number in range(MOST_HOSTS))))


def overlay(control_plane: str, hosts: tuple[str, ...], children: ChildMachines) -> Overlay:
    """The children's network."""
    return Overlay(control_plane=control_plane, hosts=hosts, cidr=str(children.cidr))


_CHILD: dict[str, Any] = {"compressed": False, "user_data_limit": 1 << 20}
"""A child reads its boot text from a disk, which has no bound."""


def secret_name(cluster_id: str, number: int) -> str:
    """Name of a host's document in the secret store: the boot text of its children."""
    return f"confkube/{cluster_id}/{HOSTS}-{number}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a host's boot text is made of."""

    number: int
    addresses: tuple[str, ...]
    children: ChildMachines
    tee: Tee | None


def child_text(platform: Platform, plan: Plan, around: Surroundings) -> str:
    """Render the user data of a host's children, the same for all of them.

    No node attestor of a cloud vouches for a child, which is kept off its metadata address: no agent runs in it yet.
    """
    children = plan.children
    pool = Pool(name="children", labels=children.labels, taints=children.taints)
    alone = replace(around, trust_endpoint="", trust_domain="", root_certificate="")
    boot = worker_boot(platform, pool, Cvm(tee=plan.tee) if plan.tee else Plain(), alone)
    return bootstrap.worker(replace(boot, profile=replace(platform.boot, **_CHILD)))


def boot_text(platform: Platform, plan: Plan, around: Surroundings) -> str:
    """Render the user data of a host; pure, so that its size is known before anything exists."""
    children, tee = plan.children, plan.tee.value if plan.tee else facts.NO_TEE
    cell = facts.child_capable(platform.cloud, tee, allow=facts.GUARDED)
    emulated = cell.hypervisor == "qemu-tcg"
    return nested_host(
        NestedHostBoot(
            cluster_id=around.cluster_id,
            number=plan.number,
            overlay=overlay(around.api_endpoint.rpartition(":")[0], plan.addresses, children),
            children=Children(
                count=children.count,
                vcpus=children.vcpus,
                memory_mib=children.memory_gib * 1024,
                disk_gib=children.disk_gib,
                image=Archive(url=children.image.url, sha256=children.image.sha256),
                igvm=Archive(url=children.igvm.url, sha256=children.igvm.sha256) if children.igvm else None,
                user_data=child_text(platform, plan, around),
                # What emulates has no TEE to switch on.
                tee=facts.NO_TEE if emulated else tee,
                hypervisor="mshv" if cell.hypervisor == "mshv" else "qemu-kvm",
            ),
            secret_name=secret_name(around.cluster_id, plan.number),
            software=software_for(platform, Nested(tee=plan.tee)),
            profile=platform.boot,
        )
    )

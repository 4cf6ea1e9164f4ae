"""The control plane: one machine outside the TEE, at a fixed private address."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Annotated, Any

import pulumi

from confkube import bootstrap, names
from confkube.bootstrap import ControlPlaneBoot
from confkube.clouds import resolve
from confkube.component import refusing
from confkube.parse import parse
from confkube.placement import control_plane_type
from confkube.platform import MachineSpec, Permission, Plain, Platform, Secret, Single
from confkube.roles.addons import addons_of
from confkube.roles.network import API_PORT
from confkube.roles.options import HOST_NUMBER, after, image_of, inside, say_when_kept
from confkube.spec import NEVER, NO_END, Addresses, Machine, Role, is_ttl, lifetime
from confkube.types import ControlPlaneArgs, JoinRef


@dataclass(frozen=True, kw_only=True)
class _Arguments(Role):
    authority: dict[str, Any]
    machine: Machine = field(default_factory=Machine)
    addresses: Addresses = field(default_factory=Addresses)
    model: str = "cvm-nodes"
    public: bool = False
    join_for: Annotated[str, is_ttl] = NEVER


class ControlPlane(pulumi.ComponentResource):
    """API server, scheduler, controllers and etcd of a cluster.

    ``machines_after`` is what its machines wait for; ``depends_on`` would hold back keys and identities too.
    """

    private_ip: pulumi.Output[str]
    """Fixed private address."""
    public_ip: pulumi.Output[str]
    """Public address; empty when there is none."""
    machine_id: pulumi.Output[str]
    """Identifier of the machine."""
    tunnel: pulumi.Output[str]
    """Command that forwards port 6443 of this computer to the API."""

    @refusing
    def __init__(
        self,
        name: str,
        args: ControlPlaneArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        machines_after: Sequence[pulumi.Resource] = (),
    ) -> None:
        spec = parse(_Arguments, args)
        platform = resolve(spec.platform)
        machine_type = control_plane_type(platform, spec.machine)
        super().__init__("confkube:index:ControlPlane", name, {}, opts)
        cluster, authority, tier = args["cluster"], args["authority"], args["tier"]
        address = names.host(IPv4Network(tier["cidr"]), HOST_NUMBER)
        text = pulumi.Output.all(cluster_id=cluster["cluster_id"], ca_certificate=authority["ca_certificate"]).apply(
            lambda known: boot_text(
                platform,
                Plan(
                    name=name,
                    address=str(address),
                    addresses=spec.addresses,
                    join_for=spec.join_for,
                    model=spec.model,
                    **known,
                ),
            )
        )
        machines = platform.machines(
            name,
            MachineSpec(
                isolation=Plain(),
                scale=Single(private_ip=address, public=spec.public),
                image=image_of(platform, args.get("image"), Plain(), name, inside(self)),
                machine_type=machine_type,
                disk_gib=spec.machine.disk_gib,
                subnet_id=tier["subnet_id"],
                firewall_id=tier["firewall_id"],
                user_data=text,
                labels=cluster["labels"],
                secret=Secret(
                    name=pulumi.Output.from_input(cluster["cluster_id"]).apply(secret_name),
                    value=authority["secrets"],
                ),
                permissions=frozenset({Permission.TUNNEL}),
                after=(*machines_after, *after(opts)),
            ),
            inside(self),
        )
        say_when_kept(machines, text)
        self.private_ip = pulumi.Output.from_input(str(address))
        self.public_ip = machines.public_ip or pulumi.Output.from_input("")
        self.machine_id = machines.group_id
        self.tunnel = machines.tunnel or pulumi.Output.from_input("")
        self._join: JoinRef = {
            "endpoint": f"{address}:{API_PORT}",
            "ca_hash": authority["ca_hash"],
            "token": authority["token"],
        }
        self.register_outputs(
            {
                "private_ip": self.private_ip,
                "public_ip": self.public_ip,
                "machine_id": self.machine_id,
                "tunnel": self.tunnel,
            }
        )

    @property
    def join(self) -> JoinRef:
        """What worker pools take as ``join``."""
        return self._join


def secret_name(cluster_id: str) -> str:
    """Name of the control plane's document in the secret store."""
    return f"confkube/{cluster_id}/control-plane"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a control plane's boot text is made of."""

    name: str
    address: str
    addresses: Addresses
    join_for: str
    model: str
    cluster_id: str
    ca_certificate: str


def boot_text(platform: Platform, plan: Plan) -> str:
    """Render the user data of a control plane; pure, so that its size is known before anything exists."""
    return bootstrap.control_plane(
        ControlPlaneBoot(
            cluster_id=plan.cluster_id,
            node_name=plan.name,
            private_ip=plan.address,
            pod_cidr=str(plan.addresses.pods),
            service_cidr=str(plan.addresses.services),
            ca_certificate_pem=plan.ca_certificate,
            secret_name=secret_name(plan.cluster_id),
            addons=addons_of(plan.model, platform.cloud, plan.addresses.pods),
            token_ttl=lifetime(plan.join_for) or NO_END,
            profile=platform.boot,
        )
    )

"""The control plane: one machine outside the TEE, at a fixed private address."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Annotated, Any

import pulumi

from confkube import bootstrap, facts, names
from confkube.bootstrap import ControlPlaneBoot
from confkube.bootstrap.nested_values import Overlay
from confkube.bootstrap.overlay import OVERLAY_UNITS, overlay_files
from confkube.clouds import resolve
from confkube.component import refusing
from confkube.names import CONTROL_PLANE, HOSTS
from confkube.parse import parse
from confkube.placement import control_plane_type
from confkube.platform import MachineSpec, Permission, Plain, Platform, Secret, Single
from confkube.role_types import ControlPlaneArgs, JoinRef
from confkube.roles.addons import Choices, addons_of
from confkube.roles.nested_host import addresses as host_addresses
from confkube.roles.nested_host import overlay
from confkube.roles.openings import API_PORT
from confkube.roles.options import HOST_NUMBER, after, image_of, inside, say_when_kept, software_for
from confkube.spec import NEVER, NO_END, Addresses, ChildMachines, Machine, Model, Role, is_ttl, lifetime


def _tee_or_none(word: str) -> None:
    facts.known_tee(word, with_none=True)


@dataclass(frozen=True, kw_only=True)
class _Arguments(Role):
    authority: dict[str, Any]
    machine: Machine = field(default_factory=Machine)
    addresses: Addresses = field(default_factory=Addresses)
    model: Model = "cvm-nodes"
    charts: tuple[str, ...] = ()
    chart_values: Any = None
    objects: Any = None
    issuer: Any = None
    pins: dict[str, str] = field(default_factory=dict[str, str])
    pod_tees: tuple[Annotated[str, _tee_or_none], ...] = ()
    volumes: bool = False
    children: ChildMachines | None = None
    hosts_cidr: IPv4Network | None = None
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
        address = platform.limits.address(CONTROL_PLANE, names.host(IPv4Network(tier["cidr"]), HOST_NUMBER))
        hosts = spec.hosts_cidr or hosts_of(spec.addresses)
        text = pulumi.Output.all(
            cluster_id=cluster["cluster_id"],
            ca_certificate=authority["ca_certificate"],
            labels=cluster["labels"],
            chart_values=args.get("chart_values", "{}"),
            issuer=args.get("issuer", ""),
        ).apply(
            refusing(
                lambda known: boot_text(
                    platform,
                    Plan(
                        name=name,
                        address=str(address),
                        addresses=spec.addresses,
                        join_for=spec.join_for,
                        model=spec.model,
                        charts=spec.charts,
                        pins=spec.pins,
                        pod_tees=spec.pod_tees,
                        volumes=spec.volumes,
                        objects="objects" in args,
                        overlay=children_network(platform, str(address), hosts, spec.children),
                        **known,
                    ),
                )
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
                    value=_with_objects(authority["secrets"], args.get("objects")),
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


def _with_objects(secrets: pulumi.Input[str], objects: pulumi.Input[str] | None) -> pulumi.Input[str]:
    """The document that the control plane fetches, with the Kubernetes objects that nobody else may see."""
    if objects is None:
        return secrets
    document = pulumi.Output.all(secrets, objects).apply(
        lambda known: json.dumps({**json.loads(known[0]), "objects": json.loads(known[1])})
    )
    return pulumi.Output.secret(document)


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
    labels: Mapping[str, str]
    """The cluster's, for volumes that it makes."""
    charts: tuple[str, ...] = ()
    """Beside those of the model, and before them."""
    chart_values: str = "{}"
    """JSON, as in the arguments."""
    issuer: str = ""
    objects: bool = False
    """Whether its secret brings Kubernetes objects."""
    pins: Mapping[str, str] = field(default_factory=dict[str, str])
    pod_tees: tuple[str, ...] = ()
    """Of the pods that workers start themselves; ``none`` for ordinary virtual machines."""
    volumes: bool = False
    overlay: Overlay | None = None
    """The network of child machines, where the workers are some."""


def hosts_of(addresses: Addresses) -> IPv4Network:
    """The range of the hosts of child machines, in a network of the cluster's own."""
    return names.split_tiers(addresses.cidr)[HOSTS]


def children_network(
    platform: Platform, address: str, hosts: IPv4Network, children: ChildMachines | None
) -> Overlay | None:
    """The network that the control plane shares with child machines; None where there are none."""
    return overlay(address, host_addresses(platform, hosts), children) if children else None


def boot_text(platform: Platform, plan: Plan) -> str:
    """Render the user data of a control plane; pure, so that its size is known before anything exists."""
    by_hosts = _runtimes_of_hosts(plan, platform)
    choices = Choices(
        tees=frozenset(plan.pod_tees),
        before=plan.charts,
        chart_values=json.loads(plan.chart_values),
        volumes=plan.volumes,
        labels=plan.labels,
        region=platform.region,
        pins=plan.pins,
        hosts_bring_kata=bool(by_hosts),
    )
    return bootstrap.control_plane(
        ControlPlaneBoot(
            cluster_id=plan.cluster_id,
            node_name=plan.name,
            private_ip=plan.address,
            pod_cidr=str(plan.addresses.pods),
            service_cidr=str(plan.addresses.services),
            ca_certificate_pem=plan.ca_certificate,
            secret_name=secret_name(plan.cluster_id),
            addons=addons_of(plan.model, platform.cloud, plan.addresses.pods, choices),
            runtime_classes=by_hosts,
            issuer=plan.issuer,
            objects=plan.objects,
            extra_files=tuple(overlay_files(plan.overlay)) if plan.overlay else (),
            extra_units=OVERLAY_UNITS if plan.overlay else (),
            token_ttl=lifetime(plan.join_for) or NO_END,
            software=software_for(platform, Plain()),
            profile=platform.boot,
        )
    )


def _runtimes_of_hosts(plan: Plan, platform: Platform) -> tuple[str, ...]:
    """Runtime classes that no chart makes, because the hosts get Kata from an archive."""
    found = [facts.placed(plan.model, "pods", platform.cloud, tee, allow=facts.GUARDED) for tee in plan.pod_tees]
    return tuple(cell.runtime_class for cell in found if cell.hypervisor == "mshv" and cell.runtime_class)

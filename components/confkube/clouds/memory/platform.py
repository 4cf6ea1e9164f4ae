"""The seam without a cloud behind it: identifiers are made up from names, specifications are kept as outputs."""

from dataclasses import dataclass
from typing import Annotated

import pulumi

from confkube import facts
from confkube.bootstrap import BootProfile
from confkube.names import digest
from confkube.parse import parse
from confkube.platform import (
    Account,
    Disk,
    Existing,
    Group,
    Image,
    ImageSpec,
    Limits,
    Machines,
    MachineSpec,
    Network,
    NetworkSpec,
    PeerPodAccess,
    PeerPodSpec,
    Single,
    Stock,
)

REGION, ZONE = "memory-1", "memory-1a"
LIMITS = Limits(user_data_bytes=16384, network_prefix=(16, 28), mixed_pod_vms=True)


def _known(zone: str) -> str:
    return facts.zone("memory", REGION, zone)


@dataclass(frozen=True, kw_only=True)
class _Settings:
    zone: Annotated[str, _known] = ZONE


class _Thing(pulumi.ComponentResource):
    """A named record in the state: what a platform would have made."""

    def __init__(self, kind: str, name: str, inputs: dict[str, object], opts: pulumi.ResourceOptions) -> None:
        super().__init__(f"confkube:memory:{kind}", name, inputs, opts)
        self.identifier = pulumi.Output.from_input(f"{kind.lower()}-{name}")
        self.register_outputs({"identifier": self.identifier, **inputs})


class MemoryPlatform:
    """An imaginary zone with every TEE."""

    cloud = "memory"
    region = REGION
    limits = LIMITS

    def __init__(self, settings: object, where: str) -> None:
        self.zone = parse(_Settings, settings, where).zone

    @property
    def place(self) -> dict[str, str]:
        """The zone."""
        return {"zone": self.zone}

    @property
    def boot(self) -> BootProfile:
        """Boot text needs an address and a script; here they lead nowhere."""
        return BootProfile(
            provider="the in-memory platform",
            metadata_address="169.254.169.254",
            fetch_secret="#!/bin/sh\necho 'the in-memory platform keeps no secrets' >&2\nexit 1\n",  # noqa: S106
            secret_address="memory/{name}",  # noqa: S106
            node_attestor_agent={"name": "join_token"},
            node_attestor_server={"name": "join_token"},
            user_data_limit=LIMITS.user_data_bytes,
            compressed=True,
        )

    def account(self, opts: pulumi.InvokeOptions | None = None) -> Account:
        """Nobody pays."""
        del opts
        return Account(world="memory", account_id="none")

    def network(self, name: str, spec: NetworkSpec, opts: pulumi.ResourceOptions) -> Network:
        """Record a network."""
        made = _Thing("Network", name, {"cidr": str(spec.cidr), "labels": spec.labels}, opts)
        inside = pulumi.ResourceOptions(parent=made)
        subnets = {
            tier.name: _Thing("Subnet", f"{name}-{tier.name}", {"cidr": str(tier.cidr), "public": tier.public}, inside)
            for tier in spec.tiers
        }
        openings = [
            {
                "name": opening.name,
                "tier": opening.tier,
                "source": str(opening.source),
                "protocol": opening.protocol,
                "port": opening.port,
            }
            for opening in spec.openings
        ]
        firewalls = {
            tier.name: _Thing(
                "Firewall",
                f"{name}-{tier.name}",
                {"openings": [opening for opening in openings if opening["tier"] == tier.name]},
                inside,
            )
            for tier in spec.tiers
        }
        return Network(
            network_id=made.identifier,
            subnet_ids={tier: subnet.identifier for tier, subnet in subnets.items()},
            firewall_ids={tier: firewall.identifier for tier, firewall in firewalls.items()},
            ready=(made,),
        )

    def image(self, name: str, spec: ImageSpec, opts: pulumi.ResourceOptions) -> Image:
        """Every image exists."""
        match spec.content:
            case Stock(distribution=distribution):
                return Image(image_id=f"image-{distribution}-for-{name}", root_device="root")
            case Existing(image_id=image_id):
                return Image(image_id=image_id, root_device="root")
            case Disk(address=address):
                made = _Thing("Image", name, {"disk": address, "labels": spec.labels}, opts)
                return Image(image_id=made.identifier, root_device="root", resource=made)

    def peer_pods(self, name: str, spec: PeerPodSpec, opts: pulumi.ResourceOptions) -> PeerPodAccess:
        """Record an identity that may do nothing, as nothing exists."""
        made = _Thing("Identity", name, {"subnet_id": spec.subnet_id, "labels": spec.labels}, opts)
        return PeerPodAccess(
            provider="memory",
            settings={"MEMORY_SUBNET": spec.subnet_id, "MEMORY_IMAGE": spec.pod_vms[0].image.image_id},
            credentials={"MEMORY_KEY": made.identifier},
            chart_values={},
            charts=(),
            issuer=None,
            ready=(made,),
        )

    def machines(self, name: str, spec: MachineSpec, opts: pulumi.ResourceOptions) -> Machines:
        """Record a machine or a scale group."""
        single = spec.scale if isinstance(spec.scale, Single) else None
        count = spec.scale.count if isinstance(spec.scale, Group) else 1
        made = _Thing(
            "Machine" if single else "Group",
            name,
            {
                "isolation": type(spec.isolation).__name__.lower(),
                "tee": getattr(spec.isolation, "tee", "none"),
                "machine_type": spec.machine_type,
                "disk_gib": spec.disk_gib,
                "count": count,
                "subnet_id": spec.subnet_id,
                "firewall_id": spec.firewall_id,
                "user_data": spec.user_data,
                "labels": spec.labels,
                "permissions": sorted(permission.value for permission in spec.permissions),
            },
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(spec.after))),
        )
        return Machines(
            group_id=made.identifier,
            private_ip=pulumi.Output.from_input(str(single.private_ip)) if single else None,
            public_ip=pulumi.Output.from_input("192.0.2.10") if single and single.public else None,
            boot_digest=pulumi.Output.from_input(spec.user_data).apply(digest),
            tunnel=pulumi.Output.from_input("true") if single else None,
            resource=made,
        )

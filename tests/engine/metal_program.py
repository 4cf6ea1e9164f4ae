"""A stack on given hosts, made of the platform's own parts: the text of two machines comes with the configuration."""

from ipaddress import IPv4Address, IPv4Network

import pulumi

from confkube.clouds import resolve
from confkube.platform import (
    Group,
    Image,
    MachineSpec,
    Nested,
    NetworkSpec,
    Plain,
    Secret,
    Single,
    Tier,
)
from confkube.types import Tee

config = pulumi.Config()
told = config.require_object("told")
platform = resolve({"metal": told["block"]})
labels = {"confkube-cluster": told["cluster"]}
cidr = IPv4Network("10.20.0.0/16")
network = platform.network(
    "metal-network",
    NetworkSpec(cidr=cidr, tiers=(Tier(name="control-plane", cidr=cidr),), openings=(), labels=labels),
    pulumi.ResourceOptions(),
)


def machines(name, isolation, scale, user_data, secret=None):
    return platform.machines(
        name,
        MachineSpec(
            isolation=isolation,
            scale=scale,
            image=Image(image_id="the-hosts-own", root_device="/"),
            machine_type="given-host",
            disk_gib=30,
            subnet_id=network.network_id,
            firewall_id=network.network_id,
            user_data=pulumi.Output.secret(user_data),
            labels=labels,
            secret=secret,
            after=network.ready,
        ),
        pulumi.ResourceOptions(),
    )


address = platform.limits.address("control-plane", IPv4Address("10.20.128.10"))
first = machines(
    told["node"],
    Plain(),
    Single(private_ip=address),
    told["control_plane"],
    Secret(name=told["secret_name"], value=pulumi.Output.secret(told["secret"])),
)
if told["workers"]:
    pool = machines("metal-workers", Nested(tee=Tee.SNP), Group(count=told["workers"]), told["worker"])
pulumi.export("tunnel", first.tunnel)
pulumi.export("boot_digest", first.boot_digest)

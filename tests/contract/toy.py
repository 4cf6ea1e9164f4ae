"""How little a platform needs: the seam, and nothing else. It borrows the facts of the in-memory platform."""

import pulumi

from confkube.bootstrap import BootProfile
from confkube.errors import Refusal
from confkube.names import digest
from confkube.platform import Account, Group, Image, Limits, Machines, Network, PeerPodAccess, Single


class Thing(pulumi.ComponentResource):
    def __init__(self, kind, name, inputs, opts):
        super().__init__(f"toy:index:{kind}", name, inputs, opts)
        self.register_outputs(inputs)


class ToyPlatform:
    cloud, region, zone = "memory", "memory-1", "memory-1a"
    place = {"zone": zone}
    limits = Limits(user_data_bytes=16384, network_prefix=(8, 29))
    boot = BootProfile(
        provider="the toy",
        metadata_address="169.254.169.254",
        fetch_secret="#!/bin/sh\nexit 1\n",
        node_attestor_agent={"name": "join_token"},
        node_attestor_server={"name": "join_token"},
        user_data_limit=16384,
    )

    def __init__(self, settings, where):
        if settings:
            raise Refusal(f"{where}: unknown key {next(iter(settings))!r}; the keys are none")

    def account(self, opts=None):
        return Account(world="toy", account_id="none")

    def network(self, name, spec, opts):
        openings = [(each.tier, str(each.source)) for each in spec.openings]
        made = Thing("Network", name, {"openings": openings, "labels": spec.labels}, opts)
        ids = {tier.name: pulumi.Output.from_input(f"{name}-{tier.name}") for tier in spec.tiers}
        return Network(network_id=made.urn, subnet_ids=ids, firewall_ids=ids, ready=(made,))

    def image(self, name, spec, opts):
        return Image(image_id=spec.content.distribution, root_device="root")

    def machines(self, name, spec, opts):
        single = spec.scale if isinstance(spec.scale, Single) else None
        inputs = {
            "count": spec.scale.count if isinstance(spec.scale, Group) else 1,
            "confidential": hasattr(spec.isolation, "tee"),
            "user_data": spec.user_data,
            "labels": spec.labels,
        }
        made = Thing("Machine", name, inputs, opts)
        return Machines(
            group_id=pulumi.Output.from_input(name),
            private_ip=pulumi.Output.from_input(str(single.private_ip)) if single else None,
            public_ip=pulumi.Output.from_input("192.0.2.10") if single and single.public else None,
            boot_digest=pulumi.Output.from_input(spec.user_data).apply(digest),
            tunnel=pulumi.Output.from_input("true") if single else None,
            resource=made,
        )

    def peer_pods(self, name, spec, opts):
        made = Thing("Identity", name, {"labels": spec.labels}, opts)
        return PeerPodAccess(
            provider="toy",
            settings={"SUBNET": spec.subnet_id},
            credentials={},
            chart_values={},
            charts=(),
            issuer=None,
            ready=(made,),
        )

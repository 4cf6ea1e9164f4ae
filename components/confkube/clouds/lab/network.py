"""The network of a cluster: namespaces with a bridge for each tier, held by a process of this computer."""

import pulumi

from confkube.clouds.local_command import resource
from confkube.platform import Network, NetworkSpec


def create(name: str, spec: NetworkSpec, opts: pulumi.ResourceOptions) -> Network:
    """Make the network. Openings for ranges outside lead nowhere: nothing outside this computer reaches the lab."""
    made, answer = resource(
        name,
        ("lab network-up", f"lab network-down {name}"),
        {
            "name": name,
            "cidr": str(spec.cidr),
            "tiers": [{"name": tier.name, "cidr": str(tier.cidr)} for tier in spec.tiers],
            "openings": [
                {
                    "tier": opening.tier,
                    "source": str(opening.source),
                    "protocol": opening.protocol,
                    "port": opening.port,
                }
                for opening in spec.openings
            ],
            "labels": spec.labels,
        },
        opts,
    )
    network_id = answer.apply(lambda known: str(known.get("network_id", name)))
    subnets = {tier.name: pulumi.Output.format("{0}/{1}", network_id, tier.name) for tier in spec.tiers}
    return Network(network_id=network_id, subnet_ids=subnets, firewall_ids=dict(subnets), ready=(made,))

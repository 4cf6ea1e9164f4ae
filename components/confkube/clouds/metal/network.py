"""The network between given hosts is there already; what is made is the proof that the hosts are ready."""

import pulumi

from confkube.clouds.metal.command import resource
from confkube.clouds.metal.settings import Hosts
from confkube.errors import Refusal
from confkube.platform import TUNNEL, Network, NetworkSpec


def create(name: str, spec: NetworkSpec, block: Hosts, opts: pulumi.ResourceOptions) -> Network:
    """Check all hosts before any of them is changed; deleted last, it gives back what a cut-off run has left.

    No firewall is made: one that closes what it does not know could lock the user out of a host of his own. Openings
    are the user's to make (docs/clouds/metal.md); ranges of administrators, which promise a closed port, are refused.

    Raises:
        Refusal: Ranges of administrators are given.
    """
    ranges = [str(opening.source) for opening in spec.openings if not _inside(opening.source, spec)]
    if ranges:
        raise Refusal(
            f"args.admin_cidrs: {ranges[0]}: on bare metal no firewall is made, so nobody else would be kept out; "
            "leave it empty, and let your own network decide who reaches port 6443"
        )
    made, answer = resource(
        name,
        {"name": name, "cluster": pulumi.Output.from_input(spec.labels).apply(lambda known: known["confkube-cluster"])},
        block,
        block.hosts,
        opts,
    )
    network_id = answer.apply(lambda known: str(known.get("network_id", name)))
    subnets = {tier.name: pulumi.Output.format("{0}/{1}", network_id, tier.name) for tier in spec.tiers}
    return Network(network_id=network_id, subnet_ids=subnets, firewall_ids=dict(subnets), ready=(made,))


def _inside(source: object, spec: NetworkSpec) -> bool:
    return source == TUNNEL or source in {tier.name for tier in spec.tiers}

"""A confidential cluster on the estate's own subnets, and a further pool beside the model's."""

from typing import Any

import pulumi
import pulumi_aws as aws
from network import Estate

import confkube as ck


def confidential_cluster(name: str, estate: Estate) -> tuple[ck.CvmNodes, ck.Workers]:
    """Make the cluster; the estate opens between its subnets what the model needs, and nothing else."""
    for opening in ck.openings("cvm-nodes"):
        source = estate.subnets.get(str(opening.source))
        if source is None:  # the tunnel: Session Manager needs no opening
            continue
        echo = opening.protocol == "icmp"
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-{opening.tier}-{opening.name}",
            security_group_id=estate.subnets[opening.tier].firewall_id,
            referenced_security_group_id=source.firewall_id,
            ip_protocol=opening.protocol,
            from_port=8 if echo else opening.port,
            to_port=opening.port,
            description=opening.why,
        )
    platform: ck.PlatformArgs = {"aws": {"zone": estate.zone}}
    tiers: Any = {purpose.replace("-", "_"): vars(subnet) for purpose, subnet in estate.subnets.items()}
    cluster = ck.CvmNodes(
        name,
        {
            "platform": platform,
            "tee": ck.Tee.SNP,
            "pools": [{"name": "online"}],
            "network": {"network_id": estate.vpc.id, **tiers},
            "owner": "payments",
        },
        pulumi.ResourceOptions(depends_on=estate.ready),
    )
    batch = ck.Workers(
        f"{name}-batch",
        {
            "platform": platform,
            "cluster": cluster.ref,
            "tier": tiers["workers"],
            "join": cluster.join,
            "trust": cluster.trust_ref,
            "tee": ck.Tee.SNP,
            "pool": {"name": "batch", "count": 1, "machine_type": "c6a.4xlarge", "taints": ["batch=only:NoSchedule"]},
        },
        machines_after=estate.ready,
    )
    return cluster, batch

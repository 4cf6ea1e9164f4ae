"""The charts that a cluster starts with, and confkube's settings for them."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from types import MappingProxyType

from confkube import facts
from confkube.bootstrap import AddOn

_VALUES: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        # The controller manager hands out the pods' ranges, from args.addresses.pods; Cilium's own default pool
        # overlaps most private networks. One operator: a cluster may have a single worker. Routing in eBPF would bypass
        # the host's firewall, which keeps pods off the metadata address.
        "cilium": {
            "ipam": {"mode": "kubernetes"},
            "operator": {"replicas": 1},
            "bpf": {"hostLegacyRouting": True},
            # What leaves a confidential machine must not be readable on the provider's network.
            "encryption": {"enabled": True, "type": "wireguard"},
        },
    }
)

_PRIVILEGED = frozenset({"cilium", "lab-network"})


def addons_of(model: str, cloud: str, pods: IPv4Network) -> tuple[AddOn, ...]:
    """The add-ons of a deployment model on a cloud, in the order of installation.

    Args:
        model: Word of the model.
        cloud: Name of the platform.
        pods: Range of the cluster's pods.

    Raises:
        Refusal: A chart's digest is not known.
    """
    return tuple(
        AddOn(
            name=chart.name,
            version=chart.version,
            url=chart.url,
            sha256=chart.pinned(),
            namespace=chart.namespace or "kube-system",
            privileged=chart.name in _PRIVILEGED,
            values=_values(chart.name, pods),
        )
        for chart in facts.addons(model, cloud)
    )


def _values(chart: str, pods: IPv4Network) -> dict[str, object]:
    if chart == "lab-network":
        return {"pods": str(pods)}
    return dict(_VALUES.get(chart, {}))

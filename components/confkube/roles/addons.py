"""The charts that a cluster starts with, and confkube's settings for them."""

from collections.abc import Mapping
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

_PRIVILEGED = frozenset({"cilium"})


def addons_of(model: str) -> tuple[AddOn, ...]:
    """The add-ons of a deployment model, in the order of installation.

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
            values=dict(_VALUES.get(chart.name, {})),
        )
        for chart in facts.addons(model)
    )

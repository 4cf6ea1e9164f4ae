"""How much of each quota is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses
from confkube_sandbox.daemon.gcp.compute.families import FAMILIES, machine_types
from confkube_sandbox.daemon.gcp.errors import OperationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.gcp.compute.families import MachineType
    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Body, Key

IDLE = frozenset({"TERMINATED", "SUSPENDED"})
_COUNTED = {"NETWORKS": ("networks", "gcp-networks"), "FIREWALLS": ("firewalls", "gcp-firewalls")}


def size_of(body: Body) -> MachineType:
    """Return the size of an instance."""
    return machine_types()[str(body["machineType"]).rpartition("/")[2]]


def busy_machines(call: Call, region: str = "") -> Iterator[tuple[Key, Body]]:
    """Every instance that takes vCPUs, of a region or of all."""
    for key, body in call.held("instances"):
        if body["status"] not in IDLE and region in {"", addresses.region_of(key.place)}:
            yield key, body


def usage(call: Call, metric: str, region: str) -> int:
    """How much of a quota is used; ``region`` is empty for those of the project."""
    if metric in _COUNTED:
        return sum(1 for _ in call.held(_COUNTED[metric][0]))
    if metric == "ROUTERS":
        return sum(1 for _ in call.held("routers"))
    if metric == "STATIC_ADDRESSES":
        return sum(1 for _, each in call.held("addresses", region) if each["addressType"] == "EXTERNAL")
    if metric == "IN_USE_ADDRESSES":
        return sum(
            len(nic.get("accessConfigs", []))
            for _, each in busy_machines(call, region)
            for nic in each["networkInterfaces"]
        )
    if metric == "CPUS_ALL_REGIONS":
        return sum(size_of(each).vcpu for _, each in busy_machines(call))
    return sum(size_of(each).vcpu for _, each in busy_machines(call, region) if size_of(each).family.metric == metric)


def limit(call: Call, metric: str) -> int:
    """How much of a quota there is."""
    held = call.settings.quotas
    named = {
        "NETWORKS": "gcp-networks",
        "FIREWALLS": "gcp-firewalls",
        "ROUTERS": "gcp-routers",
        "STATIC_ADDRESSES": "gcp-addresses",
        "IN_USE_ADDRESSES": "gcp-addresses",
        "CPUS": "gcp-cpus",
        "CPUS_ALL_REGIONS": "gcp-cpus",
    }
    return held[named.get(metric, "gcp-family-cpus")]


def require(call: Call, metric: str, more: int, region: str = "") -> None:
    """Refuse what would exceed a quota.

    Raises:
        OperationError: It would.
    """
    most = limit(call, metric)
    if usage(call, metric, region) + more <= most:
        return
    where = f"in region {region}" if region else "globally"
    name = metric.replace("_", "-") + ("-per-project-region" if region else "-per-project")
    raise OperationError(
        "QUOTA_EXCEEDED",
        f"Quota '{metric}' exceeded.  Limit: {most:.1f} {where}.",
        403,
        {
            "quotaInfo": {
                "metricName": f"compute.googleapis.com/{metric.lower()}",
                "limitName": name,
                "limit": float(most),
                "dimensions": {"region": region or "global"},
            }
        },
    )


def quotas(call: Call, region: str) -> list[Body]:
    """Return the quotas of a region, or with an empty name those of the project."""
    own = sorted({each.metric for each in FAMILIES.values()})
    names = [*own, "STATIC_ADDRESSES", "IN_USE_ADDRESSES"] if region else [*_COUNTED, "ROUTERS", "CPUS_ALL_REGIONS"]
    return [
        {"metric": name, "limit": float(limit(call, name)), "usage": float(usage(call, name, region))} for name in names
    ]

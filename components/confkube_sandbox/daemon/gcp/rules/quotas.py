"""Quotas of a project, and what a zone has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses
from confkube_sandbox.daemon.gcp.compute.building import machine_name
from confkube_sandbox.daemon.gcp.compute.families import machine_types
from confkube_sandbox.daemon.gcp.compute.instance_changes import interface
from confkube_sandbox.daemon.gcp.compute.usage import IDLE, require
from confkube_sandbox.daemon.gcp.errors import OperationError
from confkube_sandbox.daemon.gcp.rules.sources import SEEN
from confkube_sandbox.daemon.rules import READ, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call


@rule(
    "compute",
    "networks.insert",
    name="compute.network-quota",
    source="https://github.com/redpanda-data/redpanda/issues/15472",
    date=SEEN,
    evidence=READ,
)
def network_quota(call: Call) -> None:
    """A project has a number of networks; the operation finds out.

    https://github.com/trailofbits/algo/issues/1520 shows the whole text.
    """
    require(call, "NETWORKS", 1)


@rule(
    "compute",
    "firewalls.insert",
    name="compute.firewall-quota",
    source="https://github.com/trailofbits/algo/issues/1520",
    date=SEEN,
    evidence=READ,
)
def firewall_quota(call: Call) -> None:
    """A project has a number of firewall rules; the source shows the text for networks."""
    require(call, "FIREWALLS", 1)


@rule(
    "compute",
    "routers.insert",
    name="compute.router-quota",
    source="https://github.com/trailofbits/algo/issues/1520",
    date=SEEN,
    evidence=READ,
)
def router_quota(call: Call) -> None:
    """A project has a number of routers; the source shows the text for networks."""
    require(call, "ROUTERS", 1)


@rule(
    "compute",
    "addresses.insert",
    name="compute.address-quota",
    source="https://github.com/mesosphere-backup/terraform-dcos/issues/61",
    date=SEEN,
    evidence=READ,
)
def address_quota(call: Call) -> None:
    """A project has a number of reserved public addresses in a region."""
    if call.body.get("addressType", "EXTERNAL") == "EXTERNAL":
        require(call, "STATIC_ADDRESSES", 1, call.place)


@rule(
    "compute",
    "instances.insert instances.start",
    name="compute.cpu-quota",
    source="https://github.com/GoogleCloudPlatform/pubsec-declarative-toolkit/issues/625",
    date=SEEN,
    evidence=READ,
)
def cpu_quota(call: Call) -> None:
    """A project has a number of vCPUs of each family in a region, and of all together."""
    body = call.body if call.operation == "instances.insert" else call.target("instances", "instance")[1]
    if call.operation == "instances.start" and body["status"] not in IDLE:
        return
    found = machine_types()[machine_name(body)]
    require(call, found.family.metric, found.vcpu, addresses.region_of(call.place))
    require(call, "CPUS_ALL_REGIONS", found.vcpu)


@rule(
    "compute",
    "instances.insert instances.addAccessConfig",
    name="compute.in-use-address-quota",
    source="https://github.com/mesosphere-backup/terraform-dcos/issues/61",
    date=SEEN,
    evidence=READ,
)
def in_use_address_quota(call: Call) -> None:
    """A project's machines have a number of public addresses in a region; the source shows it for reserved ones."""
    more = 1
    if call.operation == "instances.insert":
        more = sum(len(each.get("accessConfigs", [])) for each in call.body.get("networkInterfaces", []))
    else:
        interface(call.target("instances", "instance")[1], call.query["networkInterface"])
    if more:
        require(call, "IN_USE_ADDRESSES", more, addresses.region_of(call.place))


@rule(
    "compute",
    "instances.insert instances.start",
    name="compute.capacity",
    source="https://github.com/GoogleCloudPlatform/ai-on-gke/issues/849",
    date=SEEN,
    evidence=READ,
)
def capacity(call: Call) -> None:
    """A zone has a number of machines of a type left, where the user of the sandbox says so."""
    body = call.body if call.operation == "instances.insert" else call.target("instances", "instance")[1]
    if call.operation == "instances.start" and body["status"] not in IDLE:
        return
    name = machine_name(body)
    for each in call.settings.capacity:
        if each.type not in {"*", name} or each.zone not in {"*", call.place}:
            continue
        there = sum(
            1
            for key, held in call.held("instances")
            if held["status"] not in IDLE and each.type in {"*", machine_name(held)} and each.zone in {"*", key.place}
        )
        if there >= each.count:
            raise exhausted(call, name)


def exhausted(call: Call, name: str) -> OperationError:
    """Say that a zone has nothing left of a machine type."""
    zone = call.place
    where = f"projects/{call.project.id}/zones/{zone}"
    again = (
        "Alternatively, you can try your request again with a different VM hardware configuration or at a later time."
    )
    told = f"A {name} VM instance is currently unavailable in the {zone} zone. {again}"
    return OperationError(
        "ZONE_RESOURCE_POOL_EXHAUSTED",
        f"The zone '{where}' does not have enough resources available to fulfill the request.  "
        "'(resource type:compute)'.",
        503,
        {
            "errorInfo": {
                "domain": "compute.googleapis.com",
                "metadatas": {"attachment": "", "vmType": name, "zone": zone, "zonesAvailable": ""},
                "reason": "resource_availability",
            },
            "localizedMessage": {"locale": "en-US", "message": told},
        },
    )

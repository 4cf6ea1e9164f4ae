"""What is in use cannot be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses
from confkube_sandbox.daemon.gcp.compute.disks import users
from confkube_sandbox.daemon.gcp.compute.placing import address_users
from confkube_sandbox.daemon.gcp.errors import ApiError, OperationError
from confkube_sandbox.daemon.gcp.rules.sources import SEEN
from confkube_sandbox.daemon.gcp.rules.targets import target_key
from confkube_sandbox.daemon.rules import READ, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Key

REASON = "resourceInUseByAnotherResource"
CODE = "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE"


def _text(call: Call, key: Key, user: str) -> str:
    noun = addresses.KINDS[key.collection]
    return f"The {noun} resource '{addresses.short(call.project.id, key)}' is already being used by '{user}'"


@rule(
    "compute",
    "networks.delete",
    name="compute.network-in-use",
    source="https://github.com/GoogleCloudPlatform/terraform-google-three-tier-web-app/issues/167",
    date=SEEN,
    evidence=READ,
)
def network_in_use(call: Call) -> None:
    """A network goes when nothing is left in it; its operation finds out."""
    key = target_key(call)
    link = call.link(key)
    for collection in ("firewalls", "subnetworks", "routers"):
        for other, each in call.held(collection):
            if each.get("network") == link:
                raise OperationError(CODE, _text(call, key, addresses.short(call.project.id, other)))


@rule(
    "compute",
    "subnetworks.delete",
    name="compute.subnetwork-in-use",
    source="https://github.com/genevieve/leftovers/issues/6",
    date=SEEN,
    evidence=READ,
)
def subnetwork_in_use(call: Call) -> None:
    """A subnetwork goes when no machine and no reserved address is left in it."""
    key = target_key(call)
    link = call.link(key)
    for other, each in [*call.held("instances"), *call.held("addresses")]:
        nics = each.get("networkInterfaces", [each])
        if any(nic.get("subnetwork") == link for nic in nics):
            raise ApiError(REASON, _text(call, key, addresses.short(call.project.id, other)))


@rule(
    "compute",
    "addresses.delete",
    name="compute.address-in-use",
    source="https://github.com/terraform-google-modules/terraform-google-vm/issues/45",
    date=SEEN,
    evidence=READ,
)
def address_in_use(call: Call) -> None:
    """An address is released when nothing uses it; the source shows the words for other kinds of resources."""
    key = target_key(call)
    found = address_users(call, call.get(key))
    if found:
        raise ApiError(REASON, _text(call, key, addresses.strip(found[0])))


@rule(
    "compute",
    "disks.delete",
    name="compute.disk-attached",
    source="https://github.com/hashicorp/terraform/issues/23698",
    date=SEEN,
    evidence=READ,
)
def disk_attached(call: Call) -> None:
    """A disk is deleted when no machine has it; the source shows the words for attaching it."""
    key = target_key(call)
    found = users(call, key)
    if found:
        raise ApiError(REASON, _text(call, key, addresses.strip(found[0])))


@rule(
    "compute",
    "instanceTemplates.delete",
    name="compute.template-in-use",
    source="https://github.com/terraform-google-modules/terraform-google-vm/issues/45",
    date=SEEN,
    evidence=READ,
)
def template_in_use(call: Call) -> None:
    """A template is deleted when no group uses it."""
    key = target_key(call)
    link = call.link(key)
    for other, each in call.held("instanceGroupManagers"):
        if any(version["instanceTemplate"] == link for version in each["versions"]):
            raise ApiError(REASON, _text(call, key, addresses.short(call.project.id, other)))


@rule(
    "compute",
    "instances.delete",
    name="compute.deletion-protection",
    source="https://github.com/hashicorp/terraform-provider-google/pull/1211",
    date=SEEN,
    evidence=READ,
)
def protected(call: Call) -> None:
    """A protected machine is not deleted."""
    if call.get(target_key(call)).get("deletionProtection"):
        text = "Invalid resource usage: 'Resource cannot be deleted if it's protected against deletion.'."
        raise ApiError("invalidResourceUsage", text)

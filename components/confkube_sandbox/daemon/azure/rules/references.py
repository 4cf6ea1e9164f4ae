"""Rules of Microsoft.Network on resources that a request names: they exist and are ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.context import TERMINAL
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import sources
from confkube_sandbox.daemon.azure.services import addresses, links, network
from confkube_sandbox.daemon.rules import READ, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.azure.context import Call

_SUBNET = (
    ("properties.networkSecurityGroup", network.GROUP),
    ("properties.natGateway", links.NAT),
    ("properties.routeTable", "Microsoft.Network/routeTables"),
)
_CONFIGURED = (
    ("properties.ipConfigurations[].properties.subnet", links.SUBNET),
    ("properties.ipConfigurations[].properties.publicIPAddress", addresses.ADDRESS),
)
_WRITES = (
    "Subnets_CreateOrUpdate NetworkInterfaces_CreateOrUpdate NatGateways_CreateOrUpdate BastionHosts_CreateOrUpdate"
)
_PATHS: dict[str, tuple[tuple[str, str], ...]] = {
    links.SUBNET: _SUBNET,
    links.NIC: (("properties.networkSecurityGroup", network.GROUP), *_CONFIGURED),
    links.NAT: (
        ("properties.publicIpAddresses[]", addresses.ADDRESS),
        ("properties.publicIpPrefixes[]", "Microsoft.Network/publicIPPrefixes"),
    ),
    links.BASTION: _CONFIGURED,
}


@rule(
    "network",
    _WRITES,
    name="network.reference-form",
    source=sources.REFERENCE_FORM,
    date=sources.SEEN,
    evidence=READ,
)
def reference_form(call: Call) -> None:
    """An id that names another resource is an id of the right type."""
    for path, kind, given in _references(call):
        if ids.type_of(given) != kind.lower():
            text = (
                f"Reference Id {given} is not formatted correctly. The Id is expected to reference resources of type "
                f"{kind.rpartition('/')[2]}. Path {path.replace('[]', '[0]')}."
            )
            raise ArmError(
                "InvalidRequestFormat",
                "Cannot parse the request.",
                details=(("InvalidJsonReferenceFormat", text),),
            )


@rule("network", _WRITES, name="network.reference", source=sources.REFERENCE, date=sources.SEEN, evidence=READ)
def reference_exists(call: Call) -> None:
    """A resource that is named exists, in the same region."""
    here = call.location or call.inherited_location
    for _, _, given in _references(call):
        held = call.memory.get(given)
        owner = call.memory.get("/".join(given.split("/")[:9]))
        if held is None or (owner is not None and here and owner.location != here):
            raise not_found(given, call.id)


@rule("network", _WRITES, name="network.reference-ready", source=sources.NOT_READY, date=sources.SEEN, evidence=READ)
def reference_ready(call: Call) -> None:
    """A resource that is named is in its final state."""
    for _, _, given in _references(call):
        held = call.memory.get(given)
        if held is not None and held.state not in TERMINAL:
            verb = "Delete" if held.state == "Deleting" else "Put"
            what = f"{verb}{held.kind.operations.removesuffix('s')}Operation"
            text = (
                f"Cannot proceed with operation because resource {held.id} used by resource {call.id} is not in "
                f"Succeeded state. Resource is in {held.state} state and the last operation that updated/is updating "
                f"the resource is {what}."
            )
            raise ArmError(
                "RetryableError",
                "A retryable error occurred.",
                429,
                details=(("ReferencedResourceNotProvisioned", text),),
                retry_after=10,
            )


@rule(
    "network",
    "VirtualNetworks_CreateOrUpdate VirtualNetworks_Delete Subnets_CreateOrUpdate Subnets_Delete",
    name="network.busy",
    source=sources.BUSY,
    date=sources.SEEN,
    evidence=READ,
)
def busy(call: Call) -> None:
    """A virtual network and its subnets change one after the other."""
    root = call.memory.get("/".join(call.id.split("/")[:9]))
    if root is None:
        return
    for each in (root, *call.memory.children(root)):
        for running in call.memory.running(each.id):
            place = f"/subscriptions/{call.account}/providers/Microsoft.Network/locations/{root.location}"
            text = (
                "Another operation on this or dependent resource is in progress. To retrieve status of the operation "
                f"use uri: https://management.azure.com{place}/operations/{running.id}?api-version="
                f"{call.target.query.get('api-version', '')}."
            )
            raise ArmError("AnotherOperationInProgress", text, 409)


def not_found(given: str, by: str) -> ArmError:
    """Return the refusal for a resource that is named and does not exist."""
    text = (
        f"Resource {given} referenced by resource {by} was not found. Please make sure that the referenced resource "
        "exists, and that both resources are in the same region."
    )
    return ArmError("InvalidResourceReference", text)


def _references(call: Call) -> Iterator[tuple[str, str, str]]:
    for path, kind in _PATHS.get(call.kind.type, ()):
        for given in links.references(call.body, path):
            yield path, kind, given

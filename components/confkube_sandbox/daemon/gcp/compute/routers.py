"""Routers, with their NAT gateways inside, and addresses."""

from __future__ import annotations

import ipaddress
import random
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses, operations
from confkube_sandbox.daemon.gcp.compute.families import regions
from confkube_sandbox.daemon.gcp.compute.listing import gathered, listed
from confkube_sandbox.daemon.gcp.compute.placing import address_users, free_address, taken_addresses
from confkube_sandbox.daemon.gcp.marks import fingerprint
from confkube_sandbox.daemon.gcp.model import Body, Key
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

_NAT_DEFAULTS: Body = {
    "type": "PUBLIC",
    "enableEndpointIndependentMapping": False,
    "enableDynamicPortAllocation": False,
    "endpointTypes": ["ENDPOINT_TYPE_VM"],
    "autoNetworkTier": "PREMIUM",
}


@serves("compute.routers.insert")
def insert_router(call: Call) -> Body:
    """Make a router."""
    body = dict(call.body)
    body["network"] = call.normal(body["network"])
    body["region"] = f"{addresses.ROOT}projects/{call.project.id}/regions/{call.place}"
    if "nats" in body:
        body["nats"] = [_nat(call, each) for each in body["nats"]]
    if "bgp" in body:
        body["bgp"] = _bgp(body["bgp"])
    body.setdefault("encryptedInterconnectRouter", False)
    return operations.create(call, Key("routers", call.place, body["name"]), body)


@serves("compute.routers.get")
def get_router(call: Call) -> Body:
    """Show a router."""
    return call.target("routers", "router")[1]


@serves("compute.routers.list")
def list_routers(call: Call) -> Body:
    """List the routers of a region."""
    return listed(call, "compute#routerList", [each for _, each in call.held("routers", call.place)])


@serves("compute.routers.aggregatedList")
def gather_routers(call: Call) -> Body:
    """List the routers of all regions."""
    items = [(f"regions/{key.place}", each) for key, each in call.held("routers")]
    scopes = [f"regions/{name}" for name in regions()]
    return gathered(call, "compute#routerAggregatedList", "routers", items, scopes)


@serves("compute.routers.patch", "compute.routers.update")
def patch_router(call: Call) -> Body:
    """Change a router; a list of NAT gateways replaces the one that is there."""
    key, held = call.target("routers", "router")
    given = {name: each for name, each in call.body.items() if name in {"bgp", "nats", "description", "interfaces"}}
    if "nats" in given:
        given["nats"] = [_nat(call, each) for each in given["nats"]]
    if "bgp" in given:
        given["bgp"] = _bgp({**held.get("bgp", {}), **given["bgp"]})
    held.update(given)
    if not held.get("nats", True):
        del held["nats"]
    return operations.start(call, key)


@serves("compute.routers.delete")
def delete_router(call: Call) -> Body:
    """Delete a router with its NAT gateways."""
    return operations.remove(call, call.target("routers", "router")[0])


@serves("compute.addresses.insert")
def insert_address(call: Call) -> Body:
    """Reserve an address."""
    body: Body = {"addressType": "EXTERNAL", "description": "", **call.body}
    if body["addressType"] == "INTERNAL":
        body["subnetwork"] = call.normal(body["subnetwork"])
        body.setdefault("purpose", "GCE_ENDPOINT")
        body.setdefault("address", free_address(call, call.key_of(body["subnetwork"])))
    else:
        body.setdefault("networkTier", "PREMIUM")
        body.setdefault("address", public_address(call))
    body["status"] = "RESERVED"
    body["region"] = f"{addresses.ROOT}projects/{call.project.id}/regions/{call.place}"
    body["labelFingerprint"] = fingerprint(body.get("labels"))
    return operations.create(call, Key("addresses", call.place, body["name"]), body)


@serves("compute.addresses.get")
def get_address(call: Call) -> Body:
    """Show an address and who uses it."""
    return _shown(call, call.target("addresses", "address")[1])


@serves("compute.addresses.list")
def list_addresses(call: Call) -> Body:
    """List the addresses of a region."""
    return listed(call, "compute#addressList", [_shown(call, each) for _, each in call.held("addresses", call.place)])


@serves("compute.addresses.aggregatedList")
def gather_addresses(call: Call) -> Body:
    """List the addresses of all regions."""
    items = [(f"regions/{key.place}", _shown(call, each)) for key, each in call.held("addresses")]
    scopes = [f"regions/{name}" for name in regions()]
    return gathered(call, "compute#addressAggregatedList", "addresses", items, scopes)


@serves("compute.addresses.setLabels")
def label_address(call: Call) -> Body:
    """Replace the labels of an address."""
    key = Key("addresses", call.place, call.path["resource"])
    held = call.get(key)
    held["labels"] = call.body.get("labels", {})
    held["labelFingerprint"] = fingerprint(held["labels"])
    return operations.start(call, key)


@serves("compute.addresses.delete")
def delete_address(call: Call) -> Body:
    """Release an address."""
    return operations.remove(call, call.target("addresses", "address")[0])


def public_address(call: Call) -> str:
    """Make up a public address that nothing has.

    They are of the range that is kept for tests of network devices (RFC 2544), which nobody on the Internet has.
    """
    chosen = random.Random(call.new_id())  # noqa: S311  no secret
    block = ipaddress.IPv4Network("198.18.0.0/15")
    taken = taken_addresses(call)
    while True:
        found = str(block.network_address + chosen.randrange(1, block.num_addresses - 1))
        if found not in taken:
            return found


def _shown(call: Call, held: Body) -> Body:
    users = address_users(call, held)
    return {**held, "status": "IN_USE", "users": users} if users else held


def _nat(call: Call, given: Body) -> Body:
    nat = {**_NAT_DEFAULTS, **given}
    if "natIps" in nat:
        nat["natIps"] = [call.normal(each) for each in nat["natIps"]]
    if "subnetworks" in nat:
        nat["subnetworks"] = [{**each, "name": call.normal(each["name"])} for each in nat["subnetworks"]]
    return nat


def _bgp(given: Body) -> Body:
    return {"advertiseMode": "DEFAULT", "keepaliveInterval": 20, **given}

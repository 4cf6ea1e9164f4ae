"""Networks and subnetworks."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses, operations, policies
from confkube_sandbox.daemon.gcp.compute.families import regions
from confkube_sandbox.daemon.gcp.compute.listing import gathered, listed
from confkube_sandbox.daemon.gcp.marks import fingerprint
from confkube_sandbox.daemon.gcp.model import GLOBAL, Body, Key
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

_CHANGEABLE = ("mtu", "networkFirewallPolicyEnforcementOrder")


@serves("compute.networks.insert")
def insert_network(call: Call) -> Body:
    """Make a network with its default route."""
    body = call.body
    key = Key("networks", GLOBAL, body["name"])
    given: Body = {
        "mtu": 1460,
        "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
        **body,
        "routingConfig": {"routingMode": "REGIONAL", **body.get("routingConfig", {})},
        "subnetworks": [],
        "selfLinkWithId": "",
    }
    made = operations.create(call, key, given)
    held = call.project.held[key]
    held["selfLinkWithId"] = f"{addresses.ROOT}projects/{call.project.id}/global/networks/{held['id']}"
    number = call.new_id()
    route = Key("routes", GLOBAL, f"default-route-{int(number):016x}"[:30])
    call.project.held[route] = {
        "kind": "compute#route",
        "id": number,
        "creationTimestamp": operations.stamp(call.now),
        "name": route.name,
        "description": "Default route to the Internet.",
        "network": held["selfLink"],
        "destRange": "0.0.0.0/0",
        "priority": 1000,
        "nextHopGateway": f"{addresses.ROOT}projects/{call.project.id}/global/gateways/default-internet-gateway",
        "selfLink": call.link(route),
    }
    return made


@serves("compute.networks.get")
def get_network(call: Call) -> Body:
    """Show a network."""
    _, held = call.target("networks", "network")
    own = [each["selfLink"] for _, each in call.held("subnetworks") if each["network"] == held["selfLink"]]
    return {**held, "subnetworks": own} if own else {name: each for name, each in held.items() if name != "subnetworks"}


@serves("compute.networks.list")
def list_networks(call: Call) -> Body:
    """List the networks."""
    return listed(call, "compute#networkList", [each for _, each in call.held("networks")])


@serves("compute.networks.patch")
def patch_network(call: Call) -> Body:
    """Change a network."""
    key, held = call.target("networks", "network")
    held.update({name: call.body[name] for name in _CHANGEABLE if name in call.body})
    held["routingConfig"] = {**held["routingConfig"], **call.body.get("routingConfig", {})}
    return operations.start(call, key)


@serves("compute.networks.delete")
def delete_network(call: Call) -> Body:
    """Delete a network and its routes."""
    key, held = call.target("networks", "network")
    for route, each in call.held("routes"):
        if each["network"] == held["selfLink"]:
            del call.project.held[route]
    return operations.remove(call, key)


@serves("compute.routes.get")
def get_route(call: Call) -> Body:
    """Show a route."""
    return call.target("routes", "route")[1]


@serves("compute.routes.list")
def list_routes(call: Call) -> Body:
    """List the routes."""
    return listed(call, "compute#routeList", [each for _, each in call.held("routes")])


@serves("compute.subnetworks.insert")
def insert_subnetwork(call: Call) -> Body:
    """Make a subnetwork."""
    body = dict(call.body)
    key = Key("subnetworks", call.place, body["name"])
    body["network"] = call.normal(body["network"])
    body["region"] = f"{addresses.ROOT}projects/{call.project.id}/regions/{call.place}"
    block = ipaddress.IPv4Network(body["ipCidrRange"], strict=False)
    body["gatewayAddress"] = str(block.network_address + 1)
    body = {
        "privateIpGoogleAccess": False,
        "purpose": "PRIVATE",
        "stackType": "IPV4_ONLY",
        "privateIpv6GoogleAccess": "DISABLE_GOOGLE_ACCESS",
        "logConfig": {"enable": False},
        **body,
    }
    return operations.create(call, key, {**body, "fingerprint": fingerprint(body)})


@serves("compute.subnetworks.get")
def get_subnetwork(call: Call) -> Body:
    """Show a subnetwork."""
    return call.target("subnetworks", "subnetwork")[1]


@serves("compute.subnetworks.list")
def list_subnetworks(call: Call) -> Body:
    """List the subnetworks of a region."""
    return listed(call, "compute#subnetworkList", [each for _, each in call.held("subnetworks", call.place)])


@serves("compute.subnetworks.aggregatedList")
def gather_subnetworks(call: Call) -> Body:
    """List the subnetworks of all regions."""
    items = [(f"regions/{key.place}", each) for key, each in call.held("subnetworks")]
    scopes = [f"regions/{name}" for name in regions()]
    return gathered(call, "compute#subnetworkAggregatedList", "subnetworks", items, scopes)


@serves("compute.subnetworks.patch")
def patch_subnetwork(call: Call) -> Body:
    """Change a subnetwork."""
    key, held = call.target("subnetworks", "subnetwork")
    held.update({name: each for name, each in call.body.items() if name in {"secondaryIpRanges", "logConfig", "role"}})
    return _changed(call, key, held)


@serves("compute.subnetworks.setPrivateIpGoogleAccess")
def set_private_access(call: Call) -> Body:
    """Let machines without a public address reach Google, or not."""
    key, held = call.target("subnetworks", "subnetwork")
    held["privateIpGoogleAccess"] = call.body.get("privateIpGoogleAccess", False)
    return _changed(call, key, held)


@serves("compute.subnetworks.expandIpCidrRange")
def expand(call: Call) -> Body:
    """Make the range of a subnetwork larger."""
    key, held = call.target("subnetworks", "subnetwork")
    held["ipCidrRange"] = call.body["ipCidrRange"]
    return _changed(call, key, held)


@serves("compute.subnetworks.getIamPolicy")
def get_subnetwork_policy(call: Call) -> Body:
    """Show who may use a subnetwork, beside those who may use all."""
    return policies.shown(call.project.policies.get(_resource(call), {}))


@serves("compute.subnetworks.setIamPolicy")
def set_subnetwork_policy(call: Call) -> Body:
    """Say who may use a subnetwork."""
    key = _resource(call)
    call.project.policies[key] = policies.replaced(call)
    return policies.shown(call.project.policies[key])


def _resource(call: Call) -> Key:
    return Key("subnetworks", call.place, call.path["resource"])


@serves("compute.subnetworks.delete")
def delete_subnetwork(call: Call) -> Body:
    """Delete a subnetwork."""
    return operations.remove(call, call.target("subnetworks", "subnetwork")[0])


def _changed(call: Call, key: Key, held: Body) -> Body:
    held["fingerprint"] = fingerprint({name: each for name, each in held.items() if name != "fingerprint"})
    return operations.start(call, key)

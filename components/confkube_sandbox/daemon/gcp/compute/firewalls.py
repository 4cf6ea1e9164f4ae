"""Firewall rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import operations
from confkube_sandbox.daemon.gcp.compute.listing import listed
from confkube_sandbox.daemon.gcp.model import GLOBAL, Body, Key
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call


@serves("compute.firewalls.insert")
def insert(call: Call) -> Body:
    """Make a firewall rule."""
    return operations.create(call, Key("firewalls", GLOBAL, call.body["name"]), _completed(call, call.body))


@serves("compute.firewalls.get")
def get(call: Call) -> Body:
    """Show a firewall rule."""
    return call.target("firewalls", "firewall")[1]


@serves("compute.firewalls.list")
def list_(call: Call) -> Body:
    """List the firewall rules."""
    return listed(call, "compute#firewallList", [each for _, each in call.held("firewalls")])


@serves("compute.firewalls.patch")
def patch(call: Call) -> Body:
    """Change parts of a firewall rule."""
    key, held = call.target("firewalls", "firewall")
    held.update({name: each for name, each in call.body.items() if name not in {"name", "network"}})
    for name in [name for name, each in held.items() if each == []]:
        del held[name]
    held.update(_protocols(held))
    return operations.start(call, key)


@serves("compute.firewalls.update")
def update(call: Call) -> Body:
    """Replace a firewall rule."""
    key, held = call.target("firewalls", "firewall")
    kept = {name: held[name] for name in ("kind", "id", "creationTimestamp", "name", "network", "selfLink")}
    given = {name: each for name, each in call.body.items() if name not in {"name", "network"}}
    call.project.held[key] = {**_completed(call, {**given, "network": held["network"]}), **kept}
    return operations.start(call, key)


@serves("compute.firewalls.delete")
def delete(call: Call) -> Body:
    """Delete a firewall rule."""
    return operations.remove(call, call.target("firewalls", "firewall")[0])


def _completed(call: Call, given: Body) -> Body:
    body: Body = {
        "priority": 1000,
        "direction": "INGRESS",
        "disabled": False,
        "logConfig": {"enable": False},
        "description": "",
        **{name: each for name, each in given.items() if each != []},
    }
    body["network"] = call.normal(body["network"])
    ways = ("sourceRanges", "sourceTags", "sourceServiceAccounts")
    if body["direction"] == "INGRESS" and not any(body.get(name) for name in ways):
        body["sourceRanges"] = ["0.0.0.0/0"]
    if body["direction"] == "EGRESS":
        body.setdefault("destinationRanges", ["0.0.0.0/0"])
    return {**body, **_protocols(body)}


def _protocols(body: Body) -> Body:
    """Write protocols as Compute Engine gives them back: in small letters."""
    return {
        side: [{**each, "IPProtocol": str(each.get("IPProtocol", "")).lower()} for each in body[side]]
        for side in ("allowed", "denied")
        if body.get(side)
    }

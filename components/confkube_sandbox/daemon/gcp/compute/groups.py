"""Managed instance groups and the plain groups that they keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp import addresses, operations, served
from confkube_sandbox.daemon.gcp.compute import fleet
from confkube_sandbox.daemon.gcp.compute.families import zones
from confkube_sandbox.daemon.gcp.compute.listing import gathered, listed
from confkube_sandbox.daemon.gcp.marks import fingerprint
from confkube_sandbox.daemon.gcp.model import Body, Group, Key
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

MANAGERS = "instanceGroupManagers"
PLAIN = "instanceGroups"
_POLICY: Body = {
    "type": "OPPORTUNISTIC",
    "minimalAction": "REPLACE",
    "maxSurge": {"fixed": 1, "calculated": 1},
    "maxUnavailable": {"fixed": 1, "calculated": 1},
    "replacementMethod": "SUBSTITUTE",
}
_LIFECYCLE: Body = {"defaultActionOnFailure": "REPAIR", "forceUpdateOnRepair": "NO"}


@serves("compute.instanceGroupManagers.insert")
def insert(call: Call) -> Body:
    """Make a group; its machines follow."""
    body = dict(call.body)
    key = Key(MANAGERS, call.place, body["name"])
    body["targetSize"] = int(body["targetSize"])
    body.setdefault("baseInstanceName", key.name[:58].rstrip("-"))
    body["versions"] = _versions(call, body)
    body["instanceTemplate"] = body["versions"][-1]["instanceTemplate"]
    body["updatePolicy"] = {**_POLICY, **body.get("updatePolicy", {})}
    body["instanceLifecyclePolicy"] = {**_LIFECYCLE, **body.get("instanceLifecyclePolicy", {})}
    body["zone"] = f"{addresses.ROOT}projects/{call.project.id}/zones/{key.place}"
    body["instanceGroup"] = call.link(Key(PLAIN, key.place, key.name))
    body.setdefault("listManagedInstancesResults", "PAGELESS")
    made = operations.create(call, key, {**body, "fingerprint": fingerprint(body)})
    call.project.groups[key] = Group(key)
    plain = Key(PLAIN, key.place, key.name)
    call.project.held[plain] = {
        "kind": "compute#instanceGroup",
        "id": call.new_id(),
        "creationTimestamp": operations.stamp(call.now),
        "name": key.name,
        "description": f"This instance group is controlled by Instance Group Manager '{key.name}'.",
        "fingerprint": fingerprint(None),
        "zone": body["zone"],
        "selfLink": call.link(plain),
        "size": 0,
    }
    return made


@serves("compute.instanceGroupManagers.get")
def get(call: Call) -> Body:
    """Show a group."""
    return _shown(call, *call.target(MANAGERS, "instanceGroupManager"))


@serves("compute.instanceGroupManagers.list")
def list_(call: Call) -> Body:
    """List the groups of a zone."""
    found = [_shown(call, *each) for each in call.held(MANAGERS, call.place)]
    return listed(call, "compute#instanceGroupManagerList", found)


@serves("compute.instanceGroupManagers.aggregatedList")
def gather(call: Call) -> Body:
    """List the groups of all zones."""
    items = [(f"zones/{key.place}", _shown(call, key, each)) for key, each in call.held(MANAGERS)]
    scopes = [f"zones/{name}" for name in zones()]
    return gathered(call, "compute#instanceGroupManagerAggregatedList", MANAGERS, items, scopes)


@serves("compute.instanceGroupManagers.patch")
def patch(call: Call) -> Body:
    """Change a group."""
    key, held = call.target(MANAGERS, "instanceGroupManager")
    body = call.body
    if "targetSize" in body:
        held["targetSize"] = int(body["targetSize"])
    if body.get("versions") or body.get("instanceTemplate"):
        held["versions"] = _versions(call, body)
        held["instanceTemplate"] = held["versions"][-1]["instanceTemplate"]
    for name in ("updatePolicy", "instanceLifecyclePolicy"):
        held[name] = {**held[name], **body.get(name, {})}
    held.update({name: body[name] for name in ("namedPorts", "description", "autoHealingPolicies") if name in body})
    return _changed(call, key, held)


@serves("compute.instanceGroupManagers.resize")
def resize(call: Call) -> Body:
    """Change how many machines a group has."""
    key, held = call.target(MANAGERS, "instanceGroupManager")
    held["targetSize"] = int(call.query["size"])
    return _changed(call, key, held)


@serves("compute.instanceGroupManagers.setInstanceTemplate")
def set_template(call: Call) -> Body:
    """Change what new machines are made of."""
    key, held = call.target(MANAGERS, "instanceGroupManager")
    held["versions"] = _versions(call, call.body)
    held["instanceTemplate"] = held["versions"][-1]["instanceTemplate"]
    return _changed(call, key, held)


@serves("compute.instanceGroupManagers.delete")
def delete(call: Call) -> Body:
    """Delete a group with its machines."""
    key = call.target(MANAGERS, "instanceGroupManager")[0]
    group = call.project.groups[key]
    for name in list(group.machines):
        fleet.remove(call, group, name)
    return operations.remove(call, key)


@serves("compute.instanceGroupManagers.listManagedInstances")
def list_managed(call: Call) -> Body:
    """Describe the machines of a group."""
    group = call.project.groups[call.target(MANAGERS, "instanceGroupManager")[0]]
    found = list(fleet.managed(call, group))
    return {"managedInstances": found} if found else {}


@serves("compute.instanceGroupManagers.listErrors")
def list_errors(call: Call) -> Body:
    """Say what went wrong with the machines of a group."""
    group = call.project.groups[call.target(MANAGERS, "instanceGroupManager")[0]]
    found = [
        {
            "error": each,
            "instanceActionDetails": {
                "action": machine.action,
                "instance": call.link(Key("instances", group.key.place, machine.name)),
            },
            "timestamp": operations.stamp(call.now),
        }
        for machine in group.machines.values()
        for each in machine.errors
    ]
    return {"items": found} if found else {}


@serves("compute.instanceGroupManagers.deleteInstances")
def delete_instances(call: Call) -> Body:
    """Delete machines and make the group smaller by as many."""
    key, held = call.target(MANAGERS, "instanceGroupManager")
    group = call.project.groups[key]
    for link in call.body.get("instances", []):
        fleet.remove(call, group, str(link).rpartition("/")[2])
        held["targetSize"] -= 1
    return _changed(call, key, held)


@serves("compute.instanceGroupManagers.recreateInstances", "compute.instanceGroupManagers.applyUpdatesToInstances")
def recreate_instances(call: Call) -> Body:
    """Make machines anew from the group's present template."""
    key, held = call.target(MANAGERS, "instanceGroupManager")
    group = call.project.groups[key]
    named = [str(link).rpartition("/")[2] for link in call.body.get("instances", [])]
    for name in list(group.machines) if call.body.get("allInstances") else named:
        fleet.recreate(call, group, name)
    return _changed(call, key, held)


@serves("compute.instanceGroups.get")
def get_plain(call: Call) -> Body:
    """Show the plain group behind a managed one."""
    key, held = call.target(PLAIN, "instanceGroup")
    return _plain(call, key, held)


@serves("compute.instanceGroups.list")
def list_plain(call: Call) -> Body:
    """List the plain groups of a zone."""
    return listed(call, "compute#instanceGroupList", [_plain(call, *each) for each in call.held(PLAIN, call.place)])


@serves("compute.instanceGroups.listInstances")
def list_plain_instances(call: Call) -> Body:
    """List the instances of a plain group."""
    key, _ = call.target(PLAIN, "instanceGroup")
    found = [
        {"instance": each["selfLink"], "status": each["status"], "name": each["name"]} for each in _members(call, key)
    ]
    return listed(call, "compute#instanceGroupsListInstances", found)


def _members(call: Call, key: Key) -> list[Body]:
    group = call.project.groups[Key(MANAGERS, key.place, key.name)]
    held = call.project.held
    keys = [Key("instances", key.place, name) for name in sorted(group.machines)]
    return [held[each] for each in keys if each in held]


def _plain(call: Call, key: Key, held: Body) -> Body:
    members = _members(call, key)
    if not members:
        return held
    nic = members[0]["networkInterfaces"][0]
    return {**held, "size": len(members), "network": nic["network"], "subnetwork": nic["subnetwork"]}


def _versions(call: Call, body: Body) -> list[Body]:
    given = body.get("versions") or [{"instanceTemplate": body["instanceTemplate"]}]
    if len(given) > 1:
        raise served.refusal()
    return [{**each, "instanceTemplate": call.normal(each["instanceTemplate"])} for each in given]


def _shown(call: Call, key: Key, held: Body) -> Body:
    group = call.project.groups[key]
    size = int(held["targetSize"])
    steady = len(group.machines) == size and all(each.action == "NONE" for each in group.machines.values())
    wanted = fleet.wanted_template(held)
    reached = all(each.template == wanted for each in group.machines.values())
    versions = [{**each, "targetSize": {"calculated": size, **each.get("targetSize", {})}} for each in held["versions"]]
    return {
        **held,
        "versions": versions,
        "currentActions": fleet.actions(group),
        "status": {
            "isStable": steady,
            "versionTarget": {"isReached": reached},
            "stateful": {"hasStatefulConfig": False, "perInstanceConfigs": {"allEffective": True}},
            "allInstancesConfig": {"effective": True},
        },
    }


def _changed(call: Call, key: Key, held: Body) -> Body:
    held["fingerprint"] = fingerprint({name: each for name, each in held.items() if name != "fingerprint"})
    return operations.start(call, key)

"""The machines of managed instance groups: a group makes, mends, renews and removes them by itself."""

from __future__ import annotations

import random
import string
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.gcp import addresses, operations
from confkube_sandbox.daemon.gcp.compute import instances
from confkube_sandbox.daemon.gcp.errors import ApiError, OperationError
from confkube_sandbox.daemon.gcp.model import Body, Group, Key, ManagedInstance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.gcp.context import Call

RETRY = 60.0
"""Simulated seconds until a group tries again what failed; ordinary experience."""
_LETTERS = string.ascii_lowercase + string.digits


def reconcile(call: Call, group: Group) -> bool:
    """Bring a group closer to what it should be; True if something was done."""
    manager = call.project.held.get(group.key)
    if manager is None or call.project.busy.get(group.key) == "delete":
        return False
    there = _for(call, group, "instanceGroupManagers.get")
    changed = False
    for each in list(group.machines.values()):
        changed |= _observe(there, group, each)
    surplus = len(group.machines) - int(manager["targetSize"])
    for name in sorted(group.machines, reverse=True)[: max(surplus, 0)]:
        remove(there, group, name)
        changed = True
    for _ in range(-surplus):
        name = _new_name(group, manager)
        group.machines[name] = ManagedInstance(name)
        changed = True
    if manager.get("updatePolicy", {}).get("type") == "PROACTIVE":
        changed |= _renew(there, group, manager)
    for each in group.machines.values():
        if each.action in {"CREATING", "RECREATING"} and not _exists(there, group, each.name):
            changed |= _launch(there, group, manager, each)
    return changed


def remove(call: Call, group: Group, name: str) -> None:
    """Take a machine out of its group and delete it."""
    group.machines.pop(name, None)
    _delete(call, group, name)


def recreate(call: Call, group: Group, name: str) -> None:
    """Delete a machine; the group makes it again under the same name."""
    machine = group.machines[name]
    machine.action, machine.retry_at = "RECREATING", None
    _delete(call, group, name)


def _delete(call: Call, group: Group, name: str) -> None:
    key = Key("instances", group.key.place, name)
    if key in call.project.held and call.project.busy.get(key) != "delete":
        own = _for(call, group, "instances.delete", instance=name)
        instances.delete(own)


def wanted_template(manager: Body) -> str:
    """Return the template that a group's new machines are made of."""
    return str(manager["versions"][-1]["instanceTemplate"])


def _exists(call: Call, group: Group, name: str) -> bool:
    return Key("instances", group.key.place, name) in call.project.held


def _observe(call: Call, group: Group, machine: ManagedInstance) -> bool:
    """Note what became of a machine: running, stopped by somebody, or gone."""
    key = Key("instances", group.key.place, machine.name)
    held = call.project.held.get(key)
    if held is None:
        if machine.action in {"NONE", "VERIFYING"}:
            machine.action = "RECREATING"
            return True
        return False
    if machine.action in {"CREATING", "RECREATING"} and held["status"] == "RUNNING" and key not in call.project.busy:
        machine.action = "NONE"
        return True
    if held["status"] == "TERMINATED" and key not in call.project.busy:
        instances.start(_for(call, group, "instances.start", instance=machine.name))
        return True
    return False


def _renew(call: Call, group: Group, manager: Body) -> bool:
    """Replace one machine of an older template, while all the others run."""
    if any(each.action != "NONE" for each in group.machines.values()):
        return False
    wanted = wanted_template(manager)
    old = sorted(each.name for each in group.machines.values() if each.template != wanted)
    if not old:
        return False
    if manager["updatePolicy"].get("replacementMethod") == "RECREATE":
        recreate(call, group, old[0])
    else:
        remove(call, group, old[0])
    return True


def _launch(call: Call, group: Group, manager: Body, machine: ManagedInstance) -> bool:
    if machine.retry_at is not None and machine.retry_at > call.now:
        return False
    key = call.key_of(wanted_template(manager))
    template = call.project.held.get(key)
    if template is None:
        return False
    own = _for(call, group, "instances.insert")
    own = replace(own, body=_instance_request(call, group, template, machine.name))
    try:
        call.check(own)
        instances.insert(own)
    except (ApiError, OperationError) as refusal:
        code = refusal.code if isinstance(refusal, OperationError) else refusal.reason
        machine.errors = [{"code": code, "message": refusal.message}]
        machine.retry_at = operations.after(call, RETRY)
        return True
    machine.errors, machine.retry_at = [], None
    machine.template = call.link(key)
    return True


def _instance_request(call: Call, group: Group, template: Body, name: str) -> Body:
    properties: dict[str, Any] = template["properties"]
    zone = group.key.place
    number = call.project.number
    items = [
        *properties.get("metadata", {}).get("items", []),
        {"key": "instance-template", "value": f"projects/{number}/global/instanceTemplates/{template['name']}"},
        {"key": "created-by", "value": f"projects/{number}/zones/{zone}/instanceGroupManagers/{group.key.name}"},
    ]
    disks: list[Body] = []
    for each in properties.get("disks", []):
        params = dict(each.get("initializeParams", {}))
        if params.get("diskType"):
            params["diskType"] = f"zones/{zone}/diskTypes/{str(params['diskType']).rpartition('/')[2]}"
        disks.append({**each, **({"initializeParams": params} if params else {})})
    return {
        **{key: value for key, value in properties.items() if key != "description"},
        "name": name,
        "machineType": f"zones/{zone}/machineTypes/{str(properties['machineType']).rpartition('/')[2]}",
        "metadata": {"items": items},
        "disks": disks,
    }


def _for(call: Call, group: Group, operation: str, **path: str) -> Call:
    return replace(
        call,
        operation=operation,
        path={"project": call.project.id, "zone": group.key.place, **path},
        query={},
        body={},
        passing=True,
    )


def _new_name(group: Group, manager: Body) -> str:
    group.made += 1
    chosen = random.Random(f"{manager['id']} {group.made}")  # noqa: S311  a name is no secret
    while True:
        name = f"{manager['baseInstanceName']}-{''.join(chosen.choice(_LETTERS) for _ in range(4))}"
        if name not in group.machines:
            return name


def managed(call: Call, group: Group) -> Iterator[Body]:
    """Describe the machines of a group."""
    for machine in sorted(group.machines.values(), key=lambda each: each.name):
        key = Key("instances", group.key.place, machine.name)
        held = call.project.held.get(key)
        shown: Body = {
            "name": machine.name,
            "instance": call.link(key),
            "currentAction": machine.action,
            "version": {"name": "0", "instanceTemplate": machine.template},
        }
        if held is not None:
            shown |= {"id": held["id"], "instanceStatus": held["status"]}
        if machine.errors:
            shown["lastAttempt"] = {"errors": {"errors": machine.errors}}
        yield shown


def actions(group: Group) -> Body:
    """Count what is being done to the machines of a group."""
    names = ("none", "creating", "creatingWithoutRetries", "verifying", "recreating", "deleting", "abandoning",
             "restarting", "refreshing", "suspending", "resuming", "stopping", "starting")  # fmt: skip
    return {name: sum(each.action == name.upper() for each in group.machines.values()) for name in names}


def place(group: Group) -> str:
    """Return the zone of a group as an address has it."""
    return addresses.place_path(group.key.place)

"""Resource Manager: tags on machines. They are bound where the machine is, by its number."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from confkube_sandbox.daemon.gcp import tags
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.model import Body, Key, TagBinding
from confkube_sandbox.daemon.gcp.registry import serves

if TYPE_CHECKING:
    from datetime import datetime

    from confkube_sandbox.daemon.gcp.context import Call
    from confkube_sandbox.daemon.gcp.model import Project

_INSTANCE = re.compile(r"//compute\.googleapis\.com/projects/([^/]+)/zones/([^/]+)/instances/(\d+)")
# How long Google needs to forget the binding of a machine that is gone is told nowhere; simulated seconds.
_LINGER = 60.0


@serves("cloudresourcemanager.tagBindings.create")
def create(call: Call) -> Body:
    """Bind a value to a machine."""
    key, number = require_instance(call, call.body["parent"])
    parent = f"//compute.googleapis.com/projects/{call.project.number}/zones/{key.place}/instances/{number}"
    value = call.body["tagValue"]
    made = TagBinding(parent=parent, value=value, location=key.place, instance=key, number=number)
    name = f"{parent}/{value}"
    call.project.tag_bindings[name] = made
    return tags.changed(
        call, {"@type": "type.googleapis.com/google.cloud.resourcemanager.v3.TagBinding", **_shown(call, name)}
    )


@serves("cloudresourcemanager.tagBindings.delete")
def delete(call: Call) -> Body:
    """Take a value off a machine."""
    del call.project.tag_bindings[call.path["tagBindingsId"]]
    return tags.changed(call, {"@type": "type.googleapis.com/google.protobuf.Empty"})


@serves("cloudresourcemanager.tagBindings.list", "cloudresourcemanager.effectiveTags.list")
def list_(call: Call) -> Body:
    """List what is bound to a machine; nothing is inherited here."""
    key, number = require_instance(call, call.query["parent"])
    found = [
        name
        for name, each in call.project.tag_bindings.items()
        if each.instance == key and each.number == number and each.ghost is None
    ]
    if call.operation.startswith("tagBindings"):
        return tags.paged(call, "tagBindings", [_shown(call, name) for name in found])
    return tags.paged(call, "effectiveTags", [_effective(call, name) for name in found])


def require_instance(call: Call, parent: str) -> tuple[Key, str]:
    """Return the machine that an address names by its number.

    Raises:
        ApiError: There is none; the caller is told that he may not.
    """
    found = _INSTANCE.fullmatch(parent)
    if found and found[1] in {call.project.id, call.project.number}:
        for key, body in call.held("instances", found[2]):
            if body["id"] == found[3]:
                return key, found[3]
    raise ApiError("forbidden", "The caller does not have permission", 403)


def forget(project: Project, now: datetime, speed: float) -> bool:
    """Let bindings of machines that are gone linger for a while, and then go; True when anything changed."""
    changed = False
    for name, each in list(project.tag_bindings.items()):
        alive = project.held.get(each.instance, {}).get("id") == each.number
        if not alive and each.ghost is None:
            each.ghost = now + timedelta(seconds=_LINGER / speed)
            changed = True
        elif each.ghost is not None and each.ghost <= now:
            del project.tag_bindings[name]
            changed = True
    return changed


def _shown(call: Call, name: str) -> Body:
    held = call.project.tag_bindings[name]
    return {
        "name": f"tagBindings/{quote(held.parent, safe='')}/{held.value}",
        "parent": held.parent,
        "tagValue": held.value,
        "tagValueNamespacedName": call.project.tag_values[held.value].body["namespacedName"],
    }


def _effective(call: Call, name: str) -> Body:
    held = call.project.tag_bindings[name]
    value = call.project.tag_values[held.value].body
    key = call.project.tag_keys[value["parent"]].body
    return {
        "tagValue": held.value,
        "namespacedTagValue": value["namespacedName"],
        "tagKey": key["name"],
        "namespacedTagKey": key["namespacedName"],
        "tagKeyParentName": key["parent"],
    }

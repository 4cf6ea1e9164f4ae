"""Resource groups, subscriptions, lists of resources, and what is done to several resources at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure import lifecycle, operations, reading, resources
from confkube_sandbox.daemon.azure.context import DELETING
from confkube_sandbox.daemon.azure.errors import ArmError, answer
from confkube_sandbox.daemon.azure.services import machines, scale_sets

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call, Memory, Resource
    from confkube_sandbox.daemon.azure.ids import Target
    from confkube_sandbox.daemon.http import Reply

_ALL = ("00000000-0000-4000-8000-000000000000",)
_TERM = re.compile(r"(\w+)\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)


def subscriptions(target: Target, tail: str) -> Reply:
    """Answer a look at subscriptions, one subscription, or its regions."""
    account = target.subscription.lower()
    if not account:
        return answer(200, {"value": [reading.subscription(each) for each in _ALL]})
    return answer(200, reading.locations(account) if tail == "locations" else reading.subscription(account))


def list_groups(memory: Memory, target: Target) -> Reply:
    """List the resource groups of a subscription, all or those with a tag."""
    terms = _terms(target)
    found = [each for each in memory.of_type(resources.GROUP, target.subscription.lower()) if _meets(each, terms)]
    return answer(200, {"value": [resources.show(memory, each) for each in found]})


def list_resources(memory: Memory, target: Target) -> Reply:
    """List the resources of a subscription or a group, all or those that a filter names."""
    terms = _terms(target)
    if target.group:
        group = memory.group_of(target.subscription, target.group)
        if group is None:
            raise ArmError("ResourceGroupNotFound", f"Resource group '{target.group}' could not be found.", 404)
        owners = [group]
    else:
        owners = list(memory.of_type(resources.GROUP, target.subscription.lower()))
    found = [each for owner in owners for each in resources.in_group(memory, owner) if _meets(each, terms)]
    return answer(200, {"value": [resources.generic(each) for each in found]})


def delete(call: Call, base: str) -> Reply:
    """Delete a resource group with everything in it; unlike a resource, a missing one is an error."""
    group = resources.require(call)
    running = call.memory.running(group.id)
    if group.state == DELETING and running:
        version = call.target.query.get("api-version", "")
        return answer(202, None, operations.headers(running[0], call.settings, base, version))
    return resources.delete(call, base)


def purge(memory: Memory, target: Target) -> Reply:
    """Purge a soft-deleted vault, which frees its name."""
    held = reading.deleted_vault(memory, target)
    if held["resource"].at("properties.enablePurgeProtection"):
        text = (
            f'Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service '
            "will automatically purge it after the retention period has passed.\r\nVault: "
            f"{held['resource'].name}"
        )
        raise ArmError("MethodNotAllowed", text, 405)
    del memory.deleted_vaults[held["resource"].name.lower()]
    return answer(200, None)


def instance_view(resource: Resource) -> dict[str, Any]:
    """Return the run-time view of a machine."""
    return machines.instance_view(resource, resource.born.isoformat() if resource.born else "")


def instances(call: Call, scale_set: Resource, action: str, names: list[str], base: str) -> Reply:
    """Delete instances of a scale set, or bring them to its present model."""
    held = {each.name: each for each in scale_sets.instances(call.memory, scale_set)}
    wanted = list(held) if names == ["*"] else names
    unknown = [each for each in wanted if each not in held]
    if unknown:
        text = f"The provided instanceId {unknown[0]} is not an active Virtual Machine Scale Set VM instanceId."
        raise ArmError("InvalidParameter", text, target="instanceIds")
    for each in wanted:
        if action == "delete":
            lifecycle.remove(call.memory, held[each], call.now)
        else:
            scale_sets.model(scale_set, held[each])
    operation = operations.begin(
        call.memory,
        call.settings,
        call.now,
        account=call.account,
        namespace=call.kind.namespace,
        location=scale_set.location,
        action="write",
        target=scale_set.id,
        seconds=call.kind.delete,
    )
    scale_set.state = "Updating"
    return answer(202, None, operations.headers(operation, call.settings, base, call.target.query["api-version"]))


def _terms(target: Target) -> list[tuple[str, str]]:
    text = target.query.get("$filter", "").strip()
    if not text:
        return []
    found = [(one[0].lower(), one[1].replace("''", "'")) for one in _TERM.findall(text)]
    rest = re.sub(r"\band\b|\s", "", _TERM.sub("", text), flags=re.IGNORECASE)
    known = {"tagname", "tagvalue", "resourcetype", "resourcegroup", "name", "location"}
    if rest or not found or any(name not in known for name, _ in found):
        raise ArmError("InvalidFilterInQueryString", f"Invalid $filter '{text}' specified in the query string.")
    return found


def _meets(resource: Resource, terms: list[tuple[str, str]]) -> bool:
    tags = {name.lower(): value for name, value in resource.part("tags").items()}
    tag = next((value.lower() for name, value in terms if name == "tagname"), None)
    facts = {
        "resourcetype": resource.type.lower(),
        "resourcegroup": resource.group,
        "name": resource.name.lower(),
        "location": resource.location,
    }
    for name, value in terms:
        if name == "tagname":
            if value.lower() not in tags:
                return False
        elif name == "tagvalue":
            if tag is None or tags.get(tag) != value:
                return False
        elif facts[name] != value.lower():
            return False
    return True

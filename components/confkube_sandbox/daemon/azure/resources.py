"""Making, reading, changing and deleting resources of any type."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure import ids, lifecycle, operations
from confkube_sandbox.daemon.azure.context import DELETING, TERMINAL, Resource
from confkube_sandbox.daemon.azure.errors import ArmError, answer
from confkube_sandbox.daemon.azure.services import effects, links, machines, roles, storage, vaults

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call, Memory
    from confkube_sandbox.daemon.http import Reply

_STATELESS = frozenset(
    {vaults.ASSIGNMENT, vaults.SECRET, machines.IDENTITY, roles.DEFINITION, roles.CREDENTIAL, storage.CONTAINER}
)
_TOLD = frozenset({vaults.ASSIGNMENT, roles.DEFINITION})
"""What is shown once more when it is deleted."""
_TAGGED = frozenset({"microsoft.network", "microsoft.compute"})
"""Providers that show etags."""
GROUP = "Microsoft.Resources/resourceGroups"
_PATCHED_AT_ONCE = frozenset({"network", "keyvault"})


def show(memory: Memory, resource: Resource) -> dict[str, Any]:
    """Return a resource as a read shows it."""
    body = effects(resource.type).show(memory, resource)
    found: dict[str, Any] = {"name": resource.name, "id": resource.id, "type": resource.type}
    if resource.kind.namespace.lower() in _TAGGED:
        found["etag"] = resource.etag
    properties = dict(ids.part(body, "properties"))
    if resource.type not in _STATELESS:
        properties = {"provisioningState": resource.state, **properties}
    return {**found, **body, "properties": properties}


def put(call: Call, base: str) -> Reply:
    """Make a resource or change it."""
    resource, before = call.existing, call.existing
    kept = copy.deepcopy(resource.kept) if resource else {}
    failing = effects(call.kind.type).failure(call)
    given = {name: value for name, value in call.body.items() if name not in {"name", "id", "type", "etag"}}
    if "location" in given or (call.kind.tracked and call.location):
        given["location"] = call.location
    body = effects(call.kind.type).prepare(call, kept)
    if "location" in given:
        body["location"] = given["location"]
    for name in ("name", "id", "type", "etag"):
        body.pop(name, None)
    if resource is None:
        resource = Resource(id=call.id, type=call.kind.type, given={}, body={}, born=call.now)
    resource.given, resource.body, resource.kept = given, body, kept
    resource.touch()
    call.memory.put(resource)
    effects(call.kind.type).made(call, resource)
    status = call.kind.created if before is None else 200
    headers: dict[str, str] = {}
    if call.kind.create and not (call.method == "PATCH" and call.kind.service in _PATCHED_AT_ONCE):
        resource.state = call.kind.creating if before is None else "Updating"
        operation = operations.begin(
            call.memory,
            call.settings,
            call.now,
            account=call.account,
            namespace=call.kind.namespace,
            location=call.inherited_location or call.location,
            action="write",
            target=resource.id,
            seconds=call.kind.create,
            error=failing,
        )
        headers = _headers(call, operation, base)
    return answer(status, show(call.memory, resource), headers)


def _headers(call: Call, operation: Any, base: str) -> dict[str, str]:  # noqa: ANN401
    if call.kind.service == "keyvault":
        # A vault has no operation to look at; its own state tells how far it is.
        return operations.pause(call.settings)
    return operations.headers(operation, call.settings, base, call.target.query.get("api-version", ""))


def get(call: Call) -> Reply:
    """Read a resource."""
    resource = require(call)
    body = show(call.memory, resource)
    if "instanceview" in call.target.query.get("$expand", "").lower():
        born = resource.born.isoformat() if resource.born else ""
        body["properties"]["instanceView"] = machines.instance_view(resource, born)
    waiting = operations.pause(call.settings) if resource.state not in TERMINAL else {}
    return answer(200, body, waiting)


def delete(call: Call, base: str) -> Reply:
    """Delete a resource; one that does not exist is no error."""
    resource = call.existing
    if resource is None:
        return answer(204, None)
    if not call.kind.delete:
        body = show(call.memory, resource) if call.kind.type in _TOLD else None
        lifecycle.remove(call.memory, resource, call.now)
        return answer(200, body)
    resource.state = DELETING
    operation = operations.begin(
        call.memory,
        call.settings,
        call.now,
        account=call.account,
        namespace=call.kind.namespace,
        location=call.inherited_location,
        action="group" if call.kind.type == GROUP else "delete",
        target=resource.id,
        seconds=call.kind.delete,
    )
    return answer(202, None, _headers(call, operation, base))


def power(call: Call, state: str, base: str) -> Reply:
    """Start or stop a machine."""
    resource = require(call)
    resource.state = "Updating"
    operation = operations.begin(
        call.memory,
        call.settings,
        call.now,
        account=call.account,
        namespace=call.kind.namespace,
        location=call.inherited_location,
        action="power",
        target=resource.id,
        seconds=30,
        note=state,
    )
    return answer(202, None, _headers(call, operation, base))


def listing(call: Call) -> Reply:
    """List the resources of a type where the path says."""
    if call.kind.type == vaults.ASSIGNMENT:
        found = vaults.assignments_of(call.memory, call.target.scope)
        return answer(200, {"value": [show(call.memory, each) for each in found if _wanted(call, each)]})
    start = ids.key(call.target.parent or call.target.scope)
    found = [
        each for each in call.memory.of_type(call.kind.type, call.account) if ids.key(each.id).startswith(start + "/")
    ]
    ordered = sorted(
        found, key=lambda each: (len(each.name), each.name) if each.type == links.INSTANCE else (0, each.id)
    )
    return answer(200, {"value": [show(call.memory, each) for each in ordered]})


def _wanted(call: Call, resource: Resource) -> bool:
    text = call.target.query.get("$filter", "").strip()
    name, _, value = text.partition(" eq ")
    if not text or text.lower() == "atscope()":
        here = ids.key(resource.id.rpartition("/providers/")[0])
        return not text or here == ids.key(call.target.scope)
    if name.strip().lower() in {"principalid", "assignedto"}:
        return resource.at("properties.principalId") == value.strip(" '")
    text = f"The filter '{text}' is not supported. Supported filters are either 'atScope()' or 'principalId eq'."
    raise ArmError("UnsupportedQuery", text)


def require(call: Call) -> Resource:
    """Return the resource that the request is about, or refuse in the words of its provider."""
    if call.existing is not None:
        return call.existing
    raise missing(call)


def missing(call: Call) -> ArmError:
    """Return the refusal for a resource that does not exist."""
    kind = call.kind
    told = _missing_at_once(call)
    if told is None and kind.parent and call.memory.get(call.target.parent):
        told = _missing_below(call)
    if told is not None:
        return ArmError(*told, 404)
    name = f"{kind.namespace}/{'/'.join(f'{one}/{two}' for one, two in _pairs(call))}"
    text = (
        f"The Resource '{name}' under resource group '{call.target.group}' was not found. For more details please go "
        "to https://aka.ms/ARMResourceNotFoundFix"
    )
    return ArmError("ResourceNotFound", text, 404)


def _missing_at_once(call: Call) -> tuple[str, str] | None:
    """Code and text of the types whose provider has words of its own."""
    match call.kind.type:
        case "Microsoft.Resources/resourceGroups":
            return "ResourceGroupNotFound", f"Resource group '{call.target.name}' could not be found."
        case vaults.ASSIGNMENT:
            return "RoleAssignmentNotFound", f"The role assignment '{call.target.name}' is not found."
        case roles.DEFINITION:
            told = call.target.name.replace("-", "")
            return "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{told}' does not exist."
        case _:
            return None


def _missing_below(call: Call) -> tuple[str, str] | None:
    """Code and text of what is part of something that does exist."""
    match call.kind.type:
        case storage.CONTAINER:
            return "ContainerNotFound", "The specified container does not exist."
        case vaults.SECRET:
            return "SecretNotFound", f"A secret with (name/id) {call.target.name} was not found in this key vault."
        case links.INSTANCE:
            return "NotFound", f"The entity was not found in this Azure location: {call.target.name}"
        case _ if call.kind.namespace == "Microsoft.Network":
            return "NotFound", f"Resource {call.id} not found."
        case _:
            return None


def _pairs(call: Call) -> list[tuple[str, str]]:
    return list(zip(call.kind.short.split("/"), call.target.names, strict=False))


def in_group(memory: Memory, group: Resource) -> list[Resource]:
    """Return what counts as the resources of a group: those with a location of their own."""
    return [each for each in memory.children(group) if each.kind.tracked and each.type != GROUP]


def generic(resource: Resource) -> dict[str, Any]:
    """Show a resource as lists of resources do."""
    found: dict[str, Any] = {"id": resource.id, "name": resource.name, "type": resource.type}
    for name in ("location", "tags", "sku", "zones", "identity", "kind"):
        if name in resource.body:
            found[name] = resource.body[name]
    return found

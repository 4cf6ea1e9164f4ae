"""What happens when the time has come. Nothing sleeps: every request first lets the changes happen that are due."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure import operations
from confkube_sandbox.daemon.azure.context import FAILED, SUCCEEDED, TERMINAL
from confkube_sandbox.daemon.azure.services import addresses, effects, images, links, machines, network, storage, vaults

if TYPE_CHECKING:
    from datetime import datetime

    from confkube_sandbox.daemon.azure.context import Memory, Operation, Resource

# The order in which a resource group empties: users before what they use.
_STAGES: tuple[frozenset[str], ...] = (
    frozenset({links.VM, links.SET, links.BASTION}),
    frozenset({links.NIC, machines.DISK}),
    frozenset({vaults.VAULT, machines.IDENTITY, images.GALLERY, images.IMAGE, storage.ACCOUNT}),
    frozenset({network.NETWORK}),
    frozenset({links.NAT, network.GROUP}),
    frozenset({addresses.ADDRESS}),
)


def advance(memory: Memory, now: datetime) -> bool:
    """Let everything happen that is due; True when anything changed."""
    changed = False
    while True:
        due = [each for each in memory.operations.values() if each.status == "InProgress" and each.due <= now]
        if not due:
            break
        changed = True
        _finish(memory, min(due, key=lambda each: each.due))
    for name in [name for name, held in memory.deleted_vaults.items() if held["purged"] <= now]:
        del memory.deleted_vaults[name]
        changed = True
    for key in [key for key, (_, until) in memory.reserved.items() if until <= now]:
        del memory.reserved[key]
    for key in [key for key, each in memory.operations.items() if each.ended and now - each.ended > operations.MEMORY]:
        del memory.operations[key]
    return changed


def remove(memory: Memory, resource: Resource, now: datetime) -> None:
    """Delete a resource with what is nested in it, and with the role assignments at it."""
    for each in vaults.assignments_of(memory, resource.id):
        memory.drop(each)
    memory.drop(resource)
    effects(resource.type).gone(memory, resource, now)
    for each in memory.children(resource):
        memory.drop(each)


def _finish(memory: Memory, operation: Operation) -> None:
    resource = memory.get(operation.target)
    if operation.action == "group":
        _empty(memory, operation, resource)
        return
    operation.ended = operation.due
    operation.status = FAILED if operation.error else SUCCEEDED
    if resource is None:
        return
    if operation.action == "delete" and not operation.error:
        remove(memory, resource, operation.due)
        return
    if operation.action == "power":
        resource.kept["power"] = operation.note
    resource.state = operation.status
    resource.touch()
    for each in memory.children(resource):
        # What was there before a change that fails stays as it was.
        if not operation.error or each.state not in TERMINAL:
            each.state = operation.status


def _empty(memory: Memory, operation: Operation, group: Resource | None) -> None:
    stage = int(operation.note or "0")
    if group is not None and stage < len(_STAGES):
        inside = [each for each in memory.children(group) if each.type in _STAGES[stage]]
        blocked = next((each for each in inside if _used_elsewhere(memory, each)), None)
        if blocked is None:
            for each in inside:
                remove(memory, each, operation.due)
            operation.note = str(stage + 1)
            # A stage with nothing in it takes no time.
            operation.due += timedelta(seconds=operation.seconds if inside else 0)
            return
        text = (
            f"Deletion of resource group '{group.name}' failed as resources with identifiers "
            f"'{blocked.type}/{blocked.name}' could not be deleted. The provisioning state of the resource group will "
            f"be rolled back. The tracking Id is '{operation.id}'. Please check audit logs for more details."
        )
        operation.error = ("ResourceGroupDeletionBlocked", text)
        group.state = SUCCEEDED
    elif group is not None:
        remove(memory, group, operation.due)
    operation.ended = operation.due
    operation.status = FAILED if operation.error else SUCCEEDED


def _used_elsewhere(memory: Memory, resource: Resource) -> bool:
    """Whether something in another resource group uses a resource."""
    if resource.type == network.NETWORK:
        users = [
            user for each in memory.children(resource, network.SUBNET) for user in links.subnet_users(memory, each.id)
        ]
    elif resource.type == network.GROUP:
        subnets, cards = links.group_users(memory, resource.id)
        users = [*subnets, *cards]
    elif resource.type == links.NAT:
        users = links.nat_users(memory, resource.id)
    elif resource.type == addresses.ADDRESS:
        users = [each for each in [links.address_user(memory, resource.id)] if each]
    elif resource.type == links.NIC:
        machine = links.machine_of(memory, resource.id)
        users = [machine.id] if machine else []
    else:
        users = []
    own = "/".join(resource.id.lower().split("/")[:5]) + "/"
    return any(not each.lower().startswith(own) for each in users)

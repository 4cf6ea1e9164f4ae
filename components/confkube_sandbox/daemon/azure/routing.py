"""Which operation a request is, and what answers it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure import frontdoor, groups, ids, kinds, operations, reading, reads, resources
from confkube_sandbox.daemon.azure.context import Call
from confkube_sandbox.daemon.azure.errors import ArmError, answer
from confkube_sandbox.daemon.azure.rules import apply
from confkube_sandbox.daemon.azure.services import base, links, roles, scale_sets, storage
from confkube_sandbox.daemon.azure.validate import Validator

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from confkube_sandbox.daemon.azure.context import Memory
    from confkube_sandbox.daemon.azure.ids import Target
    from confkube_sandbox.daemon.azure.kind import Kind
    from confkube_sandbox.daemon.http import Incoming, Reply
    from confkube_sandbox.daemon.settings import Settings

_WRITES = {"PUT": "CreateOrUpdate", "GET": "Get", "DELETE": "Delete", "PATCH": "Update", "HEAD": "CheckExistence"}
# POST and GET on what follows a resource: what it is called, and the power state that it leads to.
ACTIONS: dict[str, tuple[str, str]] = {
    "microsoft.compute/virtualmachines/start": ("VirtualMachines_Start", "running"),
    "microsoft.compute/virtualmachines/restart": ("VirtualMachines_Restart", "running"),
    "microsoft.compute/virtualmachines/poweroff": ("VirtualMachines_PowerOff", "stopped"),
    "microsoft.compute/virtualmachines/deallocate": ("VirtualMachines_Deallocate", "deallocated"),
    "microsoft.compute/virtualmachines/instanceview": ("VirtualMachines_InstanceView", ""),
    "microsoft.compute/virtualmachinescalesets/delete": ("VirtualMachineScaleSets_DeleteInstances", ""),
    "microsoft.compute/virtualmachinescalesets/manualupgrade": ("VirtualMachineScaleSets_UpdateInstances", ""),
    "microsoft.storage/storageaccounts/listkeys": ("StorageAccounts_ListKeys", ""),
    "microsoft.compute/virtualmachinescalesets/networkinterfaces": ("NetworkInterfaces_ListVirtualMachineScaleSet", ""),
    "microsoft.compute/virtualmachinescalesets/virtualmachines/networkinterfaces": (
        "NetworkInterfaces_ListVirtualMachineScaleSetVM",
        "",
    ),
}
_READ_ACTIONS = frozenset({"instanceview", "networkinterfaces"})
_NIC_VERSIONS = ("2018-10-01",)
_GROUPS = kinds.kind(resources.GROUP)


def operation_of(method: str, target: Target) -> str:
    """Return the name of an operation, such as ``VirtualMachines_CreateOrUpdate``."""
    name = target.type.lower()
    if name in ACTIONS:
        return ACTIONS[name][0]
    if name in reads.READS:
        return reads.READS[name][0]
    kind = kinds.by_type().get(name)
    if kind is None:
        return f"ResourceGroups_{_WRITES.get(method, method)}" if target.group and not target.tail else "Resources_List"
    if target.is_collection:
        return f"{kind.operations}_{'List' if target.group else 'ListAll'}"
    verb = "UpdateTags" if method == "PATCH" and kind.service == "network" else _WRITES.get(method, method)
    return f"{kind.operations}_{verb}"


class Router:
    """Answers one request."""

    def __init__(  # noqa: PLR0913  everything that a request meets
        self,
        request: Incoming,
        target: Target,
        memory: Memory,
        *,
        settings: Settings,
        now: datetime,
        disabled: frozenset[str],
    ) -> None:
        self._request, self._target = request, target
        self._memory, self._settings, self._now = memory, settings, now
        self._disabled = disabled
        self._base = f"http://{request.header('host') or '127.0.0.1'}"

    def answer(self) -> Reply:
        """Answer the request, or raise ArmError."""
        target = self._target
        if not target.namespace:
            return self._without_provider()
        name = target.type.lower()
        if not target.types and target.namespace.lower() in kinds.NAMESPACES and target.subscription:
            self._version(_GROUPS.versions)
            self._method("GET")
            return answer(200, reading.provider(target.subscription, target.namespace))
        if name in reads.READS or (name == "microsoft.keyvault/locations/deletedvaults/purge"):
            return self._read(name)
        if name in ACTIONS:
            return self._action(name)
        kind = kinds.by_type().get(name)
        if kind is None or kind.type == resources.GROUP:
            raise frontdoor.unknown_type(target, self._disabled)
        self._version(kind.versions)
        if kind.type == roles.DEFINITION and self._request.method == "GET":
            return reading.role_definitions(self._memory, target)
        return self._resource(kind)

    def _without_provider(self) -> Reply:
        target = self._target
        tail = target.tail[0].lower() if target.tail else ""
        if target.group and not tail:
            self._version(_GROUPS.versions)
            as_resource = replace(
                target, namespace="Microsoft.Resources", types=("resourceGroups",), names=(target.group,)
            )
            return self._resource(_GROUPS, as_resource)
        if target.subscription and tail in {"resourcegroups", "resources", "operationresults"}:
            self._version(_GROUPS.versions)
            self._method("GET")
            if tail == "operationresults":
                return operations.show_result(self._memory, self._settings, target, self._base)
            listing = groups.list_groups if tail == "resourcegroups" else groups.list_resources
            return listing(self._memory, target)
        if target.path.lower() == "/subscriptions" or (target.subscription and tail in {"", "locations"}):
            self._version(frontdoor.SUBSCRIPTION_VERSIONS)
            self._method("GET")
            return groups.subscriptions(target, tail)
        raise ArmError("NotFound", "Not found.", 404)

    def _read(self, name: str) -> Reply:
        target = self._target
        if name.endswith("/purge"):
            self._version(reads.READS["microsoft.keyvault/deletedvaults"][1])
            self._method("POST")
            return groups.purge(self._memory, target)
        self._version(reads.READS[name][1])
        self._method("POST" if name.endswith("/checknameavailability") else "GET")
        handlers: dict[str, Callable[[], Reply]] = {
            "skus": lambda: reading.skus(target),
            "usages": lambda: reading.usages(self._memory, self._settings, target),
            "operations": lambda: operations.show(self._memory, self._settings, target),
            "vmsizes": lambda: reading.vm_sizes(target),
            "deletedvaults": lambda: reading.deleted_vaults(self._memory, target),
            "versions": lambda: reading.image(target),
            "checknameavailability": self._name_available,
        }
        return handlers[name.rpartition("/")[2]]()

    def _name_available(self) -> Reply:
        name = str(frontdoor.read_json(self._request.body, self._disabled).get("name", ""))
        return answer(200, reading.name_available(self._memory, name))

    def _action(self, name: str) -> Reply:
        target = self._target
        action = target.types[-1].lower()
        kind = kinds.kind(name.rpartition("/")[0])
        self._version(_NIC_VERSIONS if action == "networkinterfaces" else kind.versions)
        self._method("GET" if action in _READ_ACTIONS else "POST")
        owner = replace(
            target,
            path=target.path.rpartition("/")[0],
            types=target.types[:-1],
            names=target.names[: len(target.types) - 1],
        )
        call = self._call(kind, owner, operation_of(self._request.method, target))
        apply(call, self._disabled, arm=True)
        resource = resources.require(call)
        apply(call, self._disabled)
        if action == "listkeys":
            return answer(200, storage.keys(resource))
        if action == "instanceview":
            return answer(200, groups.instance_view(resource))
        if action == "networkinterfaces":
            held = [resource] if kind.type == links.INSTANCE else scale_sets.instances(self._memory, resource)
            cards = [card for each in held for card in scale_sets.interfaces(self._memory, each)]
            return answer(200, {"value": cards})
        if kind.type == links.SET:
            wanted = ids.rows(frontdoor.read_json(self._request.body, self._disabled), "instanceIds")
            return groups.instances(call, resource, action, [str(each) for each in wanted], self._base)
        return resources.power(call, ACTIONS[name][1], self._base)

    def _resource(self, kind: Kind, target: Target | None = None) -> Reply:
        target = target or self._target
        method = self._request.method
        call = self._call(kind, target, operation_of(method, self._target))
        if target.is_collection:
            self._method("GET")
            apply(call, self._disabled, arm=True)
            return resources.listing(call)
        if method not in kind.methods and frontdoor.METHOD not in self._disabled:
            raise frontdoor.unknown_method(method)
        if method in {"PUT", "PATCH"}:
            return self._write(call, kind)
        apply(call, self._disabled, arm=True)
        apply(call, self._disabled)
        if method == "HEAD":
            resources.require(call)
            return answer(204, None)
        if method == "DELETE":
            return (
                groups.delete(call, self._base) if kind.type == resources.GROUP else resources.delete(call, self._base)
            )
        return resources.get(call)

    def _write(self, call: Call, kind: Kind) -> Reply:
        text = self._request.body.decode("utf-8", "replace")
        raw = frontdoor.read_json(self._request.body, self._disabled)
        patch = call.method == "PATCH"
        call = replace(call, body=raw)
        apply(call, self._disabled, arm=True)
        if patch:
            resources.require(call)
        checked = Validator(kind.namespace, call.target.name, text, self._disabled).check(kind.shape(patch=patch), raw)
        if patch and call.existing is not None:
            checked = base.merged(call.existing.given, checked)
        call = replace(call, body=checked)
        apply(call, self._disabled)
        return resources.put(call, self._base)

    def _call(self, kind: Kind, target: Target, operation: str) -> Call:
        own = _canonical(self._memory, kind, target)
        existing = self._memory.get(own) if not target.is_collection else None
        return Call(
            account=target.subscription.lower(),
            operation=operation,
            method=self._request.method,
            target=target,
            kind=kind,
            id=existing.id if existing else own,
            body={},
            now=self._now,
            settings=self._settings,
            memory=self._memory,
            existing=existing,
            headers={name.lower(): value for name, value in self._request.headers.items()},
        )

    def _version(self, versions: tuple[str, ...]) -> None:
        group = self._memory.group_of(self._target.subscription, self._target.group)
        frontdoor.require_version(self._target, versions, group.location if group else "", self._disabled)

    def _method(self, wanted: str) -> None:
        if self._request.method != wanted and frontdoor.METHOD not in self._disabled:
            raise frontdoor.unknown_method(self._request.method)


def _canonical(memory: Memory, kind: Kind, target: Target) -> str:
    """Return a resource's id in Azure's own spelling, where the names of what exists keep theirs."""
    group = memory.group_of(target.subscription, target.group) if target.group else None
    start = f"/subscriptions/{target.subscription.lower()}"
    if kind.type == resources.GROUP:
        return f"{start}/resourceGroups/{target.name}"
    if kind.type == roles.DEFINITION:
        return roles.own_id(target.subscription.lower(), target.name)
    if kind.namespace == "Microsoft.Authorization":
        owner = memory.get(target.scope)
        return f"{owner.id if owner else target.scope}/providers/{kind.type}/{target.name}"
    found = f"{start}/resourceGroups/{group.name if group else target.group}/providers/{kind.namespace}"
    for short, name in zip(kind.short.split("/"), target.names, strict=False):
        held = memory.get(f"{found}/{short}/{name}")
        found = held.id if held else f"{found}/{short}/{name}"
    return found

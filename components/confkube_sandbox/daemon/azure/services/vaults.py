"""Key vaults with soft delete, their secrets, and role assignments."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from confkube_sandbox.accounts import AZURE_CALLER
from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.services.base import Effects, defaults

if TYPE_CHECKING:
    from datetime import datetime

    from confkube_sandbox.daemon.azure.context import Call, Memory, Resource

VAULT = "Microsoft.KeyVault/vaults"
SECRET = "Microsoft.KeyVault/vaults/secrets"  # noqa: S105  the name of a resource type
ASSIGNMENT = "Microsoft.Authorization/roleAssignments"


def vault_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a vault's body."""
    del kept
    usual: dict[str, Any] = {
        "vaultUri": f"https://{call.target.name.lower()}.vault.azure.net/",
        "accessPolicies": [],
        "enabledForDeployment": False,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "publicNetworkAccess": "Enabled",
    }
    given = {name: value for name, value in call.properties.items() if name != "createMode"}
    return {**call.body, "properties": defaults(given, usual)}


def vault_made(call: Call, resource: Resource) -> None:
    """Bring secrets back when a deleted vault is recovered."""
    held = call.memory.deleted_vaults.get(resource.name.lower())
    if held is None or call.at("properties.createMode") != "recover":
        return
    del call.memory.deleted_vaults[resource.name.lower()]
    for each in held["secrets"]:
        call.memory.put(each)


def vault_gone(memory: Memory, resource: Resource, now: datetime) -> None:
    """Keep a deleted vault: its name stays taken until it is purged."""
    days = int(resource.at("properties.softDeleteRetentionInDays"))
    secrets = memory.children(resource, SECRET)
    for each in secrets:
        memory.drop(each)
    memory.deleted_vaults[resource.name.lower()] = {
        "resource": resource,
        "secrets": secrets,
        "deleted": now,
        "purged": now + timedelta(days=days),
    }


def deleted_view(held: dict[str, Any]) -> dict[str, Any]:
    """Show a deleted vault."""
    resource: Resource = held["resource"]
    place = f"/subscriptions/{resource.account}/providers/Microsoft.KeyVault/locations/{resource.location}"
    return {
        "id": f"{place}/deletedVaults/{resource.name}",
        "name": resource.name,
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": {
            "vaultId": resource.id,
            "location": resource.location,
            "tags": resource.body.get("tags", {}),
            "deletionDate": held["deleted"].isoformat(),
            "scheduledPurgeDate": held["purged"].isoformat(),
        },
    }


def secret_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a secret's body: its value is kept and never shown."""
    vault = call.target.names[0].lower()
    if "version" not in kept or (call.existing and call.existing.given != call.body):
        kept["version"] = uuid.uuid4().hex
    moment = int(call.now.timestamp())
    kept.setdefault("created", moment)
    kept["value"] = call.at("properties.value")
    uri = f"https://{vault}.vault.azure.net/secrets/{call.target.name}"
    attributes = defaults(
        call.part("properties.attributes"), {"enabled": True, "created": kept["created"], "updated": moment}
    )
    shown = {name: value for name, value in call.properties.items() if name != "value"}
    properties = {
        **shown,
        "attributes": attributes,
        "secretUri": uri,
        "secretUriWithVersion": f"{uri}/{kept['version']}",
    }
    return {**call.body, "location": call.inherited_location, "properties": properties}


def assignment_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a role assignment's body."""
    moment = kept.setdefault("created", call.now.isoformat())
    usual: dict[str, Any] = {
        "scope": call.target.scope,
        "principalType": kept.setdefault("principalType", call.at("properties.principalType") or "ServicePrincipal"),
        "createdOn": moment,
        "updatedOn": call.now.isoformat(),
        "createdBy": AZURE_CALLER,
        "updatedBy": AZURE_CALLER,
    }
    return {**call.body, "properties": defaults(call.properties, usual)}


def assignments_of(memory: Memory, scope: str) -> list[Resource]:
    """Return the role assignments at a scope and below it."""
    start = ids.key(scope)
    found: list[Resource] = []
    for each in memory.of_type(ASSIGNMENT):
        own = ids.key(each.id.rpartition(f"/providers/{ASSIGNMENT}/")[0])
        if own == start or own.startswith(start + "/"):
            found.append(each)
    return found


EFFECTS = (
    Effects(type=VAULT, prepare=vault_properties, made=vault_made, gone=vault_gone),
    Effects(type=SECRET, prepare=secret_properties),
    Effects(type=ASSIGNMENT, prepare=assignment_properties),
)

"""Custom roles: they belong to the directory, whatever scope they are made at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.accounts import AZURE_CALLER
from confkube_sandbox.daemon.azure.catalog import roles
from confkube_sandbox.daemon.azure.services.base import Effects, defaults

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call, Memory, Resource

DEFINITION = "Microsoft.Authorization/roleDefinitions"
CREDENTIAL = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"


def own_id(account: str, name: str) -> str:
    """Id of a custom role: Azure shows it below the subscription also where it was made at a group.

    That is why hashicorp/terraform-provider-azurerm keeps the scope beside the id (role_definition_resource.go).
    """
    return f"/subscriptions/{account}/providers/{DEFINITION}/{name}"


def definition_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a custom role's body."""
    moment = kept.setdefault("created", call.now.isoformat())
    permissions = [
        defaults(each, {"actions": [], "notActions": [], "dataActions": [], "notDataActions": []})
        for each in call.rows("properties.permissions")
    ]
    own = {
        "type": "CustomRole",
        "permissions": permissions,
        "createdOn": moment,
        "updatedOn": call.now.isoformat(),
        "createdBy": AZURE_CALLER,
        "updatedBy": AZURE_CALLER,
    }
    return {**call.body, "properties": {**call.properties, **own}}


def find(memory: Memory, guid: str) -> Resource | None:
    """Return a custom role by its GUID."""
    return next((each for each in memory.of_type(DEFINITION) if each.name.lower() == guid.lower()), None)


def assignable(memory: Memory, guid: str, scope: str) -> bool:
    """Whether a role exists that can be assigned at a scope: a built-in one, or a custom one that names it."""
    if guid.lower() in roles.ROLES:
        return True
    custom = find(memory, guid)
    if custom is None:
        return False
    here = scope.lower().rstrip("/")
    places = [str(each).lower().rstrip("/") for each in custom.rows("properties.assignableScopes")]
    return any(here == each or here.startswith(f"{each}/") for each in places)


EFFECTS = (Effects(type=DEFINITION, prepare=definition_properties), Effects(type=CREDENTIAL))

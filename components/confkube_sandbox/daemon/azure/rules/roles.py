"""Rules of Microsoft.Authorization on custom roles."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.catalog import actions, roles
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import sources
from confkube_sandbox.daemon.azure.services import roles as custom
from confkube_sandbox.daemon.azure.services import vaults
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call

_SEEN = "2026-11-27"
_DEFINE = "RoleDefinitions_CreateOrUpdate"


@rule(
    "authorization",
    _DEFINE,
    name="authorization.definition-name",
    source=sources.CUSTOM_ROLES,
    date=_SEEN,
    evidence=RECALLED,
)
def definition_name(call: Call) -> None:
    """Role names are shared by the whole directory (code and status were read in public code)."""
    wanted = str(call.properties.get("roleName", ""))
    others = {each.name.lower(): each.at("properties.roleName") for each in call.memory.of_type(custom.DEFINITION)}
    others.pop(call.target.name.lower(), None)
    if wanted in others.values() or wanted in roles.ROLES.values():
        text = "A custom role with the same name already exists in this directory. Use a different name"
        raise ArmError("RoleDefinitionWithSameNameExists", text, 409)


@rule(
    "authorization",
    _DEFINE,
    name="authorization.definition-actions",
    source=sources.ROLE_ACTIONS,
    date=_SEEN,
    evidence=READ,
)
def definition_actions(call: Call) -> None:
    """Actions are those of the providers, or a pattern that fits some of them."""
    for permission in call.rows("properties.permissions"):
        for given in [*permission.get("actions", []), *permission.get("notActions", [])]:
            if not any(fnmatchcase(each.lower(), str(given).lower()) for each in actions.ACTIONS):
                text = f"'{given}' does not match any of the actions supported by the providers."
                raise ArmError("InvalidActionOrNotAction", text)


@rule(
    "authorization",
    _DEFINE,
    name="authorization.definition-scopes",
    source=sources.CUSTOM_ROLES,
    date=_SEEN,
    evidence=RECALLED,
)
def definition_scopes(call: Call) -> None:
    """A custom role can be assigned at named subscriptions and resource groups, and it is made at one of them."""
    given = [str(each).rstrip("/") for each in call.rows("properties.assignableScopes")]
    wrong = [each for each in given if ids.parse(each).namespace or not ids.parse(each).subscription]
    if not given or wrong:
        told = wrong[0] if wrong else ""
        text = (
            f"The assignable scope '{told}' is not valid. An assignable scope is a management group, a subscription or "
            "a resource group."
        )
        raise ArmError("InvalidAssignableScopes", text)
    if ids.key(call.target.scope) not in {ids.key(each) for each in given}:
        text = (
            f"The role definition cannot be created at the scope '{call.target.scope}', which is not one of its "
            "assignable scopes."
        )
        raise ArmError("InvalidRoleDefinitionScope", text)


@rule(
    "authorization",
    "RoleDefinitions_Delete",
    name="authorization.definition-in-use",
    source=sources.CUSTOM_ROLES,
    date=_SEEN,
    evidence=READ,
)
def definition_in_use(call: Call) -> None:
    """A role that is assigned to somebody is not deleted (the status is recalled)."""
    if call.existing is None:
        return
    for each in call.memory.of_type(vaults.ASSIGNMENT):
        if str(each.at("properties.roleDefinitionId")).rpartition("/")[2].lower() == call.existing.name.lower():
            text = "There are existing role assignments referencing role."
            raise ArmError("RoleDefinitionHasAssignments", text)

"""Rules of Microsoft.Authorization on role assignments."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from confkube_sandbox.accounts import AZURE_CALLER, AZURE_TENANT
from confkube_sandbox.daemon.azure import ids
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import sources
from confkube_sandbox.daemon.azure.services import machines, roles, vaults
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call

_ASSIGN = "RoleAssignments_CreateOrUpdate"


@rule("authorization", _ASSIGN, name="authorization.scope", source=sources.COMMON, date=sources.SEEN, evidence=RECALLED)
def scope_exists(call: Call) -> None:
    """The scope of a role assignment exists."""
    scope = call.target.scope
    if scope.count("/") <= 2 or call.memory.get(scope) is not None:
        return
    if not ids.parse(scope).namespace:
        text = f"Resource group '{ids.parse(scope).group}' could not be found."
        raise ArmError("ResourceGroupNotFound", text, 404)
    parts = scope.split("/")
    group = parts[4] if len(parts) > 4 else ""
    text = (
        f"The Resource '{'/'.join(parts[6:])}' under resource group '{group}' was not found. For more details please "
        "go to https://aka.ms/ARMResourceNotFoundFix"
    )
    raise ArmError("ResourceNotFound", text, 404)


@rule("authorization", _ASSIGN, name="authorization.role", source=sources.ROLES, date=sources.SEEN, evidence=RECALLED)
def role_exists(call: Call) -> None:
    """The role exists, and can be assigned there."""
    given = str(call.properties.get("roleDefinitionId", ""))
    guid = given.rpartition("/")[2].lower()
    known = ids.type_of(given) == "microsoft.authorization/roledefinitions"
    if not known or not roles.assignable(call.memory, guid, call.target.scope):
        text = f"The specified role definition with ID '{guid.replace('-', '')}' does not exist."
        raise ArmError("RoleDefinitionDoesNotExist", text, 404)


@rule(
    "authorization",
    _ASSIGN,
    name="authorization.principal-form",
    source=sources.PRINCIPAL_FORM,
    date=sources.SEEN,
    evidence=READ,
)
def principal_form(call: Call) -> None:
    """A principal is named by its object id, a GUID."""
    given = call.properties.get("principalId")
    if not ids.is_guid(given):
        text = f"The Principal ID '{given}' is not valid. Principal ID must be a GUID."
        raise ArmError("InvalidPrincipalId", text)


@rule(
    "authorization", _ASSIGN, name="authorization.principal", source=sources.PRINCIPAL, date=sources.SEEN, evidence=READ
)
def principal_exists(call: Call) -> None:
    """Without a type the principal is looked up in the directory, where a new one appears with a delay."""
    if call.properties.get("principalType"):
        return
    principal = str(call.properties.get("principalId", "")).lower()
    lag = timedelta(seconds=call.settings.consistency_lag / call.settings.speed)
    known = {AZURE_CALLER} | {
        str(each.at("properties.principalId"))
        for each in call.memory.of_type(machines.IDENTITY)
        if each.born is None or call.now - each.born >= lag
    }
    if principal not in known:
        text = (
            f"Principal {principal.replace('-', '')} does not exist in the directory {AZURE_TENANT}. Check that "
            "you have the correct principal ID. If you are creating this principal and then immediately assigning a "
            "role, this error might be related to a replication delay. In this case, set the role assignment "
            "principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype"
        )
        raise ArmError("PrincipalNotFound", text)


@rule(
    "authorization",
    _ASSIGN,
    name="authorization.principal-type",
    source=sources.PRINCIPAL_TYPE,
    date=sources.SEEN,
    evidence=READ,
)
def principal_type(call: Call) -> None:
    """The type of a principal that is known is the right one."""
    given = call.properties.get("principalType")
    principal = str(call.properties.get("principalId", "")).lower()
    known = {str(each.at("properties.principalId")) for each in call.memory.of_type(machines.IDENTITY)} | {AZURE_CALLER}
    if given and given != "ServicePrincipal" and principal in known:
        text = (
            f"The PrincipalId '{principal.replace('-', '')}' has type 'ServicePrincipal' , which is different from "
            f"specified PrinciaplType '{given}'."
        )
        raise ArmError("UnmatchedPrincipalType", text)


@rule(
    "authorization",
    _ASSIGN,
    name="authorization.update",
    source=sources.ASSIGNMENT_FIXED,
    date=sources.SEEN,
    evidence=READ,
)
def assignment_fixed(call: Call) -> None:
    """A role assignment is not changed (the text was read in public code)."""
    if call.existing is None:
        return
    for name in ("principalId", "roleDefinitionId"):
        before, after = str(ids.at(call.existing.given, f"properties.{name}")), str(call.properties.get(name))
        if before.rpartition("/")[2].lower() != after.rpartition("/")[2].lower():
            text = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
            raise ArmError("RoleAssignmentUpdateNotPermitted", text)


@rule(
    "authorization",
    _ASSIGN,
    name="authorization.twice",
    source=sources.ASSIGNMENT_TWICE,
    date=sources.SEEN,
    evidence=READ,
)
def assignment_twice(call: Call) -> None:
    """A principal has a role at a scope once."""
    own = (
        str(call.properties.get("principalId")).lower(),
        str(call.properties.get("roleDefinitionId")).rpartition("/")[2],
    )
    for each in call.memory.of_type(vaults.ASSIGNMENT):
        scope = each.id.rpartition(f"/providers/{vaults.ASSIGNMENT}/")[0]
        if ids.key(scope) != ids.key(call.target.scope) or each.name.lower() == call.target.name.lower():
            continue
        held = (
            str(each.at("properties.principalId")).lower(),
            str(each.at("properties.roleDefinitionId")).rpartition("/")[2],
        )
        if held == own:
            told = each.name.replace("-", "")
            text = f"The role assignment already exists. The ID of the existing role assignment is {told}."
            raise ArmError("RoleAssignmentExists", text, 409)

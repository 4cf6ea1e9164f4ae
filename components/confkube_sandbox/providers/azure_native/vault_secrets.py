"""Secrets of a vault: Azure Resource Manager cannot delete them, so the real provider asks the vault itself.

After provider/pkg/resources/customresources/custom_keyvault.go of github.com/pulumi/pulumi-azure-native at
22a5b5bec2de, read on 2026-11-25. The sandbox has no data plane. Its caller has no role there unless one is assigned,
and is refused in the vault's own words; one that would be let in is told that the sandbox ends here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.accounts import AZURE_CALLER, AZURE_TENANT
from confkube_sandbox.providers.azure_native.api import ArmError
from confkube_sandbox.providers.azure_native.connection import Connection, connect
from confkube_sandbox.providers.azure_native.paths import parsed
from confkube_sandbox.providers.azure_native.resource import Resource
from confkube_sandbox.providers.errors import CloudError

if TYPE_CHECKING:
    from confkube_sandbox.providers.handler import Context, Properties

_VAULTS = "2024-11-01"
_ASSIGNMENTS = "2022-04-01"
# Built-in roles whose data actions include Microsoft.KeyVault/vaults/secrets/delete, by id.
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/security (2026-11-25, recalled)
_DELETERS = frozenset({"00482a5a-887f-4fb3-b363-3b7fe8e74483", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"})
_ISSUER = f"iss=https://sts.windows.net/{AZURE_TENANT}/"
_RULE = "-" * 80
_PROPAGATION = (
    "If role assignments, deny assignments or role definitions were changed recently, please observe propagation time."
)


class Secret(Resource):
    """A secret of a vault; only its removal differs from other types."""

    def delete(self, id_: str, outputs: Properties, ctx: Context) -> None:  # noqa: ARG002
        """Be refused as the vault refuses, unless there is nothing to delete."""
        azure = connect(ctx)
        names = parsed(id_, self.kind.path)
        vault_id = id_[: id_.lower().rindex("/secrets/")]
        try:
            vault = azure.api.get(vault_id, _VAULTS)
        except ArmError as error:
            if error.status != _NOT_FOUND:
                raise CloudError(str(error), error.code) from None
            host = f"{names['vaultName'].lower()}.vault.azure.net"
            address = f"https://{host}/secrets/{names['secretName']}"
            raise CloudError(f'Delete "{address}": dial tcp: lookup {host}: no such host', "NoSuchHost") from None
        properties = cast("dict[str, Any]", vault.get("properties", {}))
        reason = _denied_by_roles if properties.get("enableRbacAuthorization") else _denied_by_policies
        refusal = reason(azure, id_, vault)
        if refusal is None:
            raise CloudError(f"the sandbox does not simulate the data plane of vaults, which {id_} is deleted through")
        raise CloudError(_worded(str(properties.get("vaultUri", "")), names["secretName"], *refusal), "Forbidden")


def _denied_by_roles(azure: Connection, id_: str, vault: dict[str, Any]) -> tuple[str, str] | None:
    """Refuse a caller without a role, in the words of https://github.com/piyushsachdeva/Terraform_AKS/issues/2."""
    if _has_role(azure, id_):
        return None
    lines = [
        "Caller is not authorized to perform action on resource.",
        _PROPAGATION,
        f"Caller: appid={AZURE_CALLER};oid={AZURE_CALLER};{_ISSUER}",
        "Action: 'Microsoft.KeyVault/vaults/secrets/delete'",
        f"Resource: '{id_.lower()}'",
        "Assignment: (not found)",
        "DenyAssignmentId: null",
        "DecisionReason: 'DeniedWithNoValidRBAC' ",
        f"Vault: {vault.get('name')};location={vault.get('location')}",
        "",
    ]
    return "ForbiddenByRbac", "\r\n".join(lines)


def _denied_by_policies(azure: Connection, id_: str, vault: dict[str, Any]) -> tuple[str, str] | None:  # noqa: ARG001
    """Refuse a caller whose access policy does not let it delete secrets.

    Source: https://learn.microsoft.com/azure/key-vault/general/rest-error-codes (2026-11-25, recalled).
    """
    properties = cast("dict[str, Any]", vault.get("properties", {}))
    policies = cast("list[dict[str, Any]]", properties.get("accessPolicies") or [])
    mine = [each for each in policies if each.get("objectId") == AZURE_CALLER]
    granted: set[str] = set()
    for permissions in (cast("dict[str, list[str]]", each.get("permissions", {})) for each in mine):
        granted |= {permission.lower() for permission in permissions.get("secrets") or []}
    if granted & {"delete", "all"}:
        return None
    return "AccessDenied", (
        f"The user, group or application 'appid={AZURE_CALLER};oid={AZURE_CALLER};{_ISSUER}' does not have secrets "
        f"delete permission on key vault '{vault.get('name')};location={vault.get('location')}'. For help "
        "resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287"
    )


def _has_role(azure: Connection, id_: str) -> bool:
    """Whether a role that may delete secrets is assigned to the caller at the secret or above it."""
    parts = id_.split("/")
    for length in range(len(parts), 2, -2):
        scope = "/".join(parts[:length])
        try:
            found = azure.api.get(f"{scope}/providers/Microsoft.Authorization/roleAssignments", _ASSIGNMENTS)
        except ArmError:
            continue
        for entry in cast("list[dict[str, Any]]", found.get("value") or []):
            properties = cast("dict[str, Any]", entry.get("properties", {}))
            role = str(properties.get("roleDefinitionId", "")).rpartition("/")[2].lower()
            here = id_.lower().startswith(str(properties.get("scope", "")).lower())
            if properties.get("principalId") == AZURE_CALLER and role in _DELETERS and here:
                return True
    return False


def _worded(uri: str, name: str, inner: str, message: str) -> str:
    """Print the failure as azcore's ResponseError does (azure-sdk-for-go sdk/internal/exported/response_error.go)."""
    body = {"error": {"code": "Forbidden", "message": message, "innererror": {"code": inner}}}
    return "\n".join(
        [
            f"DELETE {uri.rstrip('/')}/secrets/{name}",
            _RULE,
            "RESPONSE 403: 403 Forbidden",
            "ERROR CODE: Forbidden",
            _RULE,
            json.dumps(body, indent=2),
            _RULE,
        ]
    )


_NOT_FOUND = 404

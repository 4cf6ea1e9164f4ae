"""Rules of Microsoft.KeyVault on vaults and secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.accounts import AZURE_TENANT
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import sources
from confkube_sandbox.daemon.azure.services import vaults
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call

_VAULT = "Vaults_CreateOrUpdate"
_SECRET = "Secrets_CreateOrUpdate"  # noqa: S105  the name of an operation
_LARGEST_SECRET = 25600


@rule("keyvault", _VAULT, name="keyvault.deleted-name", source=sources.VAULT_DELETED, date=sources.SEEN, evidence=READ)
def deleted_name(call: Call) -> None:
    """The name of a soft-deleted vault is not free."""
    held = call.memory.deleted_vaults.get(call.target.name.lower())
    if call.existing is not None or held is None or call.properties.get("createMode") == "recover":
        return
    if held["resource"].account != call.account:
        raise _taken(call)
    text = (
        "A vault with the same name already exists in deleted state. You need to either recover or purge existing key "
        "vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete."
    )
    raise ArmError("ConflictError", text, 409)


@rule("keyvault", _VAULT, name="keyvault.name-taken", source=sources.VAULT_TAKEN, date=sources.SEEN, evidence=READ)
def name_taken(call: Call) -> None:
    """Vault names are global."""
    if call.existing is None and any(
        each.name.lower() == call.target.name.lower() for each in call.memory.of_type(vaults.VAULT)
    ):
        raise _taken(call)


@rule("keyvault", _VAULT, name="keyvault.tenant", source=sources.VAULT_API, date=sources.SEEN, evidence=RECALLED)
def tenant(call: Call) -> None:
    """A vault belongs to the directory of its subscription."""
    given = str(call.properties.get("tenantId", "")).lower()
    if given != AZURE_TENANT:
        text = (
            f"The tenant ID '{given}' in the request does not match the tenant ID '{AZURE_TENANT}' of the subscription."
        )
        raise ArmError("BadRequest", text)


@rule("keyvault", _VAULT, name="keyvault.retention", source=sources.VAULT_API, date=sources.SEEN, evidence=RECALLED)
def retention(call: Call) -> None:
    """Deleted vaults are kept for 7 to 90 days."""
    days = call.properties.get("softDeleteRetentionInDays", 90)
    if not isinstance(days, int) or not 7 <= days <= 90:
        text = f"The value '{days}' for \"softDeleteRetentionInDays\" is invalid. It must be between 7 and 90."
        raise ArmError("BadRequest", text)


@rule(
    "keyvault", _VAULT, name="keyvault.retention-fixed", source=sources.VAULT_API, date=sources.SEEN, evidence=RECALLED
)
def retention_fixed(call: Call) -> None:
    """How long a deleted vault is kept is decided once."""
    wanted = call.properties.get("softDeleteRetentionInDays")
    if call.existing is None or wanted is None:
        return
    if wanted != call.existing.at("properties.softDeleteRetentionInDays"):
        text = 'The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.'
        raise ArmError("BadRequest", text)


@rule(
    "keyvault",
    _VAULT,
    name="keyvault.purge-protection",
    source=sources.PURGE_PROTECTION,
    date=sources.SEEN,
    evidence=READ,
)
def purge_protection(call: Call) -> None:
    """Purge protection is switched on, never off."""
    if call.properties.get("enablePurgeProtection") is False:
        text = (
            'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is '
            "an irreversible action."
        )
        raise ArmError("BadRequest", text)


@rule(
    "keyvault", _VAULT, name="keyvault.access-policies", source=sources.VAULT_API, date=sources.SEEN, evidence=RECALLED
)
def access_policies(call: Call) -> None:
    """A vault without role-based access has access policies."""
    if (
        not call.properties.get("enableRbacAuthorization")
        and "accessPolicies" not in call.properties
        and call.properties.get("createMode") != "recover"
    ):
        raise ArmError("BadRequest", 'The property "accessPolicies" is required.')


@rule("keyvault", _SECRET, name="keyvault.secret-name", source=sources.SECRETS, date=sources.SEEN, evidence=RECALLED)
def secret_name(call: Call) -> None:
    """A secret's name has letters, digits and dashes."""
    if not call.kind.names.allow(call.target.name):
        text = f"The request URI contains an invalid name: {call.target.name}"
        raise ArmError("BadParameter", text)


@rule("keyvault", _SECRET, name="keyvault.secret-size", source=sources.SECRETS, date=sources.SEEN, evidence=RECALLED)
def secret_size(call: Call) -> None:
    """A secret has at most 25600 bytes."""
    size = len(str(call.properties.get("value") or "").encode())
    if size > _LARGEST_SECRET:
        text = f"The parameter value has a length of {size}, which exceeds the maximum of {_LARGEST_SECRET}."
        raise ArmError("BadParameter", text)


def _taken(call: Call) -> ArmError:
    text = (
        f"The vault name '{call.target.name}' is already in use. Vault names are globally unique so it is possible "
        "that the name is already taken. If you are sure that the vault name was not taken then it is possible that a "
        "vault with the same name was recently deleted but not purged after being placed in a recoverable state. If "
        "the vault is in a recoverable state then the vault will need to be purged before reusing the name. For more "
        "information about VaultAlreadyExists, soft delete and purging a vault follow this link "
        "https://go.microsoft.com/fwlink/?linkid=2147740."
    )
    return ArmError("VaultAlreadyExists", text, 409)

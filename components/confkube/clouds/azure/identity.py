"""What a machine itself may do: an identity of its own, and the one secret that it may read."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_azure_native as azure

from confkube.clouds.azure.labels import tags
from confkube.clouds.azure.settings import AzureSettings
from confkube.clouds.azure.tenancy import Tenancy
from confkube.names import digest
from confkube.platform import MachineSpec, Permission, Secret

READER, _SECRETS_USER = "acdd72a7-3385-48ef-bd42-f606fba81ae7", "4633458b-17de-408a-b874-0445c86b69e6"
"""Built-in roles: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles, 2026-11-25."""
_KEPT_DAYS = 7
"""How long a deleted vault can be recovered, and its name cannot be used again; the shortest that Azure takes."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What a machine may do, and what must exist before it starts to do it."""

    identity: azure.managedidentity.UserAssignedIdentity | None = None
    ready: tuple[pulumi.Resource, ...] = ()

    @property
    def block(self) -> Any:  # noqa: ANN401 - machines and scale sets each have a class of their own for the same
        """The ``identity`` of a machine."""
        return {"type": "UserAssigned", "user_assigned_identities": [self.identity.id]} if self.identity else None


def vault_name(secret: str) -> str:
    """The vault of a secret, named after it: vaults share one name space. ``fetch-secret`` does the same."""
    return f"ck{digest(secret, 20)}"


def secret_name(secret: str) -> str:
    """The last part of a secret's name; the rest of it is in the name of the vault."""
    return secret.rpartition("/")[2]


def create(
    name: str, spec: MachineSpec, settings: AzureSettings, place: Tenancy, opts: pulumi.ResourceOptions
) -> Identity:
    """Make the machine's identity, its secret and its roles; none of them when it needs no rights at all."""
    inspects = Permission.INSPECT_MACHINES in spec.permissions
    if not inspects and spec.secret is None:
        return Identity()
    maker = _Maker(name=name, spec=spec, settings=settings, place=place, opts=place.options(opts))
    identity = maker.identity()
    ready: list[pulumi.Resource] = []
    if spec.secret:
        stored = maker.stored(spec.secret)
        ready += [stored, maker.role("secret", identity, _SECRETS_USER, stored.id)]
    if inspects:
        ready.append(maker.role("inspect", identity, READER, place.group_id(settings.subscription)))
    return Identity(identity=identity, ready=tuple(ready))


@dataclass(frozen=True, kw_only=True)
class _Maker:
    name: str
    spec: MachineSpec
    settings: AzureSettings
    place: Tenancy
    opts: pulumi.ResourceOptions

    def identity(self) -> azure.managedidentity.UserAssignedIdentity:
        return azure.managedidentity.UserAssignedIdentity(
            f"{self.name}-identity",
            resource_group_name=self.place.group,
            location=self.place.location,
            tags=tags(self.spec.labels),
            opts=self.opts,
        )

    def stored(self, secret: Secret) -> azure.keyvault.Secret:
        """The secret, in a vault of its own.

        Azure deletes a secret by the vault's own API alone, and whoever runs pulumi has no role there: it goes with the
        vault.
        """
        called = pulumi.Output.from_input(secret.name)
        vault = azure.keyvault.Vault(
            f"{self.name}-vault",
            vault_name=called.apply(vault_name),
            resource_group_name=self.place.group,
            location=self.place.location,
            properties=azure.keyvault.VaultPropertiesArgs(
                tenant_id=self.settings.tenant,
                sku=azure.keyvault.SkuArgs(family="A", name=azure.keyvault.SkuName.STANDARD),
                enable_rbac_authorization=True,
                enable_soft_delete=True,
                soft_delete_retention_in_days=_KEPT_DAYS,
            ),
            tags=tags(self.spec.labels),
            opts=self.opts,
        )
        going = pulumi.ResourceOptions(deleted_with=self.place.owned or vault)
        return azure.keyvault.Secret(
            f"{self.name}-secret",
            secret_name=called.apply(secret_name),
            vault_name=vault.name,
            resource_group_name=self.place.group,
            properties=azure.keyvault.SecretPropertiesArgs(
                value=pulumi.Output.secret(secret.value), content_type="application/json"
            ),
            tags=tags(self.spec.labels),
            opts=pulumi.ResourceOptions.merge(self.opts, going),
        )

    def role(
        self,
        part: str,
        identity: azure.managedidentity.UserAssignedIdentity,
        role: str,
        scope: pulumi.Input[str],
    ) -> azure.authorization.RoleAssignment:
        definitions = f"/subscriptions/{self.settings.subscription}/providers/Microsoft.Authorization/roleDefinitions"
        return azure.authorization.RoleAssignment(
            f"{self.name}-{part}",
            scope=scope,
            role_definition_id=f"{definitions}/{role}",
            principal_id=identity.principal_id,
            # A new identity is not known everywhere at once; with its kind given, nobody looks it up.
            principal_type=azure.authorization.PrincipalType.SERVICE_PRINCIPAL,
            opts=self.opts,
        )

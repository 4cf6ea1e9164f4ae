"""One row per resource type: where it is, which version is asked, what its body is, and what is special about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

Strategy = Literal["random", "copy", "uuid", ""]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a path parameter must look like, from the parameter's definition in the API's specification.

    Attributes:
        least: The shortest length.
        most: The longest length.
        pattern: Searched for, as Go does; anchored only where it says so.
    """

    least: int = 0
    most: int = 0
    pattern: str = ""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A resource type.

    Attributes:
        type: Pulumi's token.
        path: The path of the API; names in braces are inputs, but for ``subscriptionId``.
        version: The API version that pulumi-azure-native 3.29.0 uses for the type.
        body: Package and name of the SDK's model of what is sent.
        answer: The same for what comes back; like ``body`` unless given.
        waits: The calls that the specification marks as long-running.
        required: Properties of the body that must be given although the SDK leaves them to defaults.
        kept: Lists that are resources of their own too: empty when a new object does not give them, and left as they
            are when an update does not (CONTRIBUTING.md of pulumi-azure-native, section Sub-resources).
        limits: What path parameters must look like.
        special: The real provider implements a part of it by hand: ``secret``, or all of it: ``blob``.
    """

    type: str
    path: str
    version: str
    body: tuple[str, str]
    answer: tuple[str, str] | None = None
    waits: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    kept: tuple[tuple[str, ...], ...] = ()
    limits: tuple[tuple[str, Limits], ...] = ()
    special: Literal["secret", "blob", ""] = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The inputs that are in the path; each of them names another object."""
        return tuple(name for name in re.findall(r"{(\w+)}", self.path) if name != "subscriptionId")

    @property
    def name(self) -> str:
        """The parameter with the object's own name."""
        return self.parameters[-1]

    @property
    def naming(self) -> Strategy:
        """How a name is made when the program gives none.

        Source: AutoNamer in provider/pkg/resources/resources.go at 00eaf9e44904, read on 2026-11-25.
        """
        if self.name in ("roleAssignmentName", "roleDefinitionId"):
            return "uuid"
        last = self.path.lower().rpartition("microsoft.")[2]
        whole = "microsoft." not in self.path.lower()
        return "random" if whole or last.count("{") == 1 else "copy"

    @property
    def responds(self) -> tuple[str, str]:
        """The model of what comes back."""
        return self.answer or self.body


_GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
_BOTH = frozenset({"put", "delete"})
_PUT = frozenset({"put"})
_DELETE = frozenset({"delete"})
_LOCATION = frozenset({"location"})
# The resource manager's common parameter (common-types/resource-management v3 to v6, types.json).
_GROUP_NAME = ("resourceGroupName", Limits(least=1, most=90))


def _network(token: str, path: str, model: str, *, kept: tuple[tuple[str, ...], ...] = ()) -> Kind:
    # The specification of 2024-05-01 gives no limits, and marks every PUT and DELETE as long-running.
    return Kind(
        type=f"azure-native:network:{token}",
        path=f"{_GROUP}/providers/Microsoft.Network/{path}",
        version="2024-05-01",
        body=("network", model),
        waits=_BOTH,
        kept=kept,
    )


def _compute(token: str, path: str, version: str = "2024-11-01") -> Kind:
    return Kind(
        type=f"azure-native:compute:{token}",
        path=f"{_GROUP}/providers/Microsoft.Compute/{path}",
        version=version,
        body=("compute", token),
        waits=_BOTH,
        required=_LOCATION,
        limits=(_GROUP_NAME,),
    )


def _storage(token: str, path: str, **more: Any) -> Kind:  # noqa: ANN401  the fields of a kind
    return Kind(
        type=f"azure-native:storage:{token}",
        path=f"{_GROUP}/providers/Microsoft.Storage/storageAccounts/{{accountName}}{path}",
        version="2024-01-01",
        limits=(
            _GROUP_NAME,
            ("accountName", Limits(least=3, most=24, pattern="^[a-z0-9]+$")),
            *more.pop("limits", ()),
        ),
        **more,
    )


_CONTAINER = "/blobServices/default/containers/{containerName}"
STORAGE: tuple[Kind, ...] = (
    _storage(
        "StorageAccount",
        "",
        body=("storage", "StorageAccountCreateParameters"),
        answer=("storage", "StorageAccount"),
        waits=_PUT,
        required=_LOCATION,
    ),
    _storage(
        "BlobContainer",
        _CONTAINER,
        body=("storage", "BlobContainer"),
        limits=(("containerName", Limits(least=3, most=63)),),
    ),
    # getBlobMetadata in provider/pkg/resources/customresources/custom_storage_azidentity.go at 0e7c8eefcfa8.
    _storage("Blob", f"{_CONTAINER}/blobs/{{blobName}}", body=("storage", "BlobContainer"), special="blob"),
)

KINDS: tuple[Kind, ...] = (
    Kind(
        type="azure-native:resources:ResourceGroup",
        path="/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}",
        version="2024-03-01",
        body=("resource.resources", "ResourceGroup"),
        waits=_DELETE,
        required=_LOCATION,
        limits=(_GROUP_NAME,),
    ),
    _network(
        "VirtualNetwork",
        "virtualNetworks/{virtualNetworkName}",
        "VirtualNetwork",
        kept=(("subnets",), ("virtualNetworkPeerings",)),
    ),
    _network(
        "NetworkSecurityGroup",
        "networkSecurityGroups/{networkSecurityGroupName}",
        "NetworkSecurityGroup",
        kept=(("securityRules",),),
    ),
    _network("Subnet", "virtualNetworks/{virtualNetworkName}/subnets/{subnetName}", "Subnet"),
    _network("PublicIPAddress", "publicIPAddresses/{publicIpAddressName}", "PublicIPAddress"),
    _network("NatGateway", "natGateways/{natGatewayName}", "NatGateway"),
    _network("BastionHost", "bastionHosts/{bastionHostName}", "BastionHost"),
    _network("NetworkInterface", "networkInterfaces/{networkInterfaceName}", "NetworkInterface"),
    _compute("VirtualMachine", "virtualMachines/{vmName}"),
    _compute("VirtualMachineScaleSet", "virtualMachineScaleSets/{vmScaleSetName}"),
    _compute("Image", "images/{imageName}"),
    _compute("Gallery", "galleries/{galleryName}", "2024-03-03"),
    _compute("GalleryImage", "galleries/{galleryName}/images/{galleryImageName}", "2024-03-03"),
    _compute(
        "GalleryImageVersion",
        "galleries/{galleryName}/images/{galleryImageName}/versions/{galleryImageVersionName}",
        "2024-03-03",
    ),
    Kind(
        type="azure-native:managedidentity:UserAssignedIdentity",
        path=f"{_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{resourceName}}",
        version="2023-01-31",
        body=("msi.v2024_11_30", "Identity"),
        required=_LOCATION,
        limits=(_GROUP_NAME,),
    ),
    Kind(
        type="azure-native:managedidentity:FederatedIdentityCredential",
        path=f"{_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{resourceName}}"
        "/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}",
        version="2023-01-31",
        body=("msi.v2024_11_30", "FederatedIdentityCredential"),
        limits=(
            _GROUP_NAME,
            ("federatedIdentityCredentialResourceName", Limits(pattern="^[a-zA-Z0-9]{1}[a-zA-Z0-9-_]{2,119}$")),
        ),
    ),
    Kind(
        type="azure-native:authorization:RoleDefinition",
        path="/{scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}",
        version="2022-05-01-preview",
        body=("authorization.v2022_05_01_preview", "RoleDefinition"),
    ),
    Kind(
        type="azure-native:authorization:RoleAssignment",
        path="/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
        version="2022-04-01",
        body=("authorization.v2022_04_01", "RoleAssignmentCreateParameters"),
        answer=("authorization.v2022_04_01", "RoleAssignment"),
    ),
    Kind(
        type="azure-native:keyvault:Vault",
        path=f"{_GROUP}/providers/Microsoft.KeyVault/vaults/{{vaultName}}",
        version="2024-11-01",
        body=("keyvault", "VaultCreateOrUpdateParameters"),
        answer=("keyvault", "Vault"),
        waits=_PUT,
        required=_LOCATION,
        kept=(("properties", "accessPolicies"),),
        limits=(("vaultName", Limits(pattern="^[a-zA-Z0-9-]{3,24}$")),),
    ),
    Kind(
        type="azure-native:keyvault:Secret",
        path=f"{_GROUP}/providers/Microsoft.KeyVault/vaults/{{vaultName}}/secrets/{{secretName}}",
        version="2024-11-01",
        body=("keyvault", "SecretCreateOrUpdateParameters"),
        answer=("keyvault", "Secret"),
        limits=(
            ("vaultName", Limits(pattern="^[a-zA-Z0-9-]{3,24}$")),
            ("secretName", Limits(pattern="^[a-zA-Z0-9-]{1,127}$")),
        ),
        special="secret",
    ),
    *STORAGE,
)

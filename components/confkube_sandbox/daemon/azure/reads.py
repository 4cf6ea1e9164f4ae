"""Reads that belong to no resource."""

from __future__ import annotations

from confkube_sandbox.daemon.azure.kind import (
    COMPUTE_VERSIONS,
    GALLERY_VERSIONS,
    NETWORK_VERSIONS,
    STORAGE_VERSIONS,
    VAULT_VERSIONS,
)

# By type: operation and versions.
READS: dict[str, tuple[str, tuple[str, ...]]] = {
    "microsoft.compute/skus": ("ResourceSkus_List", ("2021-07-01",)),
    "microsoft.compute/locations/usages": ("Usage_List", COMPUTE_VERSIONS),
    "microsoft.compute/locations/vmsizes": ("VirtualMachineSizes_List", COMPUTE_VERSIONS),
    "microsoft.compute/locations/operations": ("Operations_Get", (*COMPUTE_VERSIONS, *GALLERY_VERSIONS)),
    "microsoft.network/locations/operations": ("Operations_Get", NETWORK_VERSIONS),
    "microsoft.keyvault/locations/operations": ("Operations_Get", VAULT_VERSIONS),
    "microsoft.storage/locations/operations": ("Operations_Get", STORAGE_VERSIONS),
    "microsoft.keyvault/deletedvaults": ("Vaults_ListDeleted", VAULT_VERSIONS),
    "microsoft.keyvault/locations/deletedvaults": ("Vaults_GetDeleted", VAULT_VERSIONS),
    "microsoft.keyvault/checknameavailability": ("Vaults_CheckNameAvailability", VAULT_VERSIONS),
    "microsoft.compute/locations/publishers/artifacttypes/offers/skus/versions": (
        "VirtualMachineImages_Get",
        COMPUTE_VERSIONS,
    ),
}

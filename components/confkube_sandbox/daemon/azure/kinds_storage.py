"""The resource types of storage accounts. Blobs are none: only the accounts' own addresses know them."""

from __future__ import annotations

from confkube_sandbox.daemon.azure.kind import STORAGE_VERSIONS, Kind, Names

_STORAGE = "azure.mgmt.storage"
SERVICE = "Microsoft.Storage/storageAccounts/blobServices"

# Names: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules.
STORAGE_KINDS: tuple[Kind, ...] = (
    Kind(
        type="Microsoft.Storage/storageAccounts",
        operations="StorageAccounts",
        versions=STORAGE_VERSIONS,
        package=_STORAGE,
        model="StorageAccountCreateParameters",
        patch="StorageAccountUpdateParameters",
        label="storage-account",
        names=Names(pattern=r"[a-z0-9]+", least=3, most=24),
        create=20,
        creating="ResolvingDNS",
        created=202,
        methods=frozenset({"PUT", "GET", "PATCH", "DELETE"}),
    ),
    # Exists with its account, under the one name that it can have.
    Kind(
        type=SERVICE,
        operations="BlobServices",
        versions=STORAGE_VERSIONS,
        package=_STORAGE,
        names=Names(pattern="default"),
        tracked=False,
        methods=frozenset({"GET"}),
        listed=frozenset({"parent"}),
    ),
    Kind(
        type=f"{SERVICE}/containers",
        operations="BlobContainers",
        versions=STORAGE_VERSIONS,
        package=_STORAGE,
        model="BlobContainer",
        label="blob-container",
        names=Names(pattern=r"(\$web|(?!.*--)[a-z0-9][a-z0-9-]*[a-z0-9])", least=3, most=63),
        tracked=False,
        methods=frozenset({"PUT", "GET", "DELETE"}),
        listed=frozenset({"parent"}),
    ),
)

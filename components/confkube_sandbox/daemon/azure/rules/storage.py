"""Rules of Microsoft.Storage on accounts and containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import sources
from confkube_sandbox.daemon.azure.services import storage
from confkube_sandbox.daemon.rules import READ, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call

_SEEN = "2026-11-27"


@rule(
    "storage",
    "StorageAccounts_CreateOrUpdate",
    name="storage.name-taken",
    source=sources.ACCOUNT_TAKEN,
    date=_SEEN,
    evidence=READ,
)
def name_taken(call: Call) -> None:
    """Names of accounts are global."""
    if call.existing is None and storage.taken(call.memory, call.target.name.lower()):
        text = f"The storage account named {call.target.name} is already taken."
        raise ArmError("StorageAccountAlreadyTaken", text, 409)


@rule(
    "storage",
    "BlobContainers_CreateOrUpdate",
    name="storage.public-access",
    source=sources.PUBLIC_BLOBS,
    date=_SEEN,
    evidence=READ,
)
def public_access(call: Call) -> None:
    """A container is public only where its account allows that."""
    account = call.memory.get("/".join(call.id.split("/")[:9]))
    wanted = call.properties.get("publicAccess", "None")
    if account is not None and wanted != "None" and account.at("properties.allowBlobPublicAccess") is not True:
        text = "Public access is not permitted on this storage account."
        raise ArmError("PublicAccessNotPermitted", text, 409)

"""Storage accounts, their containers, and the keys of accounts."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.azure.catalog import published
from confkube_sandbox.daemon.azure.context import Resource
from confkube_sandbox.daemon.azure.kinds_storage import SERVICE
from confkube_sandbox.daemon.azure.services.base import Effects, defaults

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call, Memory

ACCOUNT = "Microsoft.Storage/storageAccounts"
CONTAINER = f"{SERVICE}/containers"
HOST = "blob.core.windows.net"


def account_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make an account's body; its keys are kept and shown to those who ask for them."""
    kept.setdefault("created", call.now.isoformat())
    kept.setdefault("keys", [base64.b64encode(secrets.token_bytes(64)).decode() for _ in range(2)])
    name, location = call.target.name.lower(), call.location
    services = ("blob", "dfs", "file", "queue", "table", "web")
    usual: dict[str, Any] = {
        "allowBlobPublicAccess": False,
        "supportsHttpsTrafficOnly": True,
        "minimumTlsVersion": "TLS1_0",
        "accessTier": "Hot",
        "encryption": {"keySource": "Microsoft.Storage", "services": {"blob": {"enabled": True, "keyType": "Account"}}},
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []},
        "privateEndpointConnections": [],
        "keyCreationTime": {"key1": kept["created"], "key2": kept["created"]},
        "creationTime": kept["created"],
        "primaryEndpoints": {each: f"https://{name}.{each}.core.windows.net/" for each in services},
        "primaryLocation": location,
        "statusOfPrimary": "available",
    }
    found = {**call.body, "properties": defaults(call.properties, usual)}
    sku = dict(call.part("sku"))
    found["sku"] = defaults(sku, {"tier": "Premium" if str(sku.get("name", "")).startswith("Premium") else "Standard"})
    return found


def account_made(call: Call, resource: Resource) -> None:
    """Make the service that containers are nested in."""
    own = f"{resource.id}/blobServices/default"
    if call.memory.get(own) is None:
        call.memory.put(Resource(id=own, type=SERVICE, given={}, body={"properties": {}}, born=call.now))


def container_properties(call: Call, kept: dict[str, Any]) -> dict[str, Any]:
    """Make a container's body; its blobs are kept, and only the account's own address shows them."""
    kept.setdefault("blobs", {})
    moment = kept.setdefault("changed", call.now.isoformat())
    usual: dict[str, Any] = {
        "deleted": False,
        "remainingRetentionDays": 0,
        "defaultEncryptionScope": "$account-encryption-key",
        "denyEncryptionScopeOverride": False,
        "publicAccess": "None",
        "leaseStatus": "Unlocked",
        "leaseState": "Available",
        "lastModifiedTime": moment,
        "hasImmutabilityPolicy": False,
        "hasLegalHold": False,
    }
    return {**call.body, "properties": defaults(call.properties, usual)}


def container_shown(memory: Memory, resource: Resource) -> dict[str, Any]:
    """Show a container with its etag, as this provider does for nothing else."""
    del memory
    return {**resource.body, "etag": resource.etag}


def keys(account: Resource) -> dict[str, Any]:
    """Show an account's keys."""
    moment = account.kept["created"]
    rows = [
        {"keyName": f"key{number}", "value": value, "permissions": "FULL", "creationTime": moment}
        for number, value in enumerate(account.kept["keys"], 1)
    ]
    return {"keys": rows}


def taken(memory: Memory, name: str) -> bool:
    """Whether an account has the name already, in any subscription."""
    return name == published.ACCOUNT or any(each.name.lower() == name for each in memory.of_type(ACCOUNT))


def disk(memory: Memory, uri: str) -> tuple[str, str] | None:
    """Return account and region of a blob by its address; None where there is none, and any region for what is ours."""
    host, _, path = uri.removeprefix("https://").partition("/")
    name, _, domain = host.partition(".")
    if not uri.startswith("https://") or domain != HOST:
        return None
    if name == published.ACCOUNT:
        return (name, "") if path in published.DISKS else None
    account = next((each for each in memory.of_type(ACCOUNT) if each.name == name), None)
    container, _, blob = path.partition("/")
    held = memory.get(f"{account.id}/blobServices/default/containers/{container}") if account else None
    return (name, account.location) if account and held and blob in held.kept["blobs"] else None


EFFECTS = (
    Effects(type=ACCOUNT, prepare=account_properties, made=account_made),
    Effects(type=CONTAINER, prepare=container_properties, show=container_shown),
)

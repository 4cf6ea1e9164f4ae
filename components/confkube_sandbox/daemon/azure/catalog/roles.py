"""Built-in roles that are known here, by their GUID.

https://learn.microsoft.com/azure/role-based-access-control/built-in-roles, written from general knowledge on
2026-11-25.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLES: Mapping[str, str] = MappingProxyType(
    {
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
        "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
        "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
        "9980e02c-c2be-4d73-94e8-173b1dc7cf3c": "Virtual Machine Contributor",
        "4d97b98b-1d4f-4787-a291-c67834d212e7": "Network Contributor",
        "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
        "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
        "21090545-7ca7-4776-b22c-e363652d74d2": "Key Vault Reader",
        "f1a07417-d97a-45cb-824c-7a7467783830": "Managed Identity Operator",
        "e40ec5ca-96e0-45a2-b4ff-59039f2c2b59": "Managed Identity Contributor",
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    }
)

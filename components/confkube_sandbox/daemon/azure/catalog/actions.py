"""Operations that custom roles can allow: of the resource types that are served, those that somebody here speaks of.

https://learn.microsoft.com/azure/role-based-access-control/resource-provider-operations; the list is not complete, and
an action that it lacks is refused like one that does not exist. Read 2026-11-27 in part (virtual machines, disks and
sizes: roles of other projects), the rest from general knowledge.
"""

from __future__ import annotations

_VERBS: dict[str, str] = {
    "Microsoft.Authorization/roleAssignments": "read write delete",
    "Microsoft.Authorization/roleDefinitions": "read write delete",
    "Microsoft.Compute/availabilitySets": "read write delete",
    "Microsoft.Compute/disks": "read write delete beginGetAccess/action endGetAccess/action",
    "Microsoft.Compute/galleries": "read write delete share/action",
    "Microsoft.Compute/galleries/images": "read write delete",
    "Microsoft.Compute/galleries/images/versions": "read write delete",
    "Microsoft.Compute/images": "read write delete",
    "Microsoft.Compute/locations/operations": "read",
    "Microsoft.Compute/locations/usages": "read",
    "Microsoft.Compute/locations/vmSizes": "read",
    "Microsoft.Compute/skus": "read",
    "Microsoft.Compute/snapshots": "read write delete",
    "Microsoft.Compute/virtualMachines": (
        "read write delete start/action restart/action powerOff/action deallocate/action runCommand/action "
        "retrieveBootDiagnosticsData/action"
    ),
    "Microsoft.Compute/virtualMachines/extensions": "read write delete",
    "Microsoft.Compute/virtualMachines/instanceView": "read",
    "Microsoft.Compute/virtualMachineScaleSets": "read write delete",
    "Microsoft.KeyVault/vaults": "read write delete",
    "Microsoft.KeyVault/vaults/secrets": "read write",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "read write delete assign/action",
    "Microsoft.Network/networkInterfaces": "read write delete join/action",
    "Microsoft.Network/networkSecurityGroups": "read write delete join/action",
    "Microsoft.Network/publicIPAddresses": "read write delete join/action",
    "Microsoft.Network/virtualNetworks": "read write delete join/action",
    "Microsoft.Network/virtualNetworks/subnets": "read write delete join/action",
    "Microsoft.Resources/subscriptions/resourceGroups": "read write delete",
    "Microsoft.Storage/storageAccounts": "read write delete listKeys/action",
}
ACTIONS = frozenset(f"{kind}/{verb}" for kind, verbs in _VERBS.items() for verb in verbs.split())

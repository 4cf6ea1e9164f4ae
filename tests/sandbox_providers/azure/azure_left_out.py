"""Read-only outputs that the SDK says are always there, and that have no value in the world of ``azure_estate.py``."""

from __future__ import annotations

from azure_parts import kind

from confkube_sandbox.providers import sdk
from confkube_sandbox.providers.azure_native.resource import SDK

# The API leaves out what there is none of, whatever the specification says.
NOTHING_OF_IT = "there is none, and then the API leaves it out"
EXPANDED = "only with $expand=instanceView, which the real provider does not ask for"
EXPANDED_REPLICATION = "only with $expand=ReplicationStatus, which the real provider does not ask for"
NOT_REPORTED = "the simulated cloud does not report it"

_SUBNET = ["ipConfigurationProfiles", "privateEndpoints", "resourceNavigationLinks", "serviceAssociationLinks"]
_ACCOUNT = [
    *("accountMigrationInProgress", "blobRestoreStatus", "customDomain", "failoverInProgress", "geoReplicationStats"),
    *("isSkuConversionBlocked", "keyPolicy", "lastGeoFailoverTime", "sasPolicy", "secondaryEndpoints"),
    *("secondaryLocation", "statusOfSecondary"),
]
LEFT_OUT: dict[str, dict[str, list[str]]] = {
    "network:VirtualNetwork": {NOTHING_OF_IT: ["flowLogs"]},
    "network:NetworkSecurityGroup": {NOTHING_OF_IT: ["flowLogs", "networkInterfaces"]},
    "network:Subnet": {NOTHING_OF_IT: [*_SUBNET, "ipConfigurations", "purpose"]},
    "network:PublicIPAddress": {NOTHING_OF_IT: ["ipConfiguration"]},
    "network:NetworkInterface": {
        NOTHING_OF_IT: ["dscpConfiguration", "privateEndpoint"],
        NOT_REPORTED: ["defaultOutboundConnectivityEnabled"],
    },
    "compute:VirtualMachine": {
        NOTHING_OF_IT: ["managedBy", "resources"],
        EXPANDED: ["instanceView"],
        NOT_REPORTED: ["systemData"],
    },
    "compute:VirtualMachineScaleSet": {NOT_REPORTED: ["systemData"]},
    "managedidentity:UserAssignedIdentity": {NOT_REPORTED: ["systemData"]},
    "compute:Image": {NOT_REPORTED: ["systemData"]},
    "compute:Gallery": {NOTHING_OF_IT: ["sharingStatus"], NOT_REPORTED: ["systemData"]},
    "compute:GalleryImage": {NOT_REPORTED: ["systemData"]},
    "compute:GalleryImageVersion": {
        EXPANDED_REPLICATION: ["replicationStatus"],
        NOTHING_OF_IT: ["validationsProfile"],
        NOT_REPORTED: ["systemData"],
    },
    "managedidentity:FederatedIdentityCredential": {NOT_REPORTED: ["systemData"]},
    "authorization:RoleDefinition": {NOT_REPORTED: ["systemData"]},
    "storage:StorageAccount": {NOTHING_OF_IT: _ACCOUNT},
    "storage:BlobContainer": {
        NOTHING_OF_IT: ["deletedTime", "immutabilityPolicy", "leaseDuration", "legalHold", "version"]
    },
    "authorization:RoleAssignment": {NOT_REPORTED: ["systemData"]},
    "keyvault:Vault": {NOT_REPORTED: ["systemData"]},
    "keyvault:Secret": {NOTHING_OF_IT: ["tags"]},
}


def left_out(token: str) -> set[str]:
    """All outputs of a type that may be missing."""
    rows = {kind(name): row for name, row in LEFT_OUT.items()}
    return {name for listed in rows.get(token, {}).values() for name in listed}


def optional(token: str, name: str) -> bool:
    """Whether the SDK says that an output may be missing."""
    parts = sdk.Token.parse(token)
    resource = getattr(sdk._module(SDK, parts), parts.member)
    found = [
        getter.fget
        for attribute, getter in vars(resource).items()
        if isinstance(getter, property) and getattr(getter.fget, "_pulumi_name", attribute) == name
    ]
    assert found, name
    return "Optional" in str(found[0].__annotations__["return"])

"""Which fields and parameters are simulated. Others are refused where they say something, never ignored."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

FIELDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        schema: frozenset(fields.split())
        for schema, fields in {
            "Network": "autoCreateSubnetworks description mtu name networkFirewallPolicyEnforcementOrder routingConfig",
            "NetworkRoutingConfig": "routingMode",
            "Subnetwork": "description fingerprint ipCidrRange logConfig name network privateIpGoogleAccess "
            "privateIpv6GoogleAccess purpose region role secondaryIpRanges stackType",
            "SubnetworkSecondaryRange": "ipCidrRange rangeName",
            "Firewall": "allowed denied description destinationRanges direction disabled logConfig name network "
            "priority sourceRanges sourceServiceAccounts sourceTags targetServiceAccounts targetTags",
            "Router": "bgp description encryptedInterconnectRouter name nats network region",
            "RouterBgp": "advertiseMode asn keepaliveInterval",
            "RouterNat": "autoNetworkTier enableDynamicPortAllocation enableEndpointIndependentMapping endpointTypes "
            "icmpIdleTimeoutSec logConfig maxPortsPerVm minPortsPerVm name natIpAllocateOption natIps "
            "sourceSubnetworkIpRangesToNat subnetworks tcpEstablishedIdleTimeoutSec tcpTimeWaitTimeoutSec "
            "tcpTransitoryIdleTimeoutSec type udpIdleTimeoutSec",
            "Address": "address addressType description ipVersion labelFingerprint labels name networkTier purpose "
            "region subnetwork",
            "Disk": "architecture description labelFingerprint labels name physicalBlockSizeBytes provisionedIops "
            "provisionedThroughput sizeGb sourceImage type zone",
            "Instance": "advancedMachineFeatures canIpForward confidentialInstanceConfig deletionProtection "
            "description disks fingerprint hostname labelFingerprint labels machineType metadata minCpuPlatform name "
            "networkInterfaces reservationAffinity scheduling serviceAccounts shieldedInstanceConfig tags zone",
            "InstanceProperties": "advancedMachineFeatures canIpForward confidentialInstanceConfig description disks "
            "labels machineType metadata minCpuPlatform networkInterfaces reservationAffinity scheduling "
            "serviceAccounts shieldedInstanceConfig tags",
            "ConfidentialInstanceConfig": "confidentialInstanceType enableConfidentialCompute",
            "AdvancedMachineFeatures": "enableNestedVirtualization",
            "AttachedDisk": "architecture autoDelete boot deviceName diskSizeGb guestOsFeatures index "
            "initializeParams interface kind mode source type",
            "AttachedDiskInitializeParams": "architecture description diskName diskSizeGb diskType labels "
            "provisionedIops provisionedThroughput sourceImage",
            "NetworkInterface": "accessConfigs fingerprint kind name network networkIP nicType queueCount stackType "
            "subnetwork",
            "AccessConfig": "kind name natIP networkTier type",
            "Scheduling": "automaticRestart instanceTerminationAction nodeAffinities onHostMaintenance preemptible "
            "provisioningModel",
            "InstanceTemplate": "description name properties",
            "InstanceGroupManager": "baseInstanceName description fingerprint instanceLifecyclePolicy instanceTemplate "
            "listManagedInstancesResults name namedPorts targetSize updatePolicy versions zone",
            "InstanceGroupManagerInstanceLifecyclePolicy": "defaultActionOnFailure forceUpdateOnRepair "
            "onFailedHealthCheck",
            "InstanceGroupManagersDeleteInstancesRequest": "instances skipInstancesOnValidationError",
            "InstanceGroupManagersRecreateInstancesRequest": "instances",
            "InstanceGroupManagersApplyUpdatesRequest": "allInstances instances minimalAction "
            "mostDisruptiveAllowedAction",
            "Secret": "annotations etag labels replication versionAliases",
            "Automatic": "",
            "Replica": "location",
            "Policy": "bindings etag version",
            "Image": "description family guestOsFeatures labelFingerprint labels name rawDisk sourceType "
            "storageLocations",
            "CreateServiceAccountKeyRequest": "keyAlgorithm privateKeyType",
            "TagKey": "description parent shortName",
            "TagValue": "description parent shortName",
            "TagBinding": "parent tagValue",
        }.items()
    }
)
"""Schema -> its fields that are simulated. Schemas that are not here are simulated as a whole."""
PARAMETERS = frozenset(
    {
        "$alt",
        "$prettyPrint",
        "$.xgafv",
        "accessConfig",
        "alt",
        "autoDelete",
        "deletionProtection",
        "deviceName",
        "filter",
        "maxResults",
        "networkInterface",
        "options.requestedPolicyVersion",
        "optionsRequestedPolicyVersion",
        "orderBy",
        "pageSize",
        "parent",
        "publicKeyType",
        "showDeleted",
        "view",
        "pageToken",
        "prettyPrint",
        "quotaUser",
        "requestId",
        "returnPartialSuccess",
        "secretId",
        "size",
        "sourceImage",
        "start",
        "updateMask",
    }
)
_FILTERED = "compute"
_SAID = "Operation is not implemented, or supported, or enabled."


def refusal() -> ApiError:
    """Refuse what is not simulated, in Google's words for what a service does not have."""
    return ApiError("notImplemented", _SAID, 501)


def require_field(schema: str, name: str, value: object) -> None:
    """Refuse a field that is not simulated and says something.

    Raises:
        ApiError: It does.
    """
    known = FIELDS.get(schema)
    if known is not None and name not in known and value not in (None, "", [], {}, False, 0):
        raise refusal()


def require_parameters(service: str, given: Mapping[str, str]) -> None:
    """Refuse query parameters that are not simulated.

    Raises:
        ApiError: There is one.
    """
    if not PARAMETERS.issuperset(given) or given.get("alt", "json") != "json":
        raise refusal()
    if service != _FILTERED and given.get("filter"):
        raise refusal()

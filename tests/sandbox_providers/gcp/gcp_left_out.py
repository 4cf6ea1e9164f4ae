"""Outputs that the SDK declares and that have no value in the world of ``gcp_resources.py``, each with the reason.

Whatever else is declared must be returned: a program would read a silent ``None``.
"""

from __future__ import annotations

# An optional input without a value of its own: the real provider has none either when the program gives none.
NOT_ASKED_FOR = "not asked for"
# An optional input that is not simulated, so it cannot be asked for.
NOT_SIMULATED = "not simulated, and without a value unless asked for"

_MACHINE = {
    NOT_ASKED_FOR: ["advancedMachineFeatures", "enableDisplay", "metadataStartupScript", "reservationAffinity"],
    NOT_SIMULATED: [
        "guestAccelerators",
        "networkPerformanceConfig",
        "partnerMetadata",
        "resourcePolicies",
        "workloadIdentityConfig",
    ],
}
LEFT_OUT: dict[str, dict[str, list[str]]] = {
    "gcp:compute/network:Network": {NOT_SIMULATED: ["networkProfile", "params"]},
    "gcp:compute/subnetwork:Subnetwork": {
        NOT_ASKED_FOR: ["logConfig", "resolveSubnetMask", "sendSecondaryIpRangeIfEmpty"],
        NOT_SIMULATED: [
            "allowSubnetCidrRoutesOverlap",
            "externalIpv6Prefix",
            "internalIpv6Prefix",
            "ipCollection",
            "params",
            "reservedInternalRange",
        ],
    },
    "gcp:compute/firewall:Firewall": {NOT_ASKED_FOR: ["logConfig"], NOT_SIMULATED: ["params"]},
    "gcp:compute/address:Address": {NOT_SIMULATED: ["ipCollection"]},
    "gcp:compute/router:Router": {
        NOT_ASKED_FOR: ["bgp"],
        NOT_SIMULATED: ["md5AuthenticationKeys", "nccGateway", "params"],
    },
    "gcp:compute/routerNat:RouterNat": {
        NOT_ASKED_FOR: ["logConfig"],
        NOT_SIMULATED: [
            "drainNatIps",
            "initialNatIps",
            "nat64Subnetworks",
            "rules",
            "sourceSubnetworkIpRangesToNat64",
        ],
    },
    "gcp:compute/instance:Instance": {
        NOT_ASKED_FOR: [*_MACHINE[NOT_ASKED_FOR], "desiredStatus"],
        NOT_SIMULATED: [*_MACHINE[NOT_SIMULATED], "attachedDisks", "instanceEncryptionKey", "params", "scratchDisks"],
    },
    "gcp:compute/instanceTemplate:InstanceTemplate": {
        NOT_ASKED_FOR: _MACHINE[NOT_ASKED_FOR],
        NOT_SIMULATED: [*_MACHINE[NOT_SIMULATED], "resourceManagerTags"],
    },
    "gcp:compute/instanceGroupManager:InstanceGroupManager": {
        NOT_ASKED_FOR: ["allInstancesConfig", "autoHealingPolicies", "standbyPolicy"],
        NOT_SIMULATED: [
            "params",
            "resourcePolicies",
            "statefulDisks",
            "statefulExternalIps",
            "statefulInternalIps",
            "targetPools",
        ],
    },
    "gcp:serviceaccount/account:Account": {NOT_ASKED_FOR: ["createIgnoreAlreadyExists"]},
    "gcp:secretmanager/secret:Secret": {
        NOT_ASKED_FOR: ["annotations", "rotation", "ttl"],
        NOT_SIMULATED: ["secretType", "tags"],
    },
    "gcp:secretmanager/secretVersion:SecretVersion": {NOT_SIMULATED: ["secretDataWo", "secretDataWoVersion"]},
    "gcp:secretmanager/secretIamMember:SecretIamMember": {NOT_ASKED_FOR: ["condition"]},
    "gcp:compute/subnetworkIAMMember:SubnetworkIAMMember": {NOT_ASKED_FOR: ["condition"]},
    "gcp:tags/tagValueIamMember:TagValueIamMember": {NOT_ASKED_FOR: ["condition"]},
    "gcp:tags/tagKey:TagKey": {NOT_SIMULATED: ["allowedValuesRegex", "purpose", "purposeData"]},
    "gcp:serviceaccount/key:Key": {NOT_ASKED_FOR: ["keepers"], NOT_SIMULATED: ["publicKeyData"]},
    "gcp:compute/image:Image": {
        NOT_SIMULATED: [
            "imageEncryptionKey",
            "params",
            "shieldedInstanceInitialState",
            "sourceDiskEncryptionKey",
            "sourceImageEncryptionKey",
            "sourceSnapshotEncryptionKey",
        ],
    },
}


def names(token: str) -> set[str]:
    """All outputs of a type that may be missing."""
    return {name for listed in LEFT_OUT.get(token, {}).values() for name in listed}

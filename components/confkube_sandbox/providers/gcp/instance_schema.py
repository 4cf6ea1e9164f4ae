"""What the schema of an instance says of its properties: services/compute/resource_compute_instance.go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.gcp import boot_disks, images, links, machines
from confkube_sandbox.providers.gcp.rules.values import rfc1035_name
from confkube_sandbox.providers.terraform.validation import at_least, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.providers.gcp.live import Same
    from confkube_sandbox.providers.terraform.schema import Rule

_NIC = "networkInterfaces[*]"
_FEATURE_KEYS = (
    "enableNestedVirtualization",
    "enableUefiNetworking",
    "performanceMonitoringUnit",
    "threadsPerCore",
    "turboMode",
    "visibleCoreCount",
)

SUPPORTED: frozenset[str] = frozenset(
    {
        "advancedMachineFeatures",
        "allowStoppingForUpdate",
        "bootDisk",
        "canIpForward",
        "confidentialInstanceConfig",
        "deletionPolicy",
        "deletionProtection",
        "description",
        "desiredStatus",
        "enableDisplay",
        "eraseWindowsVssSignature",
        "hostname",
        "keyRevocationActionType",
        "labels",
        "machineType",
        "metadata",
        "metadataStartupScript",
        "minCpuPlatform",
        "name",
        "networkInterfaces",
        "project",
        "reservationAffinity",
        "scheduling",
        "serviceAccount",
        "shieldedInstanceConfig",
        "tags",
        "zone",
    }
)
UNSERVED: tuple[str, ...] = (
    *machines.UNSERVED,
    *boot_disks.UNSERVED,
    "networkInterfaces.*.accessConfigs.*.securityPolicy",
    "networkInterfaces.*.securityPolicy",
)
DEFAULTS: Mapping[str, Any] = {
    **machines.DEFAULTS,
    "bootDisk.autoDelete": True,
    "bootDisk.forceAttach": False,
    "bootDisk.mode": "READ_WRITE",
    "deletionProtection": False,
    "eraseWindowsVssSignature": False,
}
RULES: Mapping[str, Rule] = {
    **machines.RULES,
    "name": rfc1035_name(1, 63),
    "bootDisk.interface": one_of("SCSI", "NVME"),
    "bootDisk.mode": one_of("READ_WRITE", "READ_ONLY"),
    "bootDisk.initializeParams.architecture": one_of("X86_64", "ARM64"),
    "bootDisk.initializeParams.size": at_least(1),
    "desiredStatus": one_of("RUNNING", "TERMINATED", "SUSPENDED"),
}
SOME: tuple[tuple[str, ...], ...] = (
    tuple(f"advancedMachineFeatures.{key}" for key in _FEATURE_KEYS),
    tuple(f"confidentialInstanceConfig.{key}" for key in ("enableConfidentialCompute", "confidentialInstanceType")),
)
NEEDS: Mapping[str, str] = {
    "advancedMachineFeatures": "compute.instances.update",
    "canIpForward": "compute.instances.update",
    "description": "compute.instances.update",
    "enableDisplay": "compute.instances.updateDisplayDevice",
    **{
        f"{_NIC}.{key}": "compute.instances.updateNetworkInterface"
        for key in ("aliasIpRanges", "igmpQuery", "network", "stackType", "subnetwork", "subnetworkProject")
    },
}
SAME: Mapping[str, Same] = {
    "bootDisk.initializeParams.image": images.same,
    "bootDisk.source": links.same,
    "machineType": links.same_name,
    "minCpuPlatform": machines.same_platform,
    "serviceAccount.scopes": machines.same_scopes,
    f"{_NIC}.aliasIpRanges[*].ipCidrRange": machines.same_alias_range,
    f"{_NIC}.network": links.same,
    f"{_NIC}.subnetwork": links.same,
}
WATCHED: frozenset[str] = frozenset(
    {
        "advancedMachineFeatures",
        "description",
        "enableDisplay",
        "metadata",
        "serviceAccount",
        "tags",
        f"{_NIC}.accessConfigs",
        f"{_NIC}.aliasIpRanges",
    }
)
FILLED: frozenset[str] = frozenset(
    {
        "bootDisk.deviceName",
        "bootDisk.guestOsFeatures",
        "bootDisk.initializeParams",
        "bootDisk.initializeParams.architecture",
        "bootDisk.initializeParams.image",
        "bootDisk.initializeParams.labels",
        "bootDisk.initializeParams.provisionedIops",
        "bootDisk.initializeParams.provisionedThroughput",
        "bootDisk.initializeParams.size",
        "bootDisk.initializeParams.type",
        "bootDisk.source",
        "scheduling.onHostMaintenance",
        "scheduling.provisioningModel",
        "serviceAccount.email",
        f"{_NIC}.accessConfigs[*].natIp",
        f"{_NIC}.accessConfigs[*].networkTier",
        f"{_NIC}.igmpQuery",
        f"{_NIC}.internalIpv6PrefixLength",
        f"{_NIC}.ipv6Address",
        f"{_NIC}.network",
        f"{_NIC}.networkAttachment",
        f"{_NIC}.networkIp",
        f"{_NIC}.stackType",
        f"{_NIC}.subnetwork",
        f"{_NIC}.subnetworkProject",
    }
)
COMPUTED: frozenset[str] = frozenset(
    {
        "confidentialInstanceConfig",
        "cpuPlatform",
        "creationTimestamp",
        "currentStatus",
        "instanceId",
        "labelFingerprint",
        "metadataFingerprint",
        "minCpuPlatform",
        "reservationAffinity",
        "scheduling",
        "selfLink",
        "shieldedInstanceConfig",
        "tagsFingerprint",
        "zone",
    }
)

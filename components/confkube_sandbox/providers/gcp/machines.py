"""What instances and instance templates are told in the same words.

https://github.com/hashicorp/terraform-provider-google-beta services/compute/compute_instance_helpers.go and
services/compute/metadata.go at 93c65b2d60fe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.providers.errors import CloudError
from confkube_sandbox.providers.gcp import links
from confkube_sandbox.providers.gcp.answers import part, parts, words
from confkube_sandbox.providers.gcp.rules.values import optional_one_of
from confkube_sandbox.providers.terraform.validation import between, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.providers.gcp.connection import Connection
    from confkube_sandbox.providers.gcp.translate import Translator
    from confkube_sandbox.providers.handler import Properties
    from confkube_sandbox.providers.terraform.schema import Rule

_SCOPE = "https://www.googleapis.com/auth/"
# tpgresource/service_scope.go: what the command line tool calls them.
_SCOPES = {
    "bigquery": "bigquery",
    "cloud-platform": "cloud-platform",
    "cloud-source-repos": "source.full_control",
    "cloud-source-repos-ro": "source.read_only",
    "compute-ro": "compute.readonly",
    "compute-rw": "compute",
    "datastore": "datastore",
    "logging-write": "logging.write",
    "monitoring": "monitoring",
    "monitoring-read": "monitoring.read",
    "monitoring-write": "monitoring.write",
    "pubsub": "pubsub",
    "service-control": "servicecontrol",
    "service-management": "service.management.readonly",
    "sql": "sqlservice",
    "sql-admin": "sqlservice.admin",
    "storage-full": "devstorage.full_control",
    "storage-ro": "devstorage.read_only",
    "storage-rw": "devstorage.read_write",
    "taskqueue": "taskqueue",
    "trace": "trace.append",
    "useraccounts-ro": "cloud.useraccounts.readonly",
    "useraccounts-rw": "cloud.useraccounts",
    "userinfo-email": "userinfo.email",
}
_NIC_PLAIN = (
    "aliasIpRanges",
    "igmpQuery",
    "internalIpv6PrefixLength",
    "ipv6Address",
    "networkAttachment",
    "networkIp",
    "nicType",
    "queueCount",
    "stackType",
    "vlan",
)

RULES: Mapping[str, Rule] = {
    "advancedMachineFeatures.performanceMonitoringUnit": one_of("STANDARD", "ENHANCED", "ARCHITECTURAL"),
    "advancedMachineFeatures.turboMode": one_of("ALL_CORE_MAX"),
    "keyRevocationActionType": optional_one_of("STOP", "NONE"),
    "networkInterfaces.*.igmpQuery": one_of("IGMP_QUERY_V2", "IGMP_QUERY_DISABLED"),
    "networkInterfaces.*.nicType": one_of("GVNIC", "VIRTIO_NET", "IDPF", "MRDMA", "IRDMA", "IDPF"),
    "networkInterfaces.*.stackType": optional_one_of("IPV4_ONLY", "IPV4_IPV6", "IPV6_ONLY"),
    "networkInterfaces.*.vlan": between(2, 255),
    "reservationAffinity.type": one_of("ANY_RESERVATION", "SPECIFIC_RESERVATION", "NO_RESERVATION"),
}
"""Rules that both types have."""
DEFAULTS: Mapping[str, Any] = {
    "canIpForward": False,
    "scheduling.automaticRestart": True,
    "scheduling.preemptible": False,
    "scheduling.skipGuestOsShutdown": False,
    "shieldedInstanceConfig.enableIntegrityMonitoring": True,
    "shieldedInstanceConfig.enableSecureBoot": False,
    "shieldedInstanceConfig.enableVtpm": True,
}
"""Defaults that both types have."""
UNSERVED = (
    "networkInterfaces.*.aliasIpv6Ranges",
    "networkInterfaces.*.ipv6AccessConfigs",
    "scheduling.maintenanceInterval",
)
"""Inputs inside of others that are not simulated for either type."""


def scope(name: str) -> str:
    """Return a scope's address (CanonicalizeServiceScope)."""
    return _SCOPE + _SCOPES[name] if name in _SCOPES else name


def same_scopes(old: object, new: object) -> bool:
    """Whether two lists name the same scopes."""
    if not isinstance(old, list) or not isinstance(new, list):
        return old == new
    one, other = cast("list[object]", old), cast("list[object]", new)
    return {scope(str(each)) for each in one} == {scope(str(each)) for each in other}


def same_alias_range(old: object, new: object) -> bool:
    """Whether an address range is the one that was asked for by its size only (IpCidrRangeDiffSuppress)."""
    asked = isinstance(new, str) and new.startswith("/")
    return f"/{str(old).rpartition('/')[2]}" == new if asked else old == new


def same_platform(old: object, new: object) -> bool:
    """Whether both leave the platform to Google, or name the same."""
    one, other = str(old or "").lower(), str(new or "").lower()
    return one == other or {one, other} == {"", "automatic"}


def common(gcp: Connection, translator: Translator, inputs: Properties) -> dict[str, Any]:
    """Return the members that bodies of instances and of templates have in common."""
    return {
        "canIpForward": bool(inputs.get("canIpForward")),
        "minCpuPlatform": inputs.get("minCpuPlatform") or None,
        "keyRevocationActionType": inputs.get("keyRevocationActionType") or None,
        "metadata": metadata(inputs),
        "networkInterfaces": interfaces(gcp, translator, inputs),
        "scheduling": scheduling(translator, inputs),
        "serviceAccounts": service_accounts(inputs),
        "shieldedInstanceConfig": inputs.get("shieldedInstanceConfig"),
        "confidentialInstanceConfig": confidential(inputs),
        "advancedMachineFeatures": features(translator, inputs),
        "displayDevice": {"enableDisplay": True} if inputs.get("enableDisplay") else None,
        "reservationAffinity": affinity(inputs),
        "tags": {"items": inputs["tags"]} if inputs.get("tags") else None,
    }


def metadata(inputs: Properties) -> dict[str, Any]:
    """Return metadata as Compute Engine wants it.

    Raises:
        CloudError: The startup script is given twice.
    """
    found = dict(cast("dict[str, str]", inputs.get("metadata") or {}))
    script = inputs.get("metadataStartupScript")
    if script:
        if found.get("startup-script", script) != script:
            raise CloudError("Cannot provide both metadata_startup_script and metadata.startup-script.")
        found["startup-script"] = script
    return {"items": [{"key": key, "value": found[key]} for key in sorted(found)]} if found else {}


def interfaces(gcp: Connection, translator: Translator, inputs: Properties) -> list[dict[str, Any]]:
    """Return network interfaces as Compute Engine wants them."""
    return [interface(gcp, translator, each) for each in parts(inputs, "networkInterfaces")]


def interface(gcp: Connection, translator: Translator, given: Properties) -> dict[str, Any]:
    """Return one network interface as Compute Engine wants it.

    Raises:
        CloudError: It says not in which network it is.
    """
    if not any(given.get(key) for key in ("network", "subnetwork", "networkAttachment")):
        text = "exactly one of network, subnetwork, or network_attachment must be provided"
        raise CloudError(f"Error creating network interfaces: {text}")
    own: dict[str, Any] = {key: given.get(key) for key in _NIC_PLAIN}
    place = gcp.at(gcp.inputs | {"project": given["subnetworkProject"]}) if given.get("subnetworkProject") else gcp
    own["network"] = links.full(gcp, "networks", given.get("network"))
    own["subnetwork"] = links.full(place, "subnetworks", given.get("subnetwork"), "region")
    body = translator.body("NetworkInterface", own)
    wanted = given.get("accessConfigs")
    return body | ({"accessConfigs": [access_config(each) for each in wanted]} if wanted else {})


def access_config(given: Properties | None) -> dict[str, Any]:
    """Return a public address of an interface as Compute Engine wants it."""
    found, name = given or {}, (given or {}).get("publicPtrDomainName")
    return {
        "type": "ONE_TO_ONE_NAT",
        **({"natIP": found["natIp"]} if found.get("natIp") else {}),
        **({"networkTier": found["networkTier"]} if found.get("networkTier") else {}),
        **({"setPublicPtr": True, "publicPtrDomainName": name} if name else {}),
    }


def scheduling(translator: Translator, inputs: Properties) -> dict[str, Any]:
    """Return scheduling as Compute Engine wants it."""
    given = cast("Properties | None", inputs.get("scheduling"))
    return translator.body("Scheduling", given) if given else {"automaticRestart": True}


def service_accounts(inputs: Properties) -> list[dict[str, Any]] | None:
    """Return the service account as Compute Engine wants it."""
    given = cast("Properties | None", inputs.get("serviceAccount"))
    if not given:
        return None
    return [{"email": given.get("email") or "default", "scopes": [scope(each) for each in words(given, "scopes")]}]


def confidential(inputs: Properties) -> dict[str, Any] | None:
    """Return the confidential settings as Compute Engine wants them."""
    given = cast("Properties | None", inputs.get("confidentialInstanceConfig"))
    if not given:
        return None
    # The Go client leaves out what is false or empty.
    return {key: given[key] for key in ("enableConfidentialCompute", "confidentialInstanceType") if given.get(key)}


def features(translator: Translator, inputs: Properties) -> dict[str, Any] | None:
    """Return advanced machine features as Compute Engine wants them."""
    given = cast("Properties | None", inputs.get("advancedMachineFeatures"))
    if not given:
        return None
    return translator.body("AdvancedMachineFeatures", {key: value for key, value in given.items() if value})


def affinity(inputs: Properties) -> dict[str, Any] | None:
    """Return the affinity to a reservation as Compute Engine wants it."""
    given = cast("Properties | None", inputs.get("reservationAffinity"))
    if not given:
        return None
    specific = part(given, "specificReservation")
    named = {"key": specific.get("key"), "values": specific.get("values")} if specific else {}
    return {"consumeReservationType": given["type"], **named}


def guest_features(given: object) -> list[dict[str, str]] | None:
    """Return guest OS features as Compute Engine wants them."""
    return [{"type": each} for each in cast("list[str]", given)] if given else None


def filled(body: dict[str, Any]) -> dict[str, Any]:
    """Leave out the members that are None."""
    return {key: value for key, value in body.items() if value is not None}

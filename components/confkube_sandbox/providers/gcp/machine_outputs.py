"""What instances and instance templates say in the same words, as the real provider reports it.

services/compute/compute_instance_helpers.go of terraform-provider-google-beta at 93c65b2d60fe.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.providers.gcp import links
from confkube_sandbox.providers.gcp.answers import part, parts, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.providers.gcp.translate import Translator
    from confkube_sandbox.providers.handler import Properties

_SCHEDULING_TEXTS = ("instanceTerminationAction", "onHostMaintenance", "provisioningModel", "terminationTime")
_SCHEDULING_REST = (
    "automaticRestart",
    "gracefulShutdown",
    "hostErrorTimeoutSeconds",
    "localSsdRecoveryTimeout",
    "maxRunDuration",
    "onInstanceStopAction",
    "preemptionNoticeDuration",
)
_FEATURES = ("enableNestedVirtualization", "enableUefiNetworking")


def common(translator: Translator, model: str, body: Mapping[str, Any], state: Mapping[str, Any]) -> Properties:
    """Return the outputs that instances and templates have in common.

    Args:
        translator: Knows the model.
        model: ``Instance`` or ``InstanceProperties``.
        body: The instance, or the properties of a template.
        state: The inputs and outputs so far, for what Google does not tell.
    """
    found = translator.outputs(model, body)
    tags = part(found, "tags")
    return {
        **_metadata(body, state),
        "advancedMachineFeatures": _features(found.get("advancedMachineFeatures")),
        "canIpForward": bool(found.get("canIpForward")),
        "confidentialInstanceConfig": _confidential(found.get("confidentialInstanceConfig")),
        "enableDisplay": part(found, "displayDevice").get("enableDisplay"),
        "keyRevocationActionType": found.get("keyRevocationActionType") or "",
        "labels": body.get("labels"),
        "minCpuPlatform": found.get("minCpuPlatform") or "",
        "networkInterfaces": [interface(each) for each in parts(found, "networkInterfaces")],
        "reservationAffinity": _affinity(found.get("reservationAffinity")),
        "scheduling": _scheduling(part(found, "scheduling")),
        "serviceAccount": _service_account(found.get("serviceAccounts")),
        "shieldedInstanceConfig": found.get("shieldedInstanceConfig"),
        "tags": tags.get("items") or [],
        "tagsFingerprint": tags.get("fingerprint") or "",
    }


def interface(found: Mapping[str, Any]) -> Properties:
    """Return one network interface."""
    subnetwork = str(found.get("subnetwork") or "")
    project = re.search(r"projects/([^/]+)/", subnetwork)
    texts = ("igmpQuery", "ipv6Address", "network", "networkAttachment", "networkIp", "nicType", "parentNicName")
    return {
        **{key: found.get(key) or "" for key in (*texts, "name", "stackType")},
        **{key: found.get(key) or 0 for key in ("internalIpv6PrefixLength", "queueCount", "vlan")},
        "accessConfigs": [_access_config(each) for each in parts(found, "accessConfigs")],
        "aliasIpRanges": found.get("aliasIpRanges") or [],
        "subnetwork": subnetwork,
        "subnetworkProject": project[1] if project else "",
    }


def guest_features(found: object) -> list[str]:
    """Return guest OS features."""
    return [str(each["type"]) for each in cast("list[dict[str, str]]", found or [])]


def _metadata(body: Mapping[str, Any], state: Mapping[str, Any]) -> Properties:
    held = part(body, "metadata")
    items = {each["key"]: each.get("value", "") for each in cast("list[dict[str, str]]", held.get("items") or [])}
    script = items.pop("startup-script", "") if state.get("metadataStartupScript") else None
    return {
        "metadata": items,
        "metadataFingerprint": held.get("fingerprint") or "",
        "metadataStartupScript": script,
    }


def _access_config(found: Mapping[str, Any]) -> Properties:
    ptr = found.get("publicPtrDomainName") if found.get("setPublicPtr") else None
    told = {"natIp": found.get("natIp") or "", "networkTier": found.get("networkTier") or ""}
    return told | ({"publicPtrDomainName": ptr} if ptr else {})


def _scheduling(found: Mapping[str, Any]) -> Properties:
    return {
        **{key: found.get(key) or "" for key in _SCHEDULING_TEXTS},
        **{key: found[key] for key in _SCHEDULING_REST if found.get(key) is not None},
        "availabilityDomain": found.get("availabilityDomain") or 0,
        "minNodeCpus": found.get("minNodeCpus") or 0,
        "nodeAffinities": found.get("nodeAffinities") or [],
        "preemptible": bool(found.get("preemptible")),
        "skipGuestOsShutdown": bool(found.get("skipGuestOsShutdown")),
    }


def _service_account(found: list[dict[str, Any]] | None) -> Properties | None:
    if not found:
        return None
    return {"email": found[0].get("email", ""), "scopes": found[0].get("scopes") or []}


def _confidential(found: Mapping[str, Any] | None) -> Properties | None:
    if not found:
        return None
    return {
        "enableConfidentialCompute": bool(found.get("enableConfidentialCompute")),
        "confidentialInstanceType": found.get("confidentialInstanceType") or "",
    }


def _features(found: Mapping[str, Any] | None) -> Properties | None:
    if not found:
        return None
    return {
        **{key: bool(found.get(key)) for key in _FEATURES},
        **{key: found.get(key) or 0 for key in ("threadsPerCore", "visibleCoreCount")},
        **{key: found.get(key) or "" for key in ("performanceMonitoringUnit", "turboMode")},
    }


def _affinity(found: Mapping[str, Any] | None) -> Properties | None:
    if not found:
        return None
    key = found.get("key")
    named: Properties = {"specificReservation": {"key": key, "values": words(found, "values")}} if key else {}
    return {"type": found.get("consumeReservationType"), **named}


def machine_type(found: Mapping[str, Any]) -> str:
    """Return the machine type by its name."""
    return links.name_of(str(found["machineType"]))

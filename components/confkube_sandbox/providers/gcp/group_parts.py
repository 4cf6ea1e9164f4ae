"""The parts of a managed instance group: bodies, outputs, and what two spellings mean.

services/compute/resource_compute_instance_group_manager.go of terraform-provider-google-beta at 93c65b2d60fe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.providers.gcp import links, machines
from confkube_sandbox.providers.gcp.answers import part, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confkube_sandbox.providers.gcp.changes import Change
    from confkube_sandbox.providers.handler import Properties

_LIFECYCLE = ("forceUpdateOnRepair", "defaultActionOnFailure", "onFailedHealthCheck")


def same_template(old: object, new: object) -> bool:
    """Whether two addresses name the same template; a number that both give decides."""
    one, _, first = str(old).partition("?uniqueId=")
    other, _, second = str(new).partition("?uniqueId=")
    if first and second and first != second:
        return False
    return links.relative(one) == links.relative(other)


def same_method(old: object, new: object) -> bool:
    """``EmptyOrDefaultStringSuppress("SUBSTITUTE")``."""
    return (old or "SUBSTITUTE") == (new or "SUBSTITUTE")


def body(inputs: Properties) -> dict[str, Any]:
    """Return the body of a new group."""
    return machines.filled(
        {
            "allInstancesConfig": _all(inputs),
            "autoHealingPolicies": _healing(inputs) or None,
            "baseInstanceName": inputs["baseInstanceName"],
            "description": inputs.get("description") or None,
            "instanceLifecyclePolicy": _lifecycle(inputs) or None,
            "listManagedInstancesResults": inputs["listManagedInstancesResults"],
            "name": inputs["name"],
            "namedPorts": inputs.get("namedPorts") or None,
            "targetSize": int(inputs.get("targetSize") or 0),
            "updatePolicy": _update(inputs) or None,
            "versions": _versions(inputs),
        }
    )


def patch(to: Change) -> dict[str, Any]:
    """Return the body of a patch for what differs, without its fingerprint; empty where nothing does."""
    parts: dict[str, Callable[[Properties], Any]] = {
        "allInstancesConfig": _all,
        "autoHealingPolicies": _healing,
        "description": lambda inputs: inputs.get("description") or "",
        "instanceLifecyclePolicy": _lifecycle,
        "listManagedInstancesResults": lambda inputs: inputs["listManagedInstancesResults"],
        "updatePolicy": _update,
        "versions": _versions,
    }
    return {key: part(to.new) for key, part in parts.items() if key in to.keys}


def outputs(answer: Mapping[str, Any]) -> Properties:
    """Return the outputs that are objects and lists."""
    healing = parts(answer, "autoHealingPolicies")
    standby = cast("dict[str, Any] | None", answer.get("standbyPolicy"))
    size = cast("dict[str, Any] | None", answer.get("targetSizePolicy"))
    return {
        "allInstancesConfig": _all_outputs(answer.get("allInstancesConfig")),
        "autoHealingPolicies": healing[0] if healing else None,
        "instanceLifecyclePolicy": _lifecycle_outputs(answer.get("instanceLifecyclePolicy")),
        "namedPorts": answer.get("namedPorts") or [],
        "standbyPolicy": {"initialDelaySec": 0, "mode": "", **standby} if standby else None,
        "statuses": [_status(part(answer, "status"))],
        "targetSizePolicies": [{"mode": size["mode"]}] if size else [],
        "updatePolicy": _update_outputs(answer.get("updatePolicy")),
        "versions": [_version(each) for each in parts(answer, "versions")],
    }


def waiting_for(status: Mapping[str, Any], *, updated: bool) -> str:
    """Say what a group is not done with; empty when it is done."""
    if not status.get("isStable"):
        return "creating"
    if not updated:
        return ""
    stateful = part(status, "stateful")
    if stateful.get("hasStatefulConfig") and not part(stateful, "perInstanceConfigs").get("allEffective"):
        return "updating per instance configs"
    if not part(status, "versionTarget").get("isReached"):
        return "reaching version target"
    config = status.get("allInstancesConfig")
    return "updating all instances config" if config is not None and not config.get("effective") else ""


def _versions(inputs: Properties) -> list[dict[str, Any]]:
    return [
        machines.filled(
            {
                "name": each.get("name") or None,
                "instanceTemplate": _by_number(str(each["instanceTemplate"])),
                "targetSize": _fixed_or_percent(each.get("targetSize")),
            }
        )
        for each in cast("list[Properties]", inputs["versions"])
    ]


def _by_number(template: str) -> str:
    """Return the address of a template by its number, where it is known (ConvertToUniqueIdWhenPresent)."""
    plain, _, number = template.partition("?uniqueId=")
    return f"{plain.rpartition('/')[0]}/{number}" if number else template


def _fixed_or_percent(given: Properties | None) -> dict[str, Any] | None:
    if not given:
        return None
    return {key: given[key] for key in ("percent", "fixed") if given.get(key)} or None


def _update(inputs: Properties) -> dict[str, Any]:
    given = cast("Properties | None", inputs.get("updatePolicy"))
    if not given:
        return {}
    return machines.filled(
        {
            "maxSurge": _limit(given, "maxSurge"),
            "maxUnavailable": _limit(given, "maxUnavailable"),
            "minimalAction": given["minimalAction"],
            "mostDisruptiveAllowedAction": given.get("mostDisruptiveAllowedAction") or None,
            "replacementMethod": given.get("replacementMethod") or None,
            "type": given["type"],
        }
    )


def _limit(given: Properties, name: str) -> dict[str, Any]:
    percent = given.get(f"{name}Percent")
    return {"percent": percent} if percent else {"fixed": given.get(f"{name}Fixed") or 0}


def _healing(inputs: Properties) -> list[dict[str, Any]]:
    given = cast("Properties | None", inputs.get("autoHealingPolicies"))
    return [{"healthCheck": given["healthCheck"], "initialDelaySec": given["initialDelaySec"]}] if given else []


def _lifecycle(inputs: Properties) -> dict[str, Any]:
    given = cast("Properties | None", inputs.get("instanceLifecyclePolicy"))
    if not given:
        return {}
    repair = given.get("onRepair")
    return {key: given[key] for key in _LIFECYCLE if given.get(key)} | ({"onRepair": repair} if repair else {})


def _all(inputs: Properties) -> dict[str, Any] | None:
    given = cast("Properties | None", inputs.get("allInstancesConfig"))
    if not given:
        return None
    return {"properties": {key: given[key] for key in ("labels", "metadata") if given.get(key)}}


def _version(found: Mapping[str, Any]) -> Properties:
    size = {key: int(value) for key, value in part(found, "targetSize").items() if key in ("fixed", "percent")}
    return {
        "name": found.get("name") or "",
        "instanceTemplate": found["instanceTemplate"],
        **(
            {"targetSize": {"percent": size["percent"]} if size.get("percent") else {"fixed": size["fixed"]}}
            if any(size.values())
            else {}
        ),
    }


def _update_outputs(found: Mapping[str, Any] | None) -> Properties | None:
    if not found:
        return None
    limits = {
        f"{name}{suffix}": int(part(found, name).get(suffix.lower()) or 0)
        for name in ("maxSurge", "maxUnavailable")
        for suffix in ("Fixed", "Percent")
    }
    texts = ("minimalAction", "mostDisruptiveAllowedAction", "replacementMethod", "type")
    return {**limits, **{key: found.get(key) or "" for key in texts}, "minReadySec": int(found.get("minReadySec") or 0)}


def _lifecycle_outputs(found: Mapping[str, Any] | None) -> Properties | None:
    if not found:
        return None
    return {**{key: found.get(key) or "" for key in _LIFECYCLE}, "onRepair": found.get("onRepair")}


def _all_outputs(found: Mapping[str, Any] | None) -> Properties | None:
    if not found:
        return None
    properties = part(found, "properties")
    return {key: properties.get(key) or {} for key in ("labels", "metadata")}


def _status(found: Mapping[str, Any]) -> Properties:
    stateful, target, every = part(found, "stateful"), part(found, "versionTarget"), part(found, "allInstancesConfig")
    config = {"currentRevision": every.get("currentRevision") or "", "effective": bool(every.get("effective"))}
    effective = bool(part(stateful, "perInstanceConfigs").get("allEffective"))
    return {
        "allInstancesConfigs": [config] if every else [],
        "isStable": bool(found.get("isStable")),
        "statefuls": [
            {
                "hasStatefulConfig": bool(stateful.get("hasStatefulConfig")),
                "perInstanceConfigs": [{"allEffective": effective}],
            }
        ],
        "versionTargets": [{"isReached": bool(target.get("isReached"))}],
    }

"""Tags of scale groups: a list with a say whether machines get them too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.handler import Properties

_SERVICE = "autoscaling"


def wanted(name: str, entries: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Return a group's tags in the form of AWS."""
    return [
        {
            "ResourceId": name,
            "ResourceType": "auto-scaling-group",
            "Key": entry["key"],
            "Value": entry["value"],
            "PropagateAtLaunch": bool(entry.get("propagateAtLaunch")),
        }
        for entry in entries or []
    ]


def ordered(live_: list[dict[str, Any]], mine: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Return the live tags in the user's order, further ones after them."""
    order = [entry["key"] for entry in mine or []]
    found = [
        {"key": tag["Key"], "value": tag.get("Value", ""), "propagateAtLaunch": bool(tag.get("PropagateAtLaunch"))}
        for tag in live_
        if not tag["Key"].startswith("aws:")
    ]
    return sorted(found, key=lambda tag: (order.index(tag["key"]) if tag["key"] in order else len(order), tag["key"]))


def update(aws: Connection, id_: str, live_: Properties, new: Properties) -> None:
    """Bring the tags of a living group to what the inputs want."""
    before, after = wanted(id_, live_.get("tags")), wanted(id_, new.get("tags"))
    kept = {tag["Key"] for tag in after}
    gone = [
        {key: tag[key] for key in ("ResourceId", "ResourceType", "Key")} for tag in before if tag["Key"] not in kept
    ]
    if gone:
        aws.api.call(_SERVICE, "DeleteTags", Tags=gone)
    altered = [tag for tag in after if tag not in before]
    if altered:
        aws.api.call(_SERVICE, "CreateOrUpdateTags", Tags=altered)

"""Labels: the resource's own, the provider's default labels, the attribution label, and what others have put on.

``labels`` are the program's, ``pulumiLabels`` adds the provider's, ``effectiveLabels`` are all that the object has.
https://github.com/hashicorp/terraform-provider-google-beta tpgresource/labels.go at 93c65b2d60fe; the label's name:
https://github.com/pulumi/pulumi-gcp patches/0006-Rename-default-provisioning-label-to-goog-pulumi-pro.patch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.providers.handler import Properties

Labels = dict[str, str]

ATTRIBUTION = "goog-pulumi-provisioned"
SECRET = frozenset({"effectiveLabels", "pulumiLabels"})


def wanted(config: Mapping[str, Any], inputs: Mapping[str, Any], state: Mapping[str, Any]) -> Labels:
    """Return ``pulumiLabels``: the labels that this provider manages.

    Args:
        config: The provider's configuration.
        inputs: The resource's inputs.
        state: The outputs so far; empty for a new object.
    """
    found = dict(cast("Labels", config.get("defaultLabels") or {}))
    strategy = config.get("pulumiAttributionLabelAdditionStrategy") or "CREATION_ONLY"
    has = ATTRIBUTION in cast("Labels", state.get("effectiveLabels") or {})
    if config.get("addPulumiAttributionLabel") is not False and (has or not state or strategy == "PROACTIVE"):
        found[ATTRIBUTION] = "true"
    return found | cast("Labels", inputs.get("labels") or {})


def effective(managed: Labels, state: Mapping[str, Any]) -> Labels:
    """Return ``effectiveLabels``: the managed labels over what the object is known to have."""
    before = cast("Labels", state.get("pulumiLabels") or {})
    others = cast("Labels", state.get("effectiveLabels") or {})
    return {key: value for key, value in others.items() if key not in before} | managed


def outputs(live: Labels | None, inputs: Mapping[str, Any], managed: Mapping[str, Any]) -> Properties:
    """Return the three outputs for the labels found on an object.

    Args:
        live: The labels of the object.
        inputs: Says which labels are the program's.
        managed: Says which labels are this provider's.
    """
    found = live or {}
    own = cast("Labels", inputs.get("labels") or {})
    # A label that is gone reads as an empty one (SetLabels).
    return {
        "labels": {key: found.get(key, "") for key in own} if own else None,
        "pulumiLabels": {key: found.get(key, "") for key in managed},
        "effectiveLabels": dict(found),
    }

"""Rules of managed instance groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.errors import ApiError, invalid
from confkube_sandbox.daemon.gcp.model import Key
from confkube_sandbox.daemon.gcp.rules.sources import MIGS, SEEN, WRITTEN
from confkube_sandbox.daemon.gcp.rules.targets import target_key
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.gcp.context import Call

_CHANGES = "instanceGroupManagers.insert instanceGroupManagers.patch instanceGroupManagers.setInstanceTemplate"
_LARGEST = 1000


def _templates(call: Call) -> Iterator[tuple[str, str]]:
    for index, each in enumerate(call.body.get("versions", [])):
        yield f"resource.versions[{index}].instanceTemplate", each.get("instanceTemplate", "")
    if call.body.get("instanceTemplate"):
        yield "resource.instanceTemplate", call.body["instanceTemplate"]


@rule(
    "compute",
    "instanceGroupManagers.insert instanceGroupManagers.patch",
    name="compute.group-template",
    source=MIGS,
    date=WRITTEN,
    evidence=RECALLED,
)
def template_given(call: Call) -> None:
    """A group names its template once: by itself or in its versions, of which only the last may leave its size open."""
    given = list(_templates(call))
    if call.operation == "instanceGroupManagers.patch" and not given:
        return
    if not given:
        raise invalid("resource.instanceTemplate", "", "An instance template must be specified.")
    open_ = [each for each in call.body.get("versions", []) if not each.get("targetSize")]
    if len(call.body.get("versions", [])) > 1 and len(open_) != 1:
        raise invalid("resource.versions", {}, "Exactly one version must have an unspecified target size.")


@rule(
    "compute",
    _CHANGES,
    name="compute.group-template-exists",
    source="https://github.com/hashicorp/terraform-provider-google/issues/5252",
    date=SEEN,
    evidence=READ,
)
def template_exists(call: Call) -> None:
    """The template of a group is there and ready, and the very one that is meant.

    The source shows the words for another kind of resource, https://github.com/hashicorp/terraform/issues/22083 those
    for a bare name; those for a template that is not there are recalled.
    """
    for path, text in _templates(call):
        call.require_ready(call.require_there(text, "instanceTemplates", path))


@rule(
    "compute",
    _CHANGES,
    name="compute.group-size",
    source=MIGS,
    date=WRITTEN,
    evidence=RECALLED,
)
def size(call: Call) -> None:
    """A zonal group has up to 1000 machines."""
    given = call.body.get("targetSize")
    if given is not None and not 0 <= int(given) <= _LARGEST:
        text = f"Must be greater than or equal to 0 and less than or equal to {_LARGEST}"
        raise invalid("resource.targetSize", given, text)


@rule(
    "compute", "instanceGroupManagers.resize", name="compute.group-resize", source=MIGS, date=WRITTEN, evidence=RECALLED
)
def resize(call: Call) -> None:
    """A new size is given, and a zonal group has up to 1000 machines."""
    given = call.query.get("size")
    if given is None:
        raise ApiError("required", "Required field 'size' not specified")
    if not 0 <= int(given) <= _LARGEST:
        text = f"Must be greater than or equal to 0 and less than or equal to {_LARGEST}"
        raise invalid("size", given, text)


@rule("compute", "instanceGroupManagers.insert", name="compute.group-base-name", source=MIGS, date=WRITTEN,
      evidence=RECALLED)  # fmt: skip
def base_name(call: Call) -> None:
    """Names of machines are the base name and five more characters, which has to fit."""
    given = call.body.get("baseInstanceName")
    if given and not re.fullmatch(r"[a-z](?:[-a-z0-9]{0,56}[a-z0-9])?", given):
        text = "Must be a match of regex '[a-z](([-a-z0-9]{0,57})|([-a-z0-9]{0,51}-#{1,10}(\\[[0-9]{1,10}\\])?))'"
        raise invalid("resource.baseInstanceName", given, text)


@rule(
    "compute",
    "instanceGroupManagers.insert instanceGroupManagers.patch",
    name="compute.group-policy",
    source="https://github.com/GoogleCloudPlatform/magic-modules/pull/8210",
    date=SEEN,
    evidence=READ,
)
def policy(call: Call) -> None:
    """An update replaces at least one machine at a time, and replacing in place makes none beside.

    The words for no machine at a time are recalled.
    """
    given = call.body.get("updatePolicy", {})
    surge, missing = (given.get(each, {}).get("fixed") for each in ("maxSurge", "maxUnavailable"))
    if surge == 0 and missing == 0:
        text = "At least one of max surge and max unavailable must be greater than 0."
        raise invalid("resource.updatePolicy", {}, text)
    if given.get("replacementMethod") == "RECREATE" and surge != 0:
        text = "maxSurge must be equal to 0 when replacement method is set to RECREATE"
        raise invalid("resource.updatePolicy.maxSurge", given.get("maxSurge", {"fixed": 1}), text)


@rule(
    "compute",
    "instanceGroupManagers.deleteInstances instanceGroupManagers.recreateInstances "
    "instanceGroupManagers.applyUpdatesToInstances",
    name="compute.group-member",
    source=MIGS,
    date=WRITTEN,
    evidence=RECALLED,
)
def member(call: Call) -> None:
    """Machines that are named belong to the group."""
    key = target_key(call)
    group = call.project.groups[Key(key.collection, key.place, key.name)]
    for index, link in enumerate(call.body.get("instances", [])):
        if str(link).rpartition("/")[2] not in group.machines:
            text = "Instance is not a member of the instance group manager."
            raise invalid(f"instances[{index}]", link, text)


@rule(
    "compute",
    "instanceGroupManagers.setInstanceTemplate",
    name="compute.group-template-required",
    source="https://github.com/hashicorp/terraform/issues/18781",
    date=SEEN,
    evidence=READ,
)
def template_required(call: Call) -> None:
    """Setting a template names one."""
    if not call.body.get("instanceTemplate"):
        raise ApiError("required", "Required field 'instanceTemplate' not specified")

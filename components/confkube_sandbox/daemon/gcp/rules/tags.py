"""Rules of Resource Manager's tags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.gcp.errors import ApiError, OperationError
from confkube_sandbox.daemon.gcp.model import GLOBAL
from confkube_sandbox.daemon.gcp.rules.sources import READ_LATER, TAG_BINDINGS, TAG_KEYS, TAG_VALUES
from confkube_sandbox.daemon.gcp.tag_bindings import require_instance
from confkube_sandbox.daemon.gcp.tags import require
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

_NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9._-]{0,254}[a-zA-Z0-9])?")
_MAKES = "tagKeys.create tagValues.create"
_MOST_BINDINGS = 50


@rule("cloudresourcemanager", _MAKES, name="cloudresourcemanager.tag-parent", source=TAG_VALUES, date=READ_LATER,
      evidence=RECALLED)  # fmt: skip
def parent(call: Call) -> None:
    """A key belongs to a project (or an organization, which is not simulated), a value to a key."""
    given = call.body.get("parent", "")
    good = given.startswith("projects/") if call.operation.startswith("tagKeys") else given in call.project.tag_keys
    if not good:
        raise ApiError("badRequest", "Request contains an invalid argument.")


@rule("cloudresourcemanager", _MAKES, name="cloudresourcemanager.tag-name", source=TAG_KEYS, date=READ_LATER,
      evidence=RECALLED)  # fmt: skip
def name(call: Call) -> None:
    """A short name has 1 to 256 letters, digits, dashes, underscores and dots, says the API's own description."""
    given = call.body.get("shortName", "")
    if not _NAME.fullmatch(given):
        raise ApiError("badRequest", f"The short name '{given}' is invalid.")


@rule("cloudresourcemanager", f"{_MAKES} tagKeys.patch tagValues.patch", name="cloudresourcemanager.tag-words",
      source=TAG_KEYS, date=READ_LATER, evidence=RECALLED)  # fmt: skip
def words(call: Call) -> None:
    """A description has at most 256 characters."""
    if len(call.body.get("description", "")) > 256:
        raise ApiError("badRequest", "The description must not exceed 256 characters.")


@rule(
    "cloudresourcemanager",
    "tagKeys.create",
    name="cloudresourcemanager.tag-key-taken",
    source="https://github.com/GoogleCloudPlatform/k8s-config-connector/pull/6890",
    date=READ_LATER,
    evidence=READ,
)
def key_taken(call: Call) -> None:
    """A short name is used once in a project; the operation finds out."""
    given = call.body["shortName"]
    if any(each.body["shortName"] == given for each in call.project.tag_keys.values()):
        text = f"A TagKey with short name '{given}' already exists under parent 'projects/{call.project.number}'"
        raise OperationError("ALREADY_EXISTS", f"generic::ALREADY_EXISTS: {text}", 409)


@rule(
    "cloudresourcemanager",
    "tagValues.create",
    name="cloudresourcemanager.tag-value-taken",
    source="https://github.com/GoogleCloudPlatform/cluster-toolkit/pull/5056",
    date=READ_LATER,
    evidence=READ,
)
def value_taken(call: Call) -> None:
    """A short name is used once for a key; the operation finds out."""
    given, above = call.body["shortName"], call.body["parent"]
    held = [each.body for each in call.project.tag_values.values() if each.body["parent"] == above]
    if any(each["shortName"] == given for each in held):
        text = f"A TagValue with short name '{given}' already exists under parent '{above}'"
        raise OperationError("ALREADY_EXISTS", f"generic::ALREADY_EXISTS: {text}", 409)


@rule(
    "cloudresourcemanager",
    "tagKeys.create",
    name="cloudresourcemanager.tag-key-quota",
    source="https://github.com/ubicloud/ubicloud/pull/6325",
    date=READ_LATER,
    evidence=READ,
)
def key_quota(call: Call) -> None:
    """A project has up to 1000 keys; the source shows the code, not the text."""
    most = call.settings.quotas["gcp-tag-keys"]
    if len(call.project.tag_keys) >= most:
        text = f"The maximum number of TagKeys under a parent is {most}."
        raise ApiError("failedPrecondition", text, 400, status_name="FAILED_PRECONDITION")


@rule(
    "cloudresourcemanager",
    "tagKeys.delete",
    name="cloudresourcemanager.tag-key-values",
    source="https://github.com/ubicloud/ubicloud/pull/6325",
    date=READ_LATER,
    evidence=READ,
)
def key_values(call: Call) -> None:
    """A key is deleted after its values; the operation finds out. The source shows the code and three of the words."""
    key = require(call).body["name"]
    if any(each.body["parent"] == key for each in call.project.tag_values.values()):
        raise OperationError("FAILED_PRECONDITION", f"Cannot delete tag key, {key}, because it has child TagValues.")


@rule(
    "cloudresourcemanager",
    "tagValues.delete",
    name="cloudresourcemanager.tag-value-bound",
    source="https://github.com/hashicorp/terraform-provider-google/issues/16685",
    date=READ_LATER,
    evidence=READ,
)
def value_bound(call: Call) -> None:
    """A value is deleted when nothing has it, nor anything that was deleted a while ago; the operation finds out."""
    value = require(call).body["name"]
    for each in call.project.tag_bindings.values():
        if each.value == value:
            text = (
                f"Cannot delete tag value, {value}, because it is still attached to resources in '{each.location}' "
                "region. To delete this tag value, remove all holds and then remove it from all resources. At least "
                f"one binding was found to an active or deleted resource in the '{each.location}' region."
            )
            raise OperationError("FAILED_PRECONDITION", text)


@rule("cloudresourcemanager", "tagBindings.create tagBindings.delete tagBindings.list effectiveTags.list",
      name="cloudresourcemanager.tag-place", source=TAG_BINDINGS, date=READ_LATER, evidence=RECALLED)  # fmt: skip
def place(call: Call) -> None:
    """What lies in a zone is tagged at Resource Manager's address for that zone.

    https://cloud.google.com/resource-manager/docs/tags/tags-creating-and-managing#attaching says so and shows no text.
    """
    if call.operation == "tagBindings.delete":
        held = call.project.tag_bindings.get(call.path["tagBindingsId"])
        if held is None:
            raise ApiError("forbidden", "The caller does not have permission", 403)
        where = held.location
    else:
        where = require_instance(call, call.body.get("parent") or call.query.get("parent", ""))[0].place
    if call.location != where:
        asked = "the global" if call.location == GLOBAL else f"the {call.location}"
        text = f"Resources in {where} cannot be tagged at {asked} endpoint; use {where}-cloudresourcemanager."
        raise ApiError("badRequest", text)


@rule("cloudresourcemanager", "tagBindings.create", name="cloudresourcemanager.tag-value-known", source=TAG_BINDINGS,
      date=READ_LATER, evidence=RECALLED)  # fmt: skip
def value_known(call: Call) -> None:
    """What is bound is a value that is there."""
    if call.body.get("tagValue") not in call.project.tag_values:
        raise ApiError("forbidden", "The caller does not have permission", 403)


@rule("cloudresourcemanager", "tagBindings.create", name="cloudresourcemanager.tag-one-value", source=TAG_BINDINGS,
      date=READ_LATER, evidence=RECALLED)  # fmt: skip
def one_value(call: Call) -> None:
    """A resource has one value of a key, and up to 50 in all."""
    key, number = require_instance(call, call.body["parent"])
    wanted = call.project.tag_values[call.body["tagValue"]].body["parent"]
    bound = [each for each in call.project.tag_bindings.values() if (each.instance, each.number) == (key, number)]
    if any(call.project.tag_values[each.value].body["parent"] == wanted for each in bound):
        text = f"A binding already exists between the given resource and a tag value of {wanted}."
        raise ApiError("alreadyExists", text, 409)
    if len(bound) >= _MOST_BINDINGS:
        text = f"A resource has at most {_MOST_BINDINGS} tags."
        raise ApiError("failedPrecondition", text, 400, status_name="FAILED_PRECONDITION")

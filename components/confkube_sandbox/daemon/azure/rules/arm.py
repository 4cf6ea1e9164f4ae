"""Rules of Resource Manager itself, which hold for every resource type."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from confkube_sandbox.daemon.azure.catalog import regions
from confkube_sandbox.daemon.azure.context import DELETING, normal_location
from confkube_sandbox.daemon.azure.errors import ArmError
from confkube_sandbox.daemon.azure.rules import sources
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.azure.context import Call

_GROUP = "Microsoft.Resources/resourceGroups"
_FORBIDDEN = re.compile(r"[<>%&\\?/\x00-\x1f\x7f]")
_MOST_TAGS, _LONGEST_NAME, _LONGEST_VALUE = 50, 512, 256


@rule(
    "arm",
    "PUT GET PATCH DELETE HEAD POST",
    name="arm.group-exists",
    source=sources.GROUP_MISSING,
    date=sources.SEEN,
    evidence=READ,
)
def group_exists(call: Call) -> None:
    """The resource group of a resource exists."""
    if call.kind.type == _GROUP or not call.target.group:
        return
    if call.memory.group_of(call.account, call.target.group) is None:
        raise ArmError("ResourceGroupNotFound", f"Resource group '{call.target.group}' could not be found.", 404)


@rule(
    "arm",
    "PUT PATCH POST",
    name="arm.group-being-deleted",
    source=sources.GROUP_DELETING,
    date=sources.SEEN,
    evidence=READ,
)
def group_being_deleted(call: Call) -> None:
    """Nothing is made or changed in a group that is being deleted."""
    group = call.memory.group_of(call.account, call.target.group or call.target.name)
    if group is not None and group.state == DELETING:
        text = f"The resource group '{group.name}' is in deprovisioning state and cannot perform this operation."
        raise ArmError("ResourceGroupBeingDeleted", text, 409)


@rule("arm", "PUT", name="arm.name", source=sources.NAMES, date=sources.SEEN, evidence=READ)
def name(call: Call) -> None:
    """The name has the form that the type asks for (read of most types; that of resource groups is recalled)."""
    given, names = call.target.name, call.kind.names
    if names.allow(given) or call.kind.type == "Microsoft.KeyVault/vaults/secrets":
        return
    match call.kind.service:
        case "resources":
            text = (
                f"The provided resource group name '{given}' has these invalid characters: ''. The name can only be a "
                "letter, digit, '-', '.', '(', ')' or '_'."
            )
            raise ArmError("InvalidResourceGroup", text)
        case "network":
            text = (
                f"Resource name {given} is invalid. The name can be up to {names.most} characters long. It must begin "
                "with a word character, and it must end with a word character or with '_'. The name may contain word "
                "characters or '.', '-', '_'."
            )
            raise ArmError("InvalidResourceName", text)
        case "keyvault" if call.kind.type.endswith("/vaults"):
            text = (
                f"The vault name '{given}' is invalid. A vault's name must be between 3-24 alphanumeric characters. "
                "The name must begin with a letter, end with a letter or digit, and not contain consecutive hyphens. "
                "Follow this link for more information: https://go.microsoft.com/fwlink/?linkid=2147742"
            )
            raise ArmError("VaultNameNotValid", text)
        case "authorization" if call.kind.type.endswith("/roleDefinitions"):
            text = f"The role definition ID '{given}' is not valid. The role definition ID must be a GUID."
            raise ArmError("InvalidRoleDefinitionId", text)
        case "storage":
            raise _name_in_storage(call)
        case "managedidentity" if call.kind.parent:
            raise ArmError("BadRequest", f"Federated Identity Credential name '{given}' is invalid.")
        case "compute" if call.kind.type.endswith("/galleries"):
            text = (
                "Gallery name is invalid. Allowed characters in gallery name are uppercase or lowercase letters, "
                "digits, underscores and periods."
            )
            raise ArmError("BadRequest", text)
        case "authorization":
            text = f"The role assignment ID '{given}' is not valid. The role assignment ID must be a GUID."
            raise ArmError("InvalidRoleAssignmentId", text)
        case _:
            text = (
                f"The resource name '{given}' or a part of the name is invalid: it must be between {names.least} and "
                f"{names.most} characters long and match '{names.pattern}'."
            )
            raise ArmError("InvalidResourceName", text)


def _name_in_storage(call: Call) -> ArmError:
    if call.kind.parent:
        return ArmError("InvalidResourceName", "The specifed resource name contains invalid characters.")
    text = (
        f"{call.target.name} is not a valid storage account name. Storage account name must be between 3 and 24 "
        "characters in length and use numbers and lower-case letters only."
    )
    return ArmError("AccountNameInvalid", text)


@rule("arm", "PUT", name="arm.location-required", source=sources.LOCATION_REQUIRED, date=sources.SEEN, evidence=READ)
def location_required(call: Call) -> None:
    """A resource with a location of its own is made in one."""
    if call.kind.tracked and call.existing is None and not call.body.get("location"):
        raise ArmError("LocationRequired", "The location property is required for this definition.")


@rule("arm", "PUT", name="arm.location", source=sources.GROUP_REGION, date=sources.SEEN, evidence=READ)
def location_known(call: Call) -> None:
    """The location is a region (the text for resource groups was read, the other one is recalled)."""
    given = call.body.get("location")
    if not isinstance(given, str) or not given or normal_location(given) in regions.REGIONS:
        return
    known = ",".join(regions.REGIONS)
    if call.kind.type == _GROUP:
        text = f"The provided location '{given}' is not available for resource group. List of available regions is "
        raise ArmError("LocationNotAvailableForResourceGroup", f"{text}'{known}'.")
    text = (
        f"The provided location '{given}' is not available for resource type '{call.kind.type}'. List of available "
        f"regions for the resource type is '{known}'."
    )
    raise ArmError("LocationNotAvailableForResourceType", text)


@rule("arm", "PUT", name="arm.location-fixed", source=sources.GROUP_LOCATION, date=sources.SEEN, evidence=READ)
def location_fixed(call: Call) -> None:
    """A resource stays where it is (the text for resource groups was read, the other one is recalled)."""
    given = call.body.get("location")
    if call.existing is None or not isinstance(given, str) or not given or not call.kind.tracked:
        return
    held = call.existing.location
    if normal_location(given) == held:
        return
    if call.kind.type == _GROUP:
        text = f"Invalid resource group location '{given}'. The Resource group already exists in location '{held}'."
        raise ArmError("InvalidResourceGroupLocation", text, 409)
    text = (
        f"The resource '{call.target.name}' already exists in location '{held}' in resource group "
        f"'{call.target.group}'. A resource with the same name cannot be created in location "
        f"'{normal_location(given)}'. Please select a new resource name."
    )
    raise ArmError("InvalidResourceLocation", text, 409)


@rule("arm", "PUT PATCH", name="arm.parent", source=sources.PARENT, date=sources.SEEN, evidence=READ)
def parent_exists(call: Call) -> None:
    """What a resource is nested in exists."""
    if call.kind.parent and call.memory.get(call.target.parent) is None:
        text = "Can not perform requested operation on nested resource. Parent resource "
        raise ArmError("ParentResourceNotFound", f"{text}'{'/'.join(call.target.names[:-1])}' not found.", 404)


@rule("arm", "PUT PATCH", name="arm.tag-count", source=sources.TAGS, date=sources.SEEN, evidence=RECALLED)
def tag_count(call: Call) -> None:
    """A resource has at most 50 tags."""
    found = _tags(call)
    if len(found) > _MOST_TAGS:
        text = (
            f"Invalid tag count. The number of tags '{len(found)}' exceeds the maximum of '{_MOST_TAGS}' allowed for a "
            "resource."
        )
        raise ArmError("InvalidTagCount", text)


@rule("arm", "PUT PATCH", name="arm.tag-length", source=sources.TAGS, date=sources.SEEN, evidence=RECALLED)
def tag_length(call: Call) -> None:
    """Names of tags have at most 512 characters, values 256."""
    for tag, value in _tags(call).items():
        if len(tag) > _LONGEST_NAME:
            text = f"Tag name too large. The tag name '{tag}' exceeds the maximum of '{_LONGEST_NAME}' characters."
            raise ArmError("TagNameTooLarge", text)
        if len(value) > _LONGEST_VALUE:
            text = (
                f"Tag value too large. Following tag value '{value}' exceeded the maximum length. Maximum allowed "
                f"length for tag value - '{_LONGEST_VALUE}' characters."
            )
            raise ArmError("InvalidTagValueLength", text)


@rule("arm", "PUT PATCH", name="arm.tag-characters", source=sources.TAGS, date=sources.SEEN, evidence=RECALLED)
def tag_characters(call: Call) -> None:
    """Names of tags have none of the reserved characters."""
    wrong = [tag for tag in _tags(call) if _FORBIDDEN.search(tag)]
    if wrong:
        text = f"The tag names '{','.join(wrong)}' have reserved characters '<,>,%,&,\\,?,/' or control characters."
        raise ArmError("InvalidTagNameCharacters", text)


@rule("arm", "PUT", name="arm.zones-in-region", source=sources.NO_ZONES, date=sources.SEEN, evidence=READ)
def zones_in_region(call: Call) -> None:
    """Zones are given only in a region that has some."""
    if call.kind.zonal and call.body.get("zones") and not regions.zones(call.location):
        text = (
            f"The resource type '{call.kind.short}' does not support availability zones at location "
            f"'{call.location}' and api-version '{call.target.query.get('api-version', '')}'."
        )
        raise ArmError("ResourceTypeNotSupportAvailabilityZones", text)


@rule("arm", "PUT", name="arm.zone", source=sources.COMMON, date=sources.SEEN, evidence=RECALLED)
def zone_known(call: Call) -> None:
    """Zones are those of the region."""
    known = regions.zones(call.location)
    wrong = [str(each) for each in call.rows("zones") if str(each) not in known]
    if call.kind.zonal and known and wrong:
        text = (
            f"The zone(s) '{','.join(wrong)}' for resource '{call.kind.type}/{call.target.name}' is not supported. "
            f"The supported zones for location '{call.location}' are '{','.join(known)}'"
        )
        raise ArmError("InvalidAvailabilityZone", text)


@rule("arm", "PUT DELETE", name="arm.if-match", source=sources.ETAGS, date=sources.SEEN, evidence=RECALLED)
def if_match(call: Call) -> None:
    """A request that names an etag meets the resource that it was made for."""
    wanted = call.headers.get("if-match", "")
    if not wanted or wanted == "*" or call.kind.service not in {"network", "compute"}:
        return
    if call.existing is None or call.existing.etag != wanted:
        raise ArmError("PreconditionFailed", "Precondition failed.", 412)


def _tags(call: Call) -> dict[str, str]:
    given = call.body.get("tags")
    return {str(tag): str(value) for tag, value in given.items()} if isinstance(given, dict) else {}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]

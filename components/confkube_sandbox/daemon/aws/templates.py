"""Launch templates, resolved as EC2 resolves them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from moto.core.types import Base64EncodedString

from confkube_sandbox.daemon.aws.errors import ApiError

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call

_BY_KEY = {"BlockDeviceMappings": "DeviceName", "NetworkInterfaces": "DeviceIndex", "TagSpecifications": "ResourceType"}


def resolved(call: Call) -> Call:
    """Return the request with a referenced launch template spelled out; other requests come back unchanged."""
    if call.operation == "RunInstances" and call.params.get("LaunchTemplate"):
        spec: dict[str, Any] = call.params["LaunchTemplate"]
        return replace(call, params=merged(template_data(call, spec), call.params))
    if call.operation == "CreateLaunchTemplateVersion" and call.params.get("SourceVersion"):
        spec = {**call.params, "Version": call.params["SourceVersion"]}
        data = merged(template_data(call, spec), call.params.get("LaunchTemplateData", {}))
        return replace(call, params={**call.params, "LaunchTemplateData": data})
    return call


def template(call: Call, spec: dict[str, Any]) -> Any:  # noqa: ANN401  moto's launch template
    """Find a launch template by id or name."""
    name, held = spec.get("LaunchTemplateName"), call.ec2.launch_templates
    found = spec.get("LaunchTemplateId") or call.ec2.launch_template_name_to_ids.get(name, "")
    if found in held:
        return held[found]
    if spec.get("LaunchTemplateId"):
        text = f"The specified launch template, with template ID {found}, does not exist."
        raise ApiError("InvalidLaunchTemplateId.NotFound", text)
    text = f"The specified launch template, with template name {name}, does not exist."
    raise ApiError("InvalidLaunchTemplateName.NotFoundException", text)


def template_version(call: Call, spec: dict[str, Any]) -> Any:  # noqa: ANN401  moto's launch template version
    """Find one version of a launch template; the default version when none is named."""
    found = template(call, spec)
    wanted = str(spec.get("Version") or "$Default")
    number = {"$Latest": found.latest_version_number, "$Default": found.default_version_number}.get(wanted)
    if number is None and wanted.isdigit() and 1 <= int(wanted) <= len(found.versions):
        number = int(wanted)
    if number is None:
        text = f"Could not find the specified version {wanted} for the launch template with ID {found.id}."
        raise ApiError("InvalidLaunchTemplateId.VersionNotFound", text)
    return found.versions[number - 1]


def template_data(call: Call, spec: dict[str, Any]) -> dict[str, Any]:
    """Return what a launch template version says, as parameters of RunInstances."""
    data: dict[str, Any] = dict(template_version(call, spec).data)
    return {name: _plain(value) for name, value in data.items() if value not in (None, [], {})}


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay the request over the template: lists join by key, structures member by member, and the request wins."""
    result = dict(below)
    for name, value in above.items():
        key = _BY_KEY.get(name)
        if key and name in below:
            result[name] = joined(below[name], value, key)
        elif isinstance(value, dict) and isinstance(below.get(name), dict):
            result[name] = {**below[name], **value}
        else:
            result[name] = value
    return result


def joined(below: list[dict[str, Any]], above: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """Join two lists by a member of their entries; the second wins."""
    entries = {each.get(key): each for each in below}
    for each in above:
        old = entries.get(each.get(key), {})
        new = {**old, **each}
        if key == "ResourceType":
            tags = {tag["Key"]: tag for tag in [*old.get("Tags", []), *each.get("Tags", [])]}
            new["Tags"] = list(tags.values())
        if isinstance(old.get("Ebs"), dict) and isinstance(each.get("Ebs"), dict):
            new["Ebs"] = {**old["Ebs"], **each["Ebs"]}
        entries[each.get(key)] = new
    return list(entries.values())


def _plain(value: Any) -> Any:  # noqa: ANN401
    return str(value) if isinstance(value, Base64EncodedString) else value

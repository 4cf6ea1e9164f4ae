"""Nested inputs to AWS parameters and back, led by the SDK's own model of the parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from confkube_sandbox.providers.terraform import unsimulated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.providers.aws.api import Shape

# Names that differ from the plain lowerCamel form of AWS's own (provider/resources.go of pulumi-aws makes plurals).
_NAMES = {
    "vpcSecurityGroupIds": "SecurityGroupIds",
    "securityGroupNames": "SecurityGroups",
    "securityGroups": "Groups",
    "ipv4Addresses": "PrivateIpAddresses",
    "ipv4AddressCount": "SecondaryPrivateIpAddressCount",
    "ramDiskId": "RamDiskId",
}


def request(shape: Shape, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Translate inputs to a structure of AWS.

    Raises:
        CloudError: AWS's model has no such member.
    """
    try:
        return cast("dict[str, Any]", to_aws(shape, dict(inputs)))
    except KeyError as error:
        raise unsimulated.member(error.args[0]) from None


def to_aws(shape: Shape, value: object) -> Any:  # noqa: ANN401
    """Translate a value of the provider to a parameter of this shape.

    Raises:
        KeyError: AWS's model has no such member.
    """
    if shape.type_name == "structure" and not isinstance(value, dict):
        raise KeyError(value)
    if shape.type_name == "structure":
        result: dict[str, Any] = {}
        for key, part in cast("dict[str, object]", value).items():
            name = _member(shape, key)
            result[name] = to_aws(shape.members[name], part)
        return result
    if shape.type_name == "list" and isinstance(value, dict):
        # A map of tags.
        return [{"Key": key, "Value": part} for key, part in sorted(cast("dict[str, str]", value).items())]
    if shape.type_name == "list":
        return [to_aws(shape.member, part) for part in cast("list[object]", value)]
    if shape.type_name == "boolean" and isinstance(value, str):
        return value == "true"
    return cast("object", value)


def from_aws(mine: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Translate an answer back, in the form and with the names of the inputs ``mine``.

    Only what ``mine`` names is returned: AWS's answer also has its own defaults.
    """
    return {
        key: _back(value, found.get(_pascal(key))) for key, value in mine.items() if found.get(_pascal(key)) is not None
    }


def _back(mine: object, found: object) -> Any:  # noqa: ANN401
    if isinstance(mine, dict) and isinstance(found, dict):
        return from_aws(cast("dict[str, Any]", mine), cast("dict[str, Any]", found))
    if isinstance(mine, dict) and isinstance(found, list):
        return {tag["Key"]: tag["Value"] for tag in cast("list[dict[str, str]]", found)}
    if isinstance(mine, list) and isinstance(found, list):
        ours, theirs = cast("list[Any]", mine), cast("list[Any]", found)
        if all(isinstance(part, dict) for part in ours) and len(ours) == len(theirs):
            return [_back(a, b) for a, b in zip(ours, theirs, strict=True)]
        return theirs
    if isinstance(mine, str) and isinstance(found, bool):
        return "true" if found else "false"
    return found


def _member(shape: Shape, key: str) -> str:
    name = _pascal(key)
    if name in shape.members:
        return name
    direct = key[:1].upper() + key[1:]
    if direct in shape.members:
        return direct
    # AWS uses the singular where the provider makes a plural.
    if direct.endswith("s") and direct[:-1] in shape.members:
        return direct[:-1]
    raise KeyError(key)


def _pascal(key: str) -> str:
    return _NAMES.get(key, key[:1].upper() + key[1:])

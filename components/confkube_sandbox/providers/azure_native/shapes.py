"""Between what a program writes and what the API takes: flattened properties, string sets, read-only properties.

Entries that were removed from a set of texts are sent as null (pull request 4640 there, and crud.go at 0354c94d74f1).
After provider/pkg/convert of github.com/pulumi/pulumi-azure-native (sdkInputsToRequestBody.go and
responseBodyToSdkOutputs.go at 1238e937430c, sdkOutputsToSdkInputs.go, previewOutputs.go at 604cfd525f96), read on
2026-11-25. There the API's specification says what is where; here the SDK's two sets of types do: Pulumi's say which
names exist, Azure's models say in which container they live.
"""

from __future__ import annotations

import collections.abc
import types
import typing
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin

from confkube_sandbox.providers import sdk
from confkube_sandbox.providers.azure_native import models
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.providers.azure_native.models import Member

Values = dict[str, Any]
_ARRAYS: tuple[object, ...] = (collections.abc.Sequence, list)
_MAPS: tuple[object, ...] = (collections.abc.Mapping, dict)
# Names that the specification changes for SDKs, where Azure's and Pulumi's differ: the times of a secret's attributes,
# the pool of an address space, the kind of a role, and settings of storage accounts (keyvault secrets.json,
# authorization-RoleDefinitionsCalls.json, storage.json: x-ms-client-name; network virtualNetwork.json of 2024-05-01).
_RENAMED = {
    "expires": ("exp",),
    "notBefore": ("nbf",),
    "id": ("pool", "id"),
    "roleType": ("properties", "type"),
    "enableHttpsTrafficOnly": ("properties", "supportsHttpsTrafficOnly"),
    "networkRuleSet": ("properties", "networkAcls"),
    "enableNfsV3": ("properties", "isNfsV3Enabled"),
    "keyVaultProperties": ("keyvaultproperties",),
    "keyName": ("keyname",),
    "keyVersion": ("keyversion",),
    "keyVaultUri": ("keyvaulturi",),
    "encryptionIdentity": ("identity",),
    "encryptionUserAssignedIdentity": ("userAssignedIdentity",),
    "encryptionFederatedIdentityClientId": ("federatedIdentityClientId",),
    "virtualNetworkResourceId": ("id",),
    "iPAddressOrRange": ("value",),
}
# References inside a resource that does not exist yet, such as a pool of a load balancer.
_SELF = "$self/"


def to_body(
    args: Mapping[str, Any], model: type, values: Values, id_: str, before: Mapping[str, Any] | None = None
) -> Values:
    """Turn inputs into a body.

    Args:
        args: Name to Pulumi's type.
        model: The SDK's model of the body.
        values: The inputs; names that ``args`` does not have are left out.
        id_: What ``$self`` stands for.
        before: The inputs of the last update: what is gone from a set of texts since then is sent as null.
    """
    found = models.members(model)
    body: Values = {}
    container: Values
    for name, annotation in args.items():
        if name not in values or values[name] is None:
            continue
        member = _member(found, name)
        container = body
        for part in member.path[:-1]:
            container = container.setdefault(part, {})
        container[member.path[-1]] = _sent(annotation, member, values[name], id_, (before or {}).get(name))
    return body


def to_outputs(results: Mapping[str, Any], model: type, answer: Values) -> Values:
    """Turn an answer into outputs; what Pulumi's types do not have is left out."""
    found = models.members(model)
    outputs: Values = {}
    for name, annotation in results.items():
        member = _member(found, name)
        value = _at(answer, member.path)
        if value is not None:
            outputs[name] = _received(annotation, member, value)
    return outputs


def to_inputs(args: Mapping[str, Any], outputs: Values) -> Values:
    """Take from outputs what could be inputs: nothing read-only."""
    return {name: _given(args[name], value) for name, value in outputs.items() if name in args}


def promised(results: Mapping[str, Any], inputs: Values) -> Values:
    """Say what a preview knows of outputs: given values stay, all others are unknown."""
    return {name: _promise(annotation, inputs.get(name)) for name, annotation in results.items()}


def _sent(annotation: object, member: Member, value: object, id_: str, before: object = None) -> object:
    inner = element(annotation)
    if isinstance(value, dict):
        entries = cast("Values", value)
        if inner is None or member.model is None:
            return entries
        if _is_map(annotation):
            return {key: _sent(inner, member, part, id_) for key, part in entries.items()}
        reference = entries.get("id")
        if isinstance(reference, str) and reference.startswith(_SELF) and inner.__name__ == "SubResourceArgs":
            entries = entries | {"id": f"{id_}/{reference.removeprefix(_SELF)}"}
        known = cast("Values", before) if isinstance(before, dict) else None
        return to_body(sdk.object_shape(inner).properties, member.model, entries, id_, known)
    if isinstance(value, list):
        parts = cast("list[object]", value)
        if member.keyed and inner is None:
            gone = cast("list[object]", before) if isinstance(before, list) else []
            return {**{str(key): None for key in gone}, **{str(key): Values() for key in parts}}
        return [_sent(annotation, member, part, id_) for part in parts]
    return value


def _received(annotation: object, member: Member, value: object) -> object:
    inner = element(annotation)
    if isinstance(value, list):
        return [_received(annotation, member, part) for part in cast("list[object]", value)]
    if not isinstance(value, dict) or inner is None or member.model is None:
        return cast("object", value)
    entries = cast("Values", value)
    if _is_map(annotation):
        return {key: _received(inner, member, part) for key, part in entries.items()}
    return to_outputs(sdk.object_results(inner), member.model, entries)


def _given(annotation: object, value: object) -> object:
    inner = element(annotation)
    if isinstance(value, dict):
        entries = cast("Values", value)
        if inner is None:
            return list(entries) if _is_array(annotation) else entries
        if _is_map(annotation):
            return {key: _given(inner, part) for key, part in entries.items()}
        return to_inputs(sdk.object_shape(inner).properties, entries)
    if isinstance(value, list):
        return [_given(annotation, part) for part in cast("list[object]", value)]
    return value


def _promise(annotation: object, value: object) -> object:
    if value is None or value == UNKNOWN:
        return UNKNOWN
    if isinstance(value, list):
        if not _is_array(annotation):
            return UNKNOWN
        inside = element(annotation) or _argument(annotation)
        return [_promise(inside, part) for part in cast("list[object]", value)]
    if isinstance(value, dict):
        entries, inner = cast("Values", value), element(annotation)
        if _is_map(annotation):
            inside = inner or _argument(annotation)
            return {key: _promise(inside, part) for key, part in entries.items()}
        return UNKNOWN if inner is None else promised(sdk.object_results(inner), entries)
    return value


def _member(found: Mapping[str, Member], name: str) -> Member:
    path = _RENAMED.get(name)
    if path is not None and name not in found and (path[0] in found or ".".join(path) in found):
        held = next((each for each in found.values() if each.path == path), None)
        return held or models.Member(path, None, keyed=False)
    # A name that Azure's newer models do not have is plain, and beside the others.
    return found.get(name) or models.Member((name,), None, keyed=False)


def element(annotation: object) -> type | None:
    """The class inside an annotation, through inputs, unions, arrays and maps; None for plain values."""
    if sdk.is_object(annotation) or sdk.is_result(annotation):
        return cast("type", annotation)
    if isinstance(annotation, type) and typing.is_typeddict(annotation):
        return None
    found = (element(part) for part in get_args(annotation))
    return next((inner for inner in found if inner is not None), None)


def _at(answer: object, path: tuple[str, ...]) -> object:
    for part in path:
        answer = cast("Values", answer).get(part) if isinstance(answer, dict) else None
    return answer


def _is_array(annotation: object) -> bool:
    return _outermost(annotation) in _ARRAYS


def _is_map(annotation: object) -> bool:
    return _outermost(annotation) in _MAPS


def _outermost(annotation: object) -> object:
    """The first array or map in an annotation that is not inside a class."""
    origin = get_origin(annotation)
    if origin in (*_ARRAYS, *_MAPS):
        return origin
    if origin is typing.Union or origin is types.UnionType:
        parts = get_args(annotation)
        # An ``…Args`` class is followed by its twin, a dictionary type.
        if any(sdk.is_object(part) or sdk.is_result(part) for part in parts):
            return None
        return next((found for found in map(_outermost, parts) if found is not None), None)
    return None


def _argument(annotation: object) -> object:
    return get_args(annotation)[-1] if get_args(annotation) else None

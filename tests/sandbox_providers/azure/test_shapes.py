"""Flattening and its reverse, over all types and any values that they allow."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from azure_parts import HANDLERS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from confkube_sandbox.providers import diff, schema, sdk
from confkube_sandbox.providers.azure_native import kinds, models, shapes
from confkube_sandbox.providers.azure_native.resource import SDK
from confkube_sandbox.providers.wire import UNKNOWN

# The API has no blobs: the real provider describes and writes them by hand.
KINDS = [kind for kind in kinds.KINDS if kind.special != "blob"]
TOKENS = sorted(kind.type for kind in KINDS)
_DEPTH = 4
_TEXT = st.text("abcxyz0189/-", min_size=1, max_size=6)
_SCALARS = {str: _TEXT, bool: st.booleans(), int: st.integers(0, 99), float: st.integers(0, 99)}
# Inputs for which Pulumi's SDK has no output: the mode of making a vault by the specification (x-ms-mutability without
# read), the gateway because the SDK's nested subnets are of a newer version as inputs than as outputs.
NO_OUTPUT = frozenset({"createMode", "serviceGateway"})


def values(annotation, depth):
    """Any value of a property that a program could write; nothing where it would go too deep."""
    members = schema._alternatives(annotation)
    member = next((part for part in members if part is str), members[0] if members else None)
    if sdk.is_object(member):
        return objects(sdk.object_shape(member).properties, depth - 1) if depth else st.nothing()
    origin, arguments = getattr(member, "__origin__", None), getattr(member, "__args__", ())
    if origin in shapes._ARRAYS:
        return st.lists(values(arguments[0], depth), min_size=1, max_size=2, unique_by=repr)
    if origin in shapes._MAPS:
        return st.dictionaries(_TEXT, values(arguments[1], depth), min_size=1, max_size=2)
    return _SCALARS.get(member, _TEXT)


def objects(properties, depth):
    found = {name: values(annotation, depth) for name, annotation in properties.items()}
    kept = {name: strategy for name, strategy in found.items() if not strategy.is_empty}
    if not kept:
        return st.nothing()
    names = st.lists(st.sampled_from(sorted(kept)), min_size=1, max_size=4, unique=True)
    return names.flatmap(lambda some: st.fixed_dictionaries({name: kept[name] for name in some}))


@cache
def programs(token):
    """Any inputs of a type; its ``id`` is the resource's own and no output."""
    return objects({name: annotation for name, annotation in HANDLERS[token].args.items() if name != "id"}, _DEPTH)


def _readable(value):
    if isinstance(value, dict):
        return {key: _readable(part) for key, part in value.items() if key not in NO_OUTPUT}
    return [_readable(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("token", TOKENS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_sent_comes_back(token, data):
    handler = HANDLERS[token]
    inputs = _readable(data.draw(programs(token)))
    body = shapes.to_body(handler.args, models.model(*handler.kind.body), inputs, "/id")
    outputs = shapes.to_outputs(handler.results, models.model(*handler.kind.responds), body)
    back = shapes.to_inputs(handler.args, outputs)
    assert back == inputs
    again = shapes.to_body(handler.args, models.model(*handler.kind.body), back, "/id")
    assert again == body


def test_inputs_without_an_output_are_known():
    found = set()
    for handler in map(HANDLERS.get, TOKENS):
        _compare({name: part for name, part in handler.args.items() if name != "id"}, handler.results, found)
    assert found == NO_OUTPUT


def _compare(args, results, found, seen=frozenset()):
    found |= args.keys() - results.keys()
    for name in args.keys() & results.keys():
        pair = shapes.element(args[name]), shapes.element(results[name])
        assert (pair[0] is None) or (pair[1] is not None), name
        if pair[0] is not None and pair not in seen:
            _compare(sdk_inputs(pair[0]), sdk.object_results(pair[1]), found, seen | {pair})


@pytest.mark.parametrize("token", TOKENS)
def test_every_input_and_output_has_a_place(token):
    """A name that Azure's models do not know is either renamed or listed here."""
    handler, missing = HANDLERS[token], set()
    _walk(handler.args, models.model(*handler.kind.body), sdk_inputs, missing)
    _walk(handler.results, models.model(*handler.kind.responds), sdk.object_results, missing)
    assert missing == ({"systemData"} if "authorization:" in token else set())


def sdk_inputs(annotation):
    return sdk.object_shape(annotation).properties


def _walk(types, model, inside, missing, *, path="", seen=frozenset()):
    found = models.members(model)
    for name, annotation in types.items():
        here = f"{path}.{name}".lstrip(".")
        member = shapes._member(found, name)
        if name not in found and member.path[0] not in found and member not in found.values():
            missing.add(here)
            continue
        inner = shapes.element(annotation)
        assert not (inner is not None and member.model is None), here
        if inner is not None and (inner, member.model) not in seen:
            _walk(inside(inner), member.model, inside, missing, path=here, seen=seen | {(inner, member.model)})


@pytest.mark.parametrize("token", TOKENS)
def test_containers_are_the_documented_ones(token):
    """Everything but the envelope of a resource lives below ``properties``."""
    handler = HANDLERS[token]
    found = models.members(models.model(*handler.kind.body))
    envelope = {"location", "tags", "id", "name", "type", "sku", "zones", "identity", "plan", "extendedLocation"}
    for name in handler.args:
        path = shapes._member(found, name).path
        if name in envelope | {"managedBy", "placement", "properties", "kind"}:
            assert path == (name,), name
        else:
            assert path in (("properties", name), shapes._RENAMED.get(name)), name
            assert path[0] == "properties", name


def test_string_sets_and_maps():
    handler = HANDLERS["azure-native:compute:VirtualMachine"]
    model = models.model("compute", "VirtualMachine")
    inputs = {"identity": {"type": "UserAssigned", "userAssignedIdentities": ["/a", "/b"]}, "tags": {"x": "1"}}
    body = shapes.to_body(handler.args, model, inputs, "/id")
    assert body["identity"]["userAssignedIdentities"] == {"/a": {}, "/b": {}}
    answer = {"identity": {"userAssignedIdentities": {"/a": {"clientId": "c", "principalId": "p"}}}}
    outputs = shapes.to_outputs(handler.results, model, answer)
    assert outputs["identity"]["userAssignedIdentities"]["/a"]["clientId"] == "c"
    assert shapes.to_inputs(handler.args, outputs) == {"identity": {"userAssignedIdentities": ["/a"]}}


def test_renamed_properties():
    handler = HANDLERS["azure-native:keyvault:Secret"]
    inputs = {"properties": {"value": "v", "attributes": {"expires": 5, "notBefore": 4}}}
    body = shapes.to_body(handler.args, models.model(*handler.kind.body), inputs, "/id")
    assert body["properties"]["attributes"] == {"exp": 5, "nbf": 4}
    net = HANDLERS["azure-native:network:VirtualNetwork"]
    pool = {"addressSpace": {"ipamPoolPrefixAllocations": [{"id": "/pool", "numberOfIpAddresses": "4"}]}}
    body = shapes.to_body(net.args, models.model(*net.kind.body), pool, "/id")
    (sent,) = body["properties"]["addressSpace"]["ipamPoolPrefixAllocations"]
    assert sent == {"pool": {"id": "/pool"}, "numberOfIpAddresses": "4"}


def test_renamed_properties_of_flattened_types():
    role = HANDLERS["azure-native:authorization:RoleDefinition"]
    inputs = {"roleType": "CustomRole", "roleName": "n"}
    body = shapes.to_body(role.args, models.model(*role.kind.body), inputs, "/id")
    assert body == {"properties": {"type": "CustomRole", "roleName": "n"}}
    answer = {"type": "Microsoft.Authorization/roleDefinitions", **body}
    outputs = shapes.to_outputs(role.results, models.model(*role.kind.responds), answer)
    assert (outputs["type"], outputs["roleType"]) == ("Microsoft.Authorization/roleDefinitions", "CustomRole")
    account = HANDLERS["azure-native:storage:StorageAccount"]
    inputs = {"enableHttpsTrafficOnly": True, "networkRuleSet": {"ipRules": [{"iPAddressOrRange": "192.0.2.1"}]}}
    body = shapes.to_body(account.args, models.model(*account.kind.body), inputs, "/id")
    assert body["properties"]["supportsHttpsTrafficOnly"] is True
    assert body["properties"]["networkAcls"]["ipRules"] == [{"value": "192.0.2.1"}]


def test_references_inside_of_a_new_object():
    handler = HANDLERS["azure-native:network:NetworkInterface"]
    inputs = {"networkSecurityGroup": {"id": "/x"}, "ipConfigurations": [{"loadBalancerBackendAddressPools": []}]}
    body = shapes.to_body(handler.args, models.model(*handler.kind.body), inputs, "/nic")
    assert body["properties"]["networkSecurityGroup"] == {"id": "/x"}
    gateway = HANDLERS["azure-native:network:NatGateway"]
    inputs = {"publicIpAddresses": [{"id": "$self/part/a"}]}
    body = shapes.to_body(gateway.args, models.model(*gateway.kind.body), inputs, "/nat")
    assert body["properties"]["publicIpAddresses"] == [{"id": "/nat/part/a"}]


def test_read_only_properties_are_no_inputs():
    handler = HANDLERS["azure-native:network:PublicIPAddress"]
    outputs = {"ipAddress": "1.2.3.4", "provisioningState": "Succeeded", "resourceGuid": "g", "tags": {"a": "1"}}
    assert shapes.to_inputs(handler.args, outputs) == {"ipAddress": "1.2.3.4", "tags": {"a": "1"}}


def test_unknown_values_stay_unknown():
    handler = HANDLERS["azure-native:compute:VirtualMachine"]
    seen = shapes.promised(handler.results, {"tags": UNKNOWN, "zones": [UNKNOWN, "1"], "hardwareProfile": {}})
    assert seen["tags"] == UNKNOWN
    assert seen["zones"] == [UNKNOWN, "1"]
    assert seen["hardwareProfile"]["vmSize"] == UNKNOWN
    identity = {"type": "UserAssigned", "userAssignedIdentities": ["/a"]}
    assert shapes.promised(handler.results, {"identity": identity})["identity"]["userAssignedIdentities"] == UNKNOWN


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_the_version_is_the_sdk_s_default(kind):
    parts = sdk.Token.parse(kind.type)
    source = Path(sdk._module(SDK, parts).__file__).read_text(encoding="utf-8")
    assert re.search(r"Uses Azure REST API version ([\w-]+)", source).group(1) == kind.version


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_the_path_is_made_of_inputs(kind):
    shape = sdk.resource_shape(SDK, kind.type)
    assert set(kind.parameters) <= shape.properties.keys()
    # Whatever the SDK wants from every program is checked before the provider is asked.
    assert shape.required <= {*kind.parameters, *HANDLERS[kind.type].args}
    assert {"location"} & shape.properties.keys() >= kind.required


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_lists_that_are_kept_exist(kind):
    found = models.members(models.model(*kind.body))
    for path in kind.kept:
        wanted = path if path[0] == "properties" else ("properties", *path)
        assert any(member.path == wanted for member in found.values()), path


@pytest.mark.parametrize("token", TOKENS)
def test_facts_say_what_each_input_does(token):
    facts = diff.rules("azure-native")[token]
    shape = sdk.resource_shape(SDK, token)
    assert facts.effects.keys() == {*shape.properties, "azureApiVersion"}
    kind = HANDLERS[token].kind
    assert {name for name in kind.parameters if facts.effect(name) != "replace"} == set()
    assert facts.name == kind.name


def test_a_blob_has_facts_too_and_no_version():
    token = "azure-native:storage:Blob"
    facts, shape = diff.rules("azure-native")[token], sdk.resource_shape(SDK, token)
    assert facts.effects.keys() == shape.properties.keys()
    assert facts.effect("source.text") == "replace"


def test_there_is_no_fact_without_a_handler():
    assert diff.rules("azure-native").keys() == HANDLERS.keys()

"""The facts that decide what a change does, against the SDK's types and the handlers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from confkube_sandbox.providers import aws, diff, schema, sdk
from confkube_sandbox.providers.aws import missing
from confkube_sandbox.providers.errors import CloudError

HANDLERS = {handler.token: handler for handler in aws.handlers()}
VPC, INSTANCE = "aws:ec2/vpc:Vpc", "aws:ec2/instance:Instance"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


@pytest.mark.parametrize("token", sorted(HANDLERS))
def test_every_input_that_is_simulated_has_an_effect(token):
    facts = diff.rules("aws")[token]
    assert {key for key in HANDLERS[token].supported if facts.effect(key) is None} == set()


@pytest.mark.parametrize("token", sorted(HANDLERS))
def test_every_fact_and_every_input_exists_in_the_sdk(token):
    shape = sdk.resource_shape("pulumi_aws", token)
    facts = diff.rules("aws")[token]
    assert set(HANDLERS[token].supported) <= shape.properties.keys()
    for path in facts.effects:
        names = re.sub(r"\[\*\]", "", path).split(".")
        inside = shape
        for number, name in enumerate(names):
            assert name in inside.properties, path
            if number + 1 < len(names):
                inside = sdk.object_shape(_object(inside.properties[name]))


def _object(annotation):
    members = schema._alternatives(annotation)
    found = [member for member in members if sdk.is_object(member)]
    return found[0] if found else _object(members[0].__args__[0])


def test_operations_said_to_be_missing_are_used_and_not_served():
    """The cloud may learn an operation: then the refusal of what needs it has to go."""
    from confkube_sandbox.daemon.aws.served import SERVED

    known = {name for service in SERVED for name in _operations(service)}
    texts = [file.read_text() for file in Path(aws.__file__).parent.rglob("*.py") if file.name != "missing.py"]
    used = {name for text in texts for name in re.findall(r'"([A-Z][A-Za-z0-9]+)"', text)} & known
    assert used - frozenset().union(*SERVED.values()) == missing.OPERATIONS


def _operations(service):
    import botocore.session

    return botocore.session.Session().get_service_model(service).operation_names


def test_there_is_no_fact_without_a_handler():
    assert diff.rules("aws").keys() == HANDLERS.keys()


def _effects(token, old, new, ignored=()):
    found = diff.compare(token, old, new, ignored)
    return {change.path: (change.kind, change.effect) for change in found.changes}, found


def test_a_path_covers_what_lies_below_unless_a_longer_one_says_otherwise():
    old = {"rootBlockDevice": {"encrypted": True, "volumeSize": 30}, "tags": {"a b": "1"}}
    new = {"rootBlockDevice": {"encrypted": False, "volumeSize": 40}, "tags": {"a b": "2", "c": "3"}}
    effects, found = _effects(INSTANCE, old, new)
    assert effects == {
        "rootBlockDevice.encrypted": ("UPDATE", "replace"),
        "rootBlockDevice.volumeSize": ("UPDATE", "update"),
        'tags["a b"]': ("UPDATE", "update"),
        "tags.c": ("ADD", "update"),
    }
    assert found.replaces == ["rootBlockDevice"]


def test_list_elements():
    old = {"ebsBlockDevices": [{"deviceName": "/dev/sdb", "volumeSize": 1, "tags": {"a": "1"}}]}
    new = {"ebsBlockDevices": [{"deviceName": "/dev/sdb", "volumeSize": 2, "tags": {"a": "2"}}]}
    effects, _ = _effects(INSTANCE, old, new)
    assert effects == {
        "ebsBlockDevices[0].volumeSize": ("UPDATE", "replace"),
        "ebsBlockDevices[0].tags.a": ("UPDATE", "update"),
    }


def test_ignored_changes_are_not_seen():
    old, new = {"userData": "1", "tags": {"a": "1", "b": "1"}}, {"userData": "2", "tags": {"a": "2", "b": "2"}}
    effects, _ = _effects(INSTANCE, old, new, ["userData", 'tags["a"]'])
    assert list(effects) == ["tags.b"]


def test_user_data_stops_or_replaces():
    assert _effects(INSTANCE, {"userData": "1"}, {"userData": "2"})[0]["userData"] == ("UPDATE", "stop-start")
    replacing = {"userDataReplaceOnChange": True}
    found, _ = _effects(INSTANCE, {"userData": "1", **replacing}, {"userData": "2", **replacing})
    assert found["userData"] == ("UPDATE", "replace")


def test_tenancy_goes_one_way():
    there, back = {"instanceTenancy": "dedicated"}, {"instanceTenancy": "default"}
    assert _effects(VPC, back, there)[0]["instanceTenancy"][1] == "replace"
    assert _effects(VPC, there, back)[0]["instanceTenancy"][1] == "update"


def test_a_rule_keeps_its_kind_of_source():
    assert _effects(RULE, {"cidrIpv4": "10.0.0.0/8"}, {"cidrIpv4": "10.0.0.0/9"})[0]["cidrIpv4"][1] == "update"
    moved, _ = _effects(RULE, {"cidrIpv4": "10.0.0.0/8"}, {"referencedSecurityGroupId": "sg-1"})
    assert {effect for _, effect in moved.values()} == {"replace"}


def test_chosen_names_delete_first_and_generated_ones_do_not():
    token = "aws:ec2/securityGroup:SecurityGroup"
    old, new = {"name": "a", "description": "1"}, {"name": "a", "description": "2"}
    assert _effects(token, old, new)[1].delete_first
    assert not _effects(token, old, {**new, "__defaults": ["name"]})[1].delete_first
    assert not _effects(token, old, {**new, "name": "b"})[1].delete_first


def test_a_property_without_a_fact_is_an_error():
    with pytest.raises(CloudError, match="no fact says what a change of 'ipv6NetmaskLength' does"):
        diff.compare(VPC, {}, {"ipv6NetmaskLength": 56})

"""Every AWS resource type through its whole life against the simulated cloud."""

from __future__ import annotations

import json

import left_out
import pytest
from driver import Partial, Refused, Resource
from pulumi._types import resource_types
from world import POLICY, TAGS, World

from confkube_sandbox.providers import aws as package
from confkube_sandbox.providers import sdk

HANDLERS = {handler.token: handler for handler in package.handlers()}
NONE, SOME = 1, 2
# The value of a version stays while its secret lives: AWS does not let go of AWSCURRENT.
OUTLIVES = {"version"}
# What a later resource attaches itself to looks different afterwards.
USED_LATER = {"address", "public", "machine", "rights"}


def test_create_refresh_and_delete_everything(aws, cloud):
    before, silent = cloud.inventory(), {}
    world = World(aws).everything()
    for name, made in world.made.items():
        without = {key for key in declared(made.token) if made.outputs.get(key) is None}
        silent[made.token] = silent.get(made.token, without) & without
        seen = aws.read(made)
        assert seen.inputs == made.inputs, name
        assert seen.outputs == made.outputs or name in USED_LATER, name
        given = {key: value for key, value in made.inputs.items() if key not in made.inputs.get("__defaults", [])}
        given.pop("__defaults", None)
        assert aws.diff(made, given).changes == NONE, name
    assert silent.keys() == HANDLERS.keys(), "the world has every type"
    assert silent == {token: left_out.names(token) for token in HANDLERS}
    for name, made in reversed(world.made.items()):
        aws.delete(made)
        assert name in OUTLIVES or aws.read(made) is None, name
        aws.delete(made)
    assert cloud.inventory() == before


def declared(token):
    """The outputs that the SDK's resource class has."""
    parts = sdk.Token.parse(token)
    return resource_types(getattr(sdk._module("pulumi_aws", parts), parts.member))


def test_a_preview_promises_only_what_the_sdk_declares():
    for token, handler in HANDLERS.items():
        assert set(handler.computed) - declared(token).keys() == set(), token
        assert handler.constants.keys() <= set(handler.computed), token
        assert not handler.constants.keys() & handler.supported, token


def test_import_by_id_alone(aws):
    vpc = World(aws).network().made["vpc"]
    found = aws.read(Resource(vpc.token, vpc.name, vpc.id))
    assert found.inputs["cidrBlock"] == "10.0.0.0/16"
    assert found.outputs["arn"] == vpc.outputs["arn"]


class TestNetwork:
    def test_updates(self, aws):
        world = World(aws).network().egress().rules()
        vpc = aws.update(
            world.made["vpc"], {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": False, "tags": {"x": "y"}}
        )
        assert (vpc.outputs["enableDnsHostnames"], vpc.outputs["tagsAll"]) == (False, {"x": "y"})
        subnet = {k: v for k, v in world.made["subnet"].inputs.items() if k != "__defaults"}
        assert (
            aws.update(world.made["subnet"], {**subnet, "mapPublicIpOnLaunch": True}).outputs["mapPublicIpOnLaunch"]
            is True
        )
        ssh = {k: v for k, v in world.made["ssh"].inputs.items() if k != "__defaults"}
        changed = aws.update(world.made["ssh"], {**ssh, "fromPort": 23, "toPort": 23, "cidrIpv4": "10.1.0.0/16"})
        assert (changed.outputs["fromPort"], changed.outputs["cidrIpv4"]) == (23, "10.1.0.0/16")

    def test_a_route_moves_and_an_association_too(self, aws):
        world = World(aws).network().egress()
        route = world.made["route"]
        inputs = {key: route.inputs[key] for key in ("routeTableId", "destinationCidrBlock")}
        moved = aws.update(route, {**inputs, "natGatewayId": world.made["nat"].id})
        assert moved.outputs["natGatewayId"] == world.made["nat"].id
        table = world.make("aws:ec2/routeTable:RouteTable", "other", {"vpcId": world.made["vpc"].id})
        link = world.made["link"]
        changed = aws.update(link, {"routeTableId": table.id, "subnetId": link.inputs["subnetId"]})
        assert changed.outputs["routeTableId"] == table.id
        assert aws.read(changed).inputs == changed.inputs
        aws.delete(changed)

    def test_an_address_block_replaces(self, aws):
        vpc = World(aws).network().made["vpc"]
        found = aws.diff(vpc, {"cidrBlock": "10.1.0.0/16", "enableDnsHostnames": True, "tags": TAGS})
        assert list(found.replaces) == ["cidrBlock"]
        assert not found.deleteBeforeReplace

    def test_a_group_in_use_is_not_deleted(self, aws, cloud, boto):
        world = World(aws).network().identity().machine()
        with pytest.raises(Refused, match="DependencyViolation"):
            aws.delete(world.made["nodes"], timeout=1)

    def test_rules_need_one_source(self, aws):
        kind = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
        with pytest.raises(Refused, match="Exactly one of these attributes must be configured"):
            aws.check(kind, "r", {"securityGroupId": "sg-1", "ipProtocol": "tcp"})


class TestIdentity:
    def test_updates(self, aws):
        world = World(aws).identity()
        role = world.made["role"]
        inputs = {"assumeRolePolicy": role.inputs["assumeRolePolicy"], "description": "nodes", "tags": {"x": "y"}}
        changed = aws.update(role, inputs)
        assert (changed.outputs["description"], changed.outputs["tagsAll"]) == ("nodes", {"x": "y"})
        policy = {**POLICY, "Statement": [{**POLICY["Statement"][0], "Action": "ec2:RunInstances"}]}
        made = world.made["policy"]
        changed = aws.update(made, {"role": made.inputs["role"], "policy": json.dumps(policy)})
        assert json.loads(changed.outputs["policy"]) == policy

    def test_documents_are_compared_by_meaning(self, aws):
        world = World(aws)
        policy = json.dumps(json.loads(json.dumps(POLICY)), indent=4)
        world.identity()
        made = world.make("aws:iam/rolePolicy:RolePolicy", "spaced", {"role": world.made["role"].id, "policy": policy})
        assert aws.read(made).inputs["policy"] == policy

    def test_a_role_in_a_profile_leaves_it_before_it_goes(self, aws, boto):
        world = World(aws).identity()
        aws.delete(world.made["policy"])
        aws.delete(world.made["role"])
        profile = boto("iam").get_instance_profile(InstanceProfileName=world.made["profile"].id)["InstanceProfile"]
        assert profile["Roles"] == []


class TestSecrets:
    def test_a_new_value_is_a_new_version(self, aws):
        world = World(aws).secrets()
        version = world.made["version"]
        found = aws.diff(version, {"secretId": version.inputs["secretId"], "secretString": "other"})
        assert list(found.replaces) == ["secretString"]

    def test_outputs_are_sealed(self, aws):
        from driver import SIGNATURE
        from pulumi.runtime.proto import provider_pb2

        from confkube_sandbox.providers.wire import struct

        world = World(aws).secrets()
        version = world.made["version"]
        request = provider_pb2.ReadRequest(id=version.id, urn=version.urn, inputs=struct(version.inputs))
        answer = aws._call("Read", request)
        for properties in (answer.properties, answer.inputs):
            assert SIGNATURE in properties.fields["secretString"].struct_value.fields

    def test_write_only_values_are_not_read_back(self, aws, boto):
        world = World(aws).secrets()
        inputs = {"secretId": world.made["secret"].id, "secretStringWo": "quiet", "secretStringWoVersion": 1}
        made = world.make("aws:secretsmanager/secretVersion:SecretVersion", "quiet", inputs)
        assert made.outputs["hasSecretStringWo"] is True
        assert "secretString" not in made.outputs
        assert boto("secretsmanager").get_secret_value(SecretId=world.made["secret"].id)["SecretString"] == "quiet"

    def test_recovery_window(self, aws):
        with pytest.raises(Refused, match=r"recovery_window_in_days to be in the range \(7 - 30\), got 3"):
            aws.check("aws:secretsmanager/secret:Secret", "s", {"recoveryWindowInDays": 3})


class TestLookups:
    def test_images(self, aws):
        image = World(aws).image()
        assert image["bootMode"] in ("uefi", "uefi-preferred")
        assert image["architecture"] == "x86_64"
        assert image["enaSupport"] is True
        assert image["rootDeviceName"]

    def test_none_and_too_many(self, aws, boto):
        root = [{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8}}]
        for name in ("mine-1", "mine-2"):
            boto("ec2").register_image(
                Name=name, Architecture="x86_64", RootDeviceName="/dev/sda1", BlockDeviceMappings=root
            )
        lookup = "aws:ec2/getAmi:getAmi"
        with pytest.raises(Refused, match="Your query returned no results"):
            aws.invoke(lookup, {"owners": ["099720109477"], "filters": [{"name": "name", "values": ["nothing"]}]})
        with pytest.raises(Refused, match="returned more than one result"):
            aws.invoke(lookup, {"owners": ["self"], "nameRegex": "^mine"})
        assert aws.invoke(lookup, {"owners": ["self"], "nameRegex": "2$"})["name"] == "mine-2"
        assert aws.invoke(lookup, {"owners": ["self"], "mostRecent": True})["name"].startswith("mine-")
        with pytest.raises(Refused, match="one of executable_users, filters, name_regex, or owners must be assigned"):
            aws.invoke(lookup, {})

    def test_caller_and_region(self, aws):
        caller = aws.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})
        assert caller["accountId"] == "000000000000"
        assert caller["arn"] == "arn:aws:iam::000000000000:user/confkube-sandbox"
        assert aws.invoke("aws:index/getRegion:getRegion", {})["region"] == "us-east-2"


class TestFaults:
    def test_a_failure_after_the_first_call_keeps_the_object(self, aws, cloud):
        fault = {
            "service": "ec2",
            "operation": "ModifyVpcAttribute",
            "kind": "error",
            "times": 20,
            "code": "Boom",
            "status": 400,
        }
        cloud.settings(faults=[fault])
        with pytest.raises(Partial) as failed:
            aws.create("aws:ec2/vpc:Vpc", "v", {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True})
        assert failed.value.id.startswith("vpc-")
        assert failed.value.outputs["cidrBlock"] == "10.0.0.0/16"
        cloud.settings(faults=[])
        made = Resource("aws:ec2/vpc:Vpc", "v", failed.value.id, failed.value.inputs, failed.value.outputs)
        fixed = aws.update(made, {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True})
        assert fixed.outputs["enableDnsHostnames"] is True

    def test_consistency_lag_is_waited_out(self, aws, cloud):
        cloud.settings(consistency_lag=60.0, speed=240.0)
        world = World(aws).network().egress()
        assert len(world.made) == 9

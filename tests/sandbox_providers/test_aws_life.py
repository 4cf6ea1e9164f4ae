"""Every AWS resource type through its whole life against the simulated cloud."""

from __future__ import annotations

import json

import pytest
from driver import UNKNOWN, Partial, Refused, Resource
from world import POLICY, TAGS, World

NONE, SOME = 1, 2
# The value of a version stays while its secret lives: AWS does not let go of AWSCURRENT.
OUTLIVES = {"version"}
# What a later resource attaches itself to looks different afterwards.
USED_LATER = {"address", "public", "machine"}


def test_create_refresh_and_delete_everything(aws, cloud):
    before = cloud.inventory()
    world = World(aws).everything()
    for name, made in world.made.items():
        assert {key for key in type_of(made).computed if key not in made.outputs} <= NOT_ALWAYS.get(
            made.token, set()
        ), name
        seen = aws.read(made)
        assert seen.inputs == made.inputs, name
        assert seen.outputs == made.outputs or name in USED_LATER, name
        given = {key: value for key, value in made.inputs.items() if key not in made.inputs.get("__defaults", [])}
        given.pop("__defaults", None)
        assert aws.diff(made, given).changes == NONE, name
    for name, made in reversed(world.made.items()):
        aws.delete(made)
        assert name in OUTLIVES or aws.read(made) is None, name
        aws.delete(made)
    assert cloud.inventory() == before


# Outputs that the real provider leaves empty in these situations.
NOT_ALWAYS = {
    "aws:ec2/eip:Eip": {"privateDns"},
    "aws:ec2/instance:Instance": {"keyName", "privateDnsNameOptions"},
    "aws:ec2/route:Route": {"networkInterfaceId"},
    "aws:ec2/routeTable:RouteTable": {"routes"},
    "aws:ec2/securityGroup:SecurityGroup": {"egress", "ingress"},
    "aws:iam/role:Role": {"inlinePolicies"},
    "aws:secretsmanager/secret:Secret": {"policy", "replicas"},
}


def type_of(made):
    from confkube_sandbox.providers import aws

    return next(handler for handler in aws.handlers() if handler.token == made.token)


def test_import_by_id_alone(aws):
    vpc = World(aws).network().made["vpc"]
    found = aws.read(Resource(vpc.token, vpc.name, vpc.id))
    assert found.inputs["cidrBlock"] == "10.0.0.0/16"
    assert found.outputs["arn"] == vpc.outputs["arn"]


class TestInstance:
    def test_outputs(self, aws):
        machine = World(aws).network().identity().machine().made["machine"]
        outputs = machine.outputs
        assert outputs["privateIp"] == "10.0.1.10"
        assert outputs["instanceState"] == "running"
        assert outputs["primaryNetworkInterfaceId"].startswith("eni-")
        assert outputs["cpuOptions"]["amdSevSnp"] == "enabled"
        assert outputs["rootBlockDevice"]["encrypted"] is True
        assert outputs["userData"] == "#!/bin/sh\necho 1"

    def test_type_changes_in_place_with_a_stop(self, aws, boto):
        world = World(aws).network().identity().machine()
        machine = world.made["machine"]
        inputs = {**world.instance_inputs(), "instanceType": "m6a.4xlarge"}
        found = aws.diff(machine, inputs)
        assert (found.changes, list(found.replaces)) == (SOME, [])
        assert aws.update(machine, inputs, preview=True).outputs["publicIp"] == UNKNOWN
        changed = aws.update(machine, inputs)
        assert changed.outputs["instanceType"] == "m6a.4xlarge"
        live = boto("ec2").describe_instances(InstanceIds=[machine.id])["Reservations"][0]["Instances"][0]
        assert (live["InstanceType"], live["State"]["Name"]) == ("m6a.4xlarge", "running")

    def test_user_data_changes_in_place(self, aws):
        world = World(aws).network().identity().machine()
        inputs = {**world.instance_inputs(), "userData": "#!/bin/sh\necho 2"}
        assert aws.update(world.made["machine"], inputs).outputs["userData"] == "#!/bin/sh\necho 2"

    @pytest.mark.parametrize(
        ("changes", "replaces"),
        [
            ({"subnetId": "subnet-1"}, ["subnetId"]),
            ({"cpuOptions": {"amdSevSnp": "disabled"}}, ["cpuOptions"]),
            ({"rootBlockDevice": {"encrypted": False, "volumeSize": 30, "volumeType": "gp3"}}, ["rootBlockDevice"]),
            ({"userData": "x", "userDataReplaceOnChange": True}, ["userData"]),
            ({"rootBlockDevice": {"encrypted": True, "volumeSize": 50, "volumeType": "gp3"}}, []),
            ({"metadataOptions": {"httpTokens": "optional"}}, []),
        ],
    )
    def test_what_replaces(self, aws, changes, replaces):
        world = World(aws).network().identity().machine()
        found = aws.diff(world.made["machine"], {**world.instance_inputs(), **changes})
        assert (found.changes, list(found.replaces)) == (SOME, replaces)

    def test_everything_that_changes_while_it_runs(self, aws, boto):
        world = World(aws).network().identity().machine()
        inputs = {
            **world.instance_inputs(),
            "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 2, "httpEndpoint": "enabled"},
            "sourceDestCheck": False,
            "disableApiTermination": True,
            "tags": {"new": "1"},
            "volumeTags": {"vol": "1"},
        }
        changed = aws.update(world.made["machine"], inputs)
        assert aws.read(changed).inputs == changed.inputs
        assert changed.outputs["tagsAll"] == {"new": "1"}
        with pytest.raises(Refused, match="OperationNotPermitted"):
            aws.delete(changed)
        boto("ec2").modify_instance_attribute(InstanceId=changed.id, DisableApiTermination={"Value": False})

    def test_drift_is_seen(self, aws, boto):
        machine = World(aws).network().identity().machine().made["machine"]
        ec2 = boto("ec2")
        ec2.create_tags(Resources=[machine.id], Tags=[{"Key": "drift", "Value": "1"}])
        ec2.modify_instance_metadata_options(InstanceId=machine.id, HttpTokens="optional")
        seen = aws.read(machine)
        assert seen.inputs["tags"] == {**TAGS, "drift": "1"}
        assert seen.inputs["metadataOptions"]["httpTokens"] == "optional"

    def test_a_refused_launch_leaves_nothing(self, aws, cloud):
        world = World(aws).network().identity()
        before = cloud.inventory()
        with pytest.raises(Refused) as refused:
            aws.create(
                "aws:ec2/instance:Instance", "m", {**world.instance_inputs(), "subnetId": "subnet-0123456789abcdef0"}
            )
        assert str(refused.value).startswith(
            "creating EC2 Instance: operation error EC2: RunInstances, https response error"
        )
        assert "InvalidSubnetID.NotFound" in str(refused.value)
        assert cloud.inventory() == before

    @pytest.mark.parametrize(
        ("inputs", "text"),
        [
            ({"userData": "x" * 16385}, "expected length of user_data to be in the range (0 - 16384), got 16385 bytes"),
            ({"userData": "x", "userDataBase64": "eA=="}, "conflicts with user_data_base64"),
            ({"userDataBase64": "-"}, "must be base64-encoded"),
            ({"ami": None}, "one of `ami,launch_template` must be specified"),
        ],
    )
    def test_check(self, aws, inputs, text):
        whole = {"ami": "ami-1", "instanceType": "m6a.large", **inputs}
        with pytest.raises(Refused) as refused:
            aws.check(
                "aws:ec2/instance:Instance", "m", {key: value for key, value in whole.items() if value is not None}
            )
        assert text in str(refused.value)
        assert "xxx" not in str(refused.value)


class TestPool:
    def test_a_changed_template_is_a_new_default_version(self, aws):
        world = World(aws).network().pool()
        template = world.made["template"]
        inputs = {**world.template_inputs(), "instanceType": "m6a.xlarge"}
        preview = aws.update(template, inputs, preview=True).outputs
        assert preview["latestVersion"] == preview["defaultVersion"] == UNKNOWN
        changed = aws.update(template, inputs)
        assert (changed.outputs["latestVersion"], changed.outputs["defaultVersion"]) == (2, 2)
        again = aws.update(changed, {**inputs, "tags": {"only": "tags"}})
        assert again.outputs["latestVersion"] == 2

    def test_capacity_is_waited_for(self, aws, boto):
        world = World(aws).network().pool()
        changed = aws.update(world.made["pool"], {**world.group_inputs(), "desiredCapacity": 3})
        group = boto("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[changed.id])[
            "AutoScalingGroups"
        ][0]
        assert [each["LifecycleState"] for each in group["Instances"]] == ["InService"] * 3

    def test_tags_are_compared_without_order(self, aws):
        world = World(aws).network().pool()
        pool = world.made["pool"]
        tags = [
            {"key": "b", "value": "1", "propagateAtLaunch": False},
            {"key": "a", "value": "c", "propagateAtLaunch": True},
        ]
        changed = aws.update(pool, {**world.group_inputs(), "tags": tags})
        assert aws.read(changed).inputs == changed.inputs

    def test_no_capacity_is_a_partial_failure_that_names_the_reason(self, aws, cloud):
        world = World(aws).network()
        world.make("aws:ec2/launchTemplate:LaunchTemplate", "template", world.template_inputs())
        cloud.settings(capacity=[{"type": "m6a.large", "zone": "us-east-2a", "count": 0}])
        with pytest.raises(Partial) as failed:
            aws.create("aws:autoscaling/group:Group", "pool", {**world.group_inputs(), "waitForCapacityTimeout": "5s"})
        assert failed.value.id.startswith("pool-")
        assert failed.value.outputs["name"] == failed.value.id
        assert "scaling activity (" in str(failed.value)

    def test_zero_timeout_does_not_wait(self, aws, cloud):
        world = World(aws).network()
        world.make("aws:ec2/launchTemplate:LaunchTemplate", "template", world.template_inputs())
        cloud.settings(capacity=[{"type": "m6a.large", "zone": "us-east-2a", "count": 0}])
        pool = aws.create(
            "aws:autoscaling/group:Group", "pool", {**world.group_inputs(), "waitForCapacityTimeout": "0"}
        )
        assert pool.outputs["desiredCapacity"] == 2

    def test_bad_duration(self, aws):
        inputs = {"minSize": 1, "maxSize": 1, "launchTemplate": {"id": "lt-1"}, "waitForCapacityTimeout": "soon"}
        with pytest.raises(Refused, match="cannot be parsed as a duration"):
            aws.check("aws:autoscaling/group:Group", "g", inputs)


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
            _delete_quickly(aws, world.made["nodes"])

    def test_rules_need_one_source(self, aws):
        kind = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
        with pytest.raises(Refused, match="Exactly one of these attributes must be configured"):
            aws.check(kind, "r", {"securityGroupId": "sg-1", "ipProtocol": "tcp"})


def _delete_quickly(aws, made):
    from pulumi.runtime.proto import provider_pb2

    from confkube_sandbox.providers.wire import struct

    request = provider_pb2.DeleteRequest(id=made.id, urn=made.urn, properties=struct(made.outputs), timeout=1)
    aws._call("Delete", request)


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
        with pytest.raises(Refused, match="recovery_window_in_days to be 0 or in the range"):
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
        cloud.settings(consistency_lag=60.0, speed=60.0)
        world = World(aws).network().egress()
        assert len(world.made) == 9

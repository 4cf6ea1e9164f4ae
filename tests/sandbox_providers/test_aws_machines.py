"""Machines, their interfaces and scale groups: what changes how, and what is refused."""

from __future__ import annotations

import pytest
from driver import UNKNOWN, Partial, Refused
from world import TAGS, World

from confkube_sandbox.providers.aws import missing

NONE, SOME = 1, 2


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


class TestInterface:
    NIC = "aws:ec2/networkInterface:NetworkInterface"

    def test_what_replaces(self, aws):
        world = World(aws).network().interface()
        nic, inputs = world.made["interface"], world.interface_inputs()
        assert aws.diff(nic, inputs).changes == NONE
        for change, replaces in (
            ({"privateIps": ["10.0.1.21"]}, ["privateIps"]),
            ({"privateIps": ["10.0.1.21", "10.0.1.22"]}, ["privateIps"]),
            ({"subnetId": "subnet-1"}, ["subnetId"]),
            ({"tags": {"x": "y"}}, []),
        ):
            found = aws.diff(nic, {**inputs, **change})
            assert (found.changes, list(found.replaces)) == (SOME, replaces), change
        assert aws.update(nic, {**inputs, "tags": {"x": "y"}}).outputs["tagsAll"] == {"x": "y"}

    def test_an_address_is_chosen_where_none_is_given(self, aws):
        world = World(aws).network()
        nic = world.make(self.NIC, "any", {"subnetId": world.made["subnet"].id})
        assert nic.outputs["privateIps"] == [nic.outputs["privateIp"]]
        assert aws.diff(nic, {"subnetId": world.made["subnet"].id}).changes == NONE
        assert aws.read(nic).inputs == nic.inputs

    @pytest.mark.parametrize(
        ("operation", "change", "outputs"),
        [
            (
                "AssignPrivateIpAddresses",
                {"privateIps": ["10.0.1.21", "10.0.1.20"]},
                {"privateIps": ["10.0.1.20", "10.0.1.21"], "privateIpsCount": 1},
            ),
            ("ModifyNetworkInterfaceAttribute", {"description": "other"}, {"description": "other"}),
            ("ModifyNetworkInterfaceAttribute", {"sourceDestCheck": False}, {"sourceDestCheck": False}),
        ],
    )
    def test_what_changes_in_place_does_or_is_refused_beforehand(self, aws, operation, change, outputs):
        world = World(aws).network().interface()
        nic, inputs = world.made["interface"], {**world.interface_inputs(), **change}
        if operation in missing.OPERATIONS:
            with pytest.raises(Refused, match=f"the sandbox does not simulate {operation}"):
                aws.diff(nic, inputs)
            return
        found = aws.diff(nic, inputs)
        assert (found.changes, list(found.replaces)) == (SOME, [])
        changed = aws.update(nic, inputs)
        assert {key: changed.outputs[key] for key in outputs} == outputs
        assert aws.read(changed).inputs == changed.inputs

    def test_groups_change_or_are_refused_beforehand(self, aws):
        world = World(aws).network().interface()
        group = {"vpcId": world.made["vpc"].id, "description": "more"}
        more = world.make("aws:ec2/securityGroup:SecurityGroup", "more", group)
        inputs = {**world.interface_inputs(), "securityGroups": [more.id]}
        if "ModifyNetworkInterfaceAttribute" in missing.OPERATIONS:
            with pytest.raises(Refused, match="does not simulate ModifyNetworkInterfaceAttribute"):
                aws.diff(world.made["interface"], inputs)
            return
        assert aws.update(world.made["interface"], inputs).outputs["securityGroups"] == [more.id]

    def test_it_outlives_its_machine(self, aws):
        world = World(aws).network().identity().interface().attached()
        nic, machine = world.made["interface"], world.made["attached"]
        assert machine.outputs["primaryNetworkInterfaceId"] == nic.id
        assert machine.outputs["primaryNetworkInterface"]["deleteOnTermination"] is False
        assert machine.outputs["privateIp"] == "10.0.1.20"
        with pytest.raises(Refused, match=r"InvalidNetworkInterface\.InUse|is currently in use"):
            aws.delete(nic, timeout=1)
        aws.delete(machine)
        assert aws.read(nic).outputs == nic.outputs
        aws.delete(nic)
        assert aws.read(nic) is None


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

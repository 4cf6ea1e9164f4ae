"""Disks that become snapshots, snapshots that become images, and what starts from them."""

from __future__ import annotations

import json

import pytest
from driver import UNKNOWN, Refused
from world import IMPORT_POLICY, TAGS, World

NONE, SOME = 1, 2
IMPORT, AMI = "aws:ebs/snapshotImport:SnapshotImport", "aws:ec2/ami:Ami"


class TestImport:
    def test_outputs(self, aws):
        world = World(aws).imported()
        disk = world.made["disk"]
        assert disk.id.startswith("snap-")
        assert (disk.outputs["encrypted"], disk.outputs["volumeSize"], disk.outputs["tagsAll"]) == (True, 6, TAGS)
        assert disk.outputs["arn"] == f"arn:aws:ec2:us-east-2::snapshot/{disk.id}"

    def test_a_preview_knows_no_snapshot(self, aws):
        world = World(aws).importer()
        assert aws.preview(IMPORT, "disk", world.import_inputs())["volumeSize"] == UNKNOWN

    @pytest.mark.parametrize(
        ("change", "replaces"),
        [
            ({"encrypted": False}, ["encrypted"]),
            ({"roleName": "other"}, ["roleName"]),
            ({"diskContainer": {"format": "VHD", "url": "s3://a/b"}}, ["diskContainer"]),
            ({"tags": {"x": "y"}}, []),
        ],
    )
    def test_what_replaces(self, aws, change, replaces):
        world = World(aws).imported()
        found = aws.diff(world.made["disk"], {**world.import_inputs(), **change})
        assert (found.changes, list(found.replaces)) == (SOME, replaces)

    def test_tags_change_in_place(self, aws):
        world = World(aws).imported()
        changed = aws.update(world.made["disk"], {**world.import_inputs(), "tags": {"x": "y"}})
        assert changed.outputs["tagsAll"] == {"x": "y"}
        assert aws.read(changed).inputs == changed.inputs

    def test_a_description_does_not_come_back(self, aws):
        """EC2 describes the snapshot itself, so that a refresh shows a difference: the component gives none."""
        world = World(aws).importer()
        made = aws.create(IMPORT, "disk", {**world.import_inputs(), "description": "mine"})
        assert aws.read(made).inputs["description"].startswith("Created by AWS-VMImport service for import-snap-")

    @pytest.mark.parametrize("lacking", range(len(IMPORT_POLICY["Statement"])))
    def test_a_role_without_a_right_is_refused(self, aws, cloud, lacking):
        world = World(aws).importer()
        less = [each for number, each in enumerate(IMPORT_POLICY["Statement"]) if number != lacking]
        text = json.dumps({**IMPORT_POLICY, "Statement": less})
        aws.update(world.made["import-policy"], {"role": world.made["importer"].id, "policy": text})
        before = cloud.inventory()
        with pytest.raises(Refused, match="provided does not exist or does not have sufficient permissions"):
            aws.create(IMPORT, "disk", world.import_inputs(), timeout=60)
        assert cloud.inventory() == before

    def test_a_disk_of_another_format_fails_when_it_is_looked_at(self, aws, cloud):
        world = World(aws).importer()
        inputs = world.import_inputs()
        inputs["diskContainer"] = {**inputs["diskContainer"], "format": "VMDK"}
        before = cloud.inventory()
        with pytest.raises(Refused, match=r"unexpected state 'deleted'.*Disk validation failed \[Unsupported VMDK"):
            aws.create(IMPORT, "disk", inputs)
        assert cloud.inventory() == before

    @pytest.mark.parametrize(
        ("container", "text"),
        [
            (
                {"format": "QCOW2", "url": "s3://a/b"},
                'expected disk_container.0.format to be one of ["VMDK" "RAW" "VHD"]',
            ),
            ({"format": "RAW"}, "one of `disk_container.0.user_bucket,disk_container.0.url` must be specified"),
            (
                {"format": "RAW", "url": "s3://a/b", "userBucket": {"s3Bucket": "a", "s3Key": "b"}},
                "only one of `disk_container.0.user_bucket,disk_container.0.url` can be specified",
            ),
        ],
    )
    def test_check(self, aws, container, text):
        with pytest.raises(Refused) as refused:
            aws.check(IMPORT, "disk", {"diskContainer": container})
        assert text in str(refused.value)


class TestAmi:
    def test_outputs(self, aws):
        world = World(aws).imported()
        image, disk = world.made["made-image"], world.made["disk"]
        assert image.outputs["rootSnapshotId"] == disk.id
        (device,) = image.outputs["ebsBlockDevices"]
        assert (device["encrypted"], device["volumeSize"], device["deleteOnTermination"]) == (True, 6, True)
        assert image.outputs["arn"] == f"arn:aws:ec2:us-east-2::image/{image.id}"
        found = aws.invoke("aws:ec2/getAmi:getAmi", {"filters": [{"name": "image-id", "values": [image.id]}]})
        assert (found["bootMode"], found["tpmSupport"], found["rootDeviceName"]) == ("uefi", "v2.0", "/dev/xvda")

    @pytest.mark.parametrize(
        ("change", "replaces"),
        [
            ({"bootMode": "legacy-bios"}, ["bootMode"]),
            ({"imdsSupport": None}, ["imdsSupport"]),
            ({"ebsBlockDevices": [{"deviceName": "/dev/xvda", "snapshotId": "snap-1"}]}, ["ebsBlockDevices"]),
            ({"tags": {"x": "y"}}, []),
        ],
    )
    def test_what_replaces(self, aws, change, replaces):
        world = World(aws).imported()
        whole = {**world.image_inputs(), **change}
        found = aws.diff(world.made["made-image"], {key: value for key, value in whole.items() if value is not None})
        assert (found.changes, list(found.replaces)) == (SOME, replaces)

    def test_a_snapshot_goes_only_after_its_image(self, aws):
        world = World(aws).imported()
        with pytest.raises(Refused, match=r"InvalidSnapshot\.InUse.*is currently in use by ami-"):
            aws.delete(world.made["disk"], timeout=1)
        aws.delete(world.made["made-image"])
        aws.delete(world.made["disk"])
        assert aws.read(world.made["disk"]) is None

    @pytest.mark.parametrize(
        ("change", "text"),
        [
            ({"bootMode": "uefi-preferred"}, "TpmSupport can only be used with the boot mode 'uefi'"),
            ({"name": "a*b"}, "InvalidAMIName.Malformed"),
        ],
    )
    def test_what_ec2_refuses(self, aws, cloud, change, text):
        world = World(aws).importer()
        world.make(IMPORT, "disk", world.import_inputs())
        before = cloud.inventory()
        with pytest.raises(Refused) as refused:
            aws.create(AMI, "image", {**world.image_inputs(), **change})
        assert text in str(refused.value)
        assert cloud.inventory() == before

    def test_an_encrypted_disk_of_a_snapshot_is_refused_by_the_provider(self, aws):
        world = World(aws).importer()
        world.make(IMPORT, "disk", world.import_inputs())
        (device,) = world.image_inputs()["ebsBlockDevices"]
        inputs = {**world.image_inputs(), "ebsBlockDevices": [{**device, "encrypted": True}]}
        with pytest.raises(Refused, match="can't set both 'snapshot_id' and 'encrypted'"):
            aws.create(AMI, "image", inputs)

    def test_what_starts_from_it_is_encrypted_and_wants_tokens(self, aws, boto):
        """As cloud-api-adaptor starts it: without a word on encryption or metadata."""
        world = World(aws).network().imported()
        ec2 = boto("ec2")
        started = ec2.run_instances(
            ImageId=world.made["made-image"].id,
            InstanceType="m6a.large",
            MinCount=1,
            MaxCount=1,
            SubnetId=world.made["subnet"].id,
            CpuOptions={"AmdSevSnp": "enabled"},
            BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20}}],
        )["Instances"][0]
        assert started["MetadataOptions"]["HttpTokens"] == "required"
        (volume,) = ec2.describe_volumes(
            Filters=[{"Name": "attachment.instance-id", "Values": [started["InstanceId"]]}]
        )["Volumes"]
        assert (volume["Encrypted"], volume["Size"]) == (True, 20)


class TestNesting:
    NESTING = {"nestedVirtualization": "enabled"}

    def test_a_machine_and_a_template_can_have_it(self, aws, boto):
        world = World(aws).network().identity()
        inputs = {**world.instance_inputs(), "cpuOptions": self.NESTING, "instanceType": "m8i.large"}
        machine = world.make("aws:ec2/instance:Instance", "host", inputs)
        assert machine.outputs["cpuOptions"]["nestedVirtualization"] == "enabled"
        assert aws.read(machine).inputs == machine.inputs
        assert list(aws.diff(machine, {**inputs, "cpuOptions": {"coreCount": 1}}).replaces) == ["cpuOptions"]
        template = {**world.template_inputs(), "cpuOptions": self.NESTING, "instanceType": "m8i.large"}
        made = world.make("aws:ec2/launchTemplate:LaunchTemplate", "template", template)
        assert aws.read(made).inputs == made.inputs
        world.make("aws:autoscaling/group:Group", "pool", world.group_inputs())
        found = boto("ec2").describe_instances(Filters=[{"Name": "instance-type", "Values": ["m8i.large"]}])
        options = [each["CpuOptions"] for one in found["Reservations"] for each in one["Instances"]]
        assert [each.get("NestedVirtualization") for each in options] == ["enabled"] * 3

    @pytest.mark.parametrize(
        ("size", "options", "text"),
        [
            ("m7a.large", NESTING, "does not support nested virtualization"),
            ("m6a.large", {**NESTING, "amdSevSnp": "enabled"}, "InvalidParameterCombination"),
        ],
    )
    def test_what_ec2_refuses(self, aws, cloud, size, options, text):
        world = World(aws).network().identity()
        before = cloud.inventory()
        inputs = {**world.instance_inputs(), "cpuOptions": options, "instanceType": size}
        with pytest.raises(Refused) as refused:
            aws.create("aws:ec2/instance:Instance", "host", inputs)
        assert text in str(refused.value)
        assert cloud.inventory() == before

    def test_check(self, aws):
        with pytest.raises(Refused, match=r"expected cpu_options\.0\.nested_virtualization to be one of"):
            aws.check(
                "aws:ec2/instance:Instance",
                "m",
                {"ami": "ami-1", "instanceType": "m8i.large", "cpuOptions": {"nestedVirtualization": "on"}},
            )

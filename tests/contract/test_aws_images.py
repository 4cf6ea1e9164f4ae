"""What machines on AWS start from, and hosts of child machines."""

import json

import pulumi
import pytest
import recorder

from confkube.clouds.aws import AwsPlatform
from confkube.clouds.aws.pod_images import parsed
from confkube.errors import Refusal
from confkube.platform import Cvm, Disk, Existing, Group, Image, ImageSpec, MachineSpec, Nested, Plain, Stock
from confkube.types import Tee

AMI, DISK, ROLE, POLICY = (
    "aws:ec2/ami:Ami",
    "aws:ebs/snapshotImport:SnapshotImport",
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
)
SNP = Cvm(tee=Tee.SNP)
LABELS = {"confkube-cluster": "demo-0a1b2c3d", "confkube-proof": "00ff"}
MINE = "ami-00000000000000001"


def image(content, isolation=SNP, *, seen=None, times=1):
    """Ask the platform for an image; returns the recorder and the image's id and root device."""

    def program():
        platform = AwsPlatform({"zone": "us-east-2a"}, "args.platform.aws")
        spec = ImageSpec(content=content, isolation=isolation, labels=LABELS)
        for _ in range(times):
            found = platform.image("demo-pods", spec, pulumi.ResourceOptions())
        return {"image_id": found.image_id, "root_device": found.root_device}

    return recorder.run(program, recorder=seen)


def refusal(content, isolation=SNP, *, seen=None):
    with pytest.raises(Refusal) as refused:
        image(content, isolation, seen=seen)
    assert "\n" not in str(refused.value)
    return str(refused.value)


class TestExisting:
    def test_it_is_looked_up_once(self):
        seen, outputs = image(Existing(image_id=MINE), times=2)
        assert outputs == {"image_id": MINE, "root_device": "/dev/sda1"}
        ((_, asked),) = seen.called
        assert asked["filters"] == [{"name": "image-id", "values": [MINE]}]
        assert seen.registered == []

    def test_one_that_boots_without_uefi_is_for_plain_machines(self):
        def seen():
            return recorder.Recorder(boot_mode="legacy-bios")

        assert "boots with legacy-bios; SEV-SNP needs uefi" in refusal(Existing(image_id=MINE), seen=seen())
        assert image(Existing(image_id=MINE), Plain(), seen=seen())[1]["image_id"] == MINE

    def test_a_published_one_carries_no_confidential_pods(self):
        def seen():
            return recorder.Recorder(image_name="podvm-ubuntu-amd64-0-22-0", boot_mode="uefi")

        text = refusal(Existing(image_id=MINE), seen=seen())
        assert "'podvm-ubuntu-amd64-0-22-0' cannot carry confidential pods (snp): it is built without a TEE" in text
        assert image(Existing(image_id=MINE), Plain(), seen=seen())[1]["image_id"] == MINE

    def test_one_of_another_architecture_is_refused(self):
        text = refusal(Existing(image_id=MINE), Plain(), seen=recorder.Recorder(architecture="arm64"))
        assert f"image {MINE} is for arm64; the machines here are x86_64" in text

    @pytest.mark.parametrize("image_id", ["", "ami-1", "ami-0000000000000000G", "podvm", "/projects/p/global/images/i"])
    def test_what_is_no_id_is_refused_before_it_is_asked_for(self, image_id):
        seen = recorder.Recorder()
        assert "write one like ami-0123456789abcdef0" in refusal(Existing(image_id=image_id), seen=seen)
        assert seen.called == []

    def test_one_that_is_not_there_is_refused(self):
        class Nothing(recorder.Recorder):
            def call(self, args):
                del args
                return {}, [("", "Your query returned no results. Please change your search criteria and try again.")]

        assert f"there is no image {MINE} in us-east-2" in refusal(Existing(image_id=MINE), seen=Nothing())


class TestDisk:
    @pytest.fixture(scope="class")
    @classmethod
    def made(cls):
        return image(Disk(address="s3://my-images/pods/podvm-snp.raw"))[0]

    def test_the_image_boots_with_uefi_and_a_tpm(self, made):
        asked = made.named("demo-pods", AMI)
        wanted = {
            "architecture": "x86_64",
            "bootMode": "uefi",
            "enaSupport": True,
            "imdsSupport": "v2.0",
            "rootDeviceName": "/dev/xvda",
            "tpmSupport": "v2.0",
            "virtualizationType": "hvm",
        }
        assert {key: asked[key] for key in wanted} == wanted
        (device,) = asked["ebsBlockDevices"]
        assert device == {"deviceName": "/dev/xvda", "snapshotId": "demo-pods-disk_id", "volumeType": "gp3"}

    def test_the_disk_is_encrypted_and_read_with_a_role_of_ours(self, made):
        asked = made.named("demo-pods-disk", DISK)
        place = {"s3Bucket": "my-images", "s3Key": "pods/podvm-snp.raw"}
        assert asked["diskContainer"] == {"format": "RAW", "userBucket": place}
        assert (asked["encrypted"], asked["roleName"]) == (True, "demo-pods-import")
        assert "description" not in asked, "EC2 puts its own in place of it, and that would replace the snapshot"

    def test_the_role_is_for_vm_import_and_this_object_alone(self, made):
        trust = json.loads(made.named("demo-pods-import", ROLE)["assumeRolePolicy"])
        (only,) = trust["Statement"]
        assert only["Principal"] == {"Service": "vmie.amazonaws.com"}
        assert only["Condition"] == {"StringEquals": {"sts:Externalid": "vmimport"}}
        rights = {
            each["Sid"]: each for each in json.loads(made.named("demo-pods-import", POLICY)["policy"])["Statement"]
        }
        assert rights["Bucket"]["Resource"] == "arn:aws:s3:::my-images"
        assert rights["Disk"]["Resource"] == "arn:aws:s3:::my-images/pods/podvm-snp.raw"
        assert rights["Disk"]["Action"] == ["s3:GetObject"]
        assert all(action.startswith("ec2:") for action in rights["Snapshot"]["Action"])

    def test_everything_is_labelled_and_regional(self, made):
        for each in made.registered:
            if each.typ != POLICY:
                assert each.inputs["tags"].items() >= LABELS.items(), each.name
            if not each.typ.startswith("aws:iam"):
                assert each.inputs["region"] == "us-east-2", each.name

    def test_nothing_is_asked_of_the_cloud(self, made):
        assert made.called == []

    @pytest.mark.parametrize(
        ("address", "parts"),
        [
            ("s3://my-images/podvm.raw", ("my-images", "podvm.raw", "RAW")),
            ("s3://my.images.1/a/b/Pod_VM-(1).VHD", ("my.images.1", "a/b/Pod_VM-(1).VHD", "VHD")),
        ],
    )
    def test_an_address_says_all(self, address, parts):
        assert parsed("x", address) == parts

    @pytest.mark.parametrize(
        "address",
        [
            "podvm.raw",
            "https://my-images.s3.amazonaws.com/podvm.raw",
            "gs://my-images/podvm.raw",
            "s3://my-images",
            "s3://my-images/",
            "s3://my-images/podvm.qcow2",
            "s3://my-images/podvm",
            "s3://My-Images/podvm.raw",
            "s3://my-images/*.raw",
            "s3://my-images/pod?.raw",
            "s3://my-images/${aws:username}.raw",
            "s3://my-images/pod vm.raw",
            "s3://my-images/podvm.raw\n",
        ],
    )
    def test_another_address_is_refused(self, address):
        seen = recorder.Recorder()
        text = refusal(Disk(address=address), seen=seen)
        assert "write s3://BUCKET/KEY with a key ending in .raw or .vhd" in text
        assert seen.registered == []


@pytest.mark.parametrize(
    "content", [Stock(distribution="ubuntu-24.04"), Existing(image_id=MINE), Disk(address="s3://my-images/podvm.raw")]
)
@pytest.mark.parametrize(
    ("isolation", "reason"),
    [
        (Cvm(tee=Tee.TDX), "aws has no tdx vm: aws offers no Intel TDX"),
        (Nested(tee=Tee.TDX), "aws has no tdx child vm: aws offers no Intel TDX"),
        (Nested(tee=Tee.SNP), "aws has no snp child vm: SEV-SNP is a guest option on aws"),
    ],
)
def test_a_tee_that_aws_has_not_is_refused_with_the_reason(content, isolation, reason):
    seen = recorder.Recorder()
    assert reason in refusal(content, isolation, seen=seen)
    assert (seen.called, seen.registered) == ([], [])


def pool(isolation, machine_type):
    def program():
        platform = AwsPlatform({"zone": "us-east-2a"}, "args.platform.aws")
        made = platform.machines(
            "demo-workers",
            MachineSpec(
                isolation=isolation,
                scale=Group(count=2),
                image=Image(image_id=MINE, root_device="/dev/sda1"),
                machine_type=machine_type,
                disk_gib=50,
                subnet_id="subnet-1",
                firewall_id="sg-1",
                user_data="#!/bin/sh",
                labels=LABELS,
            ),
            pulumi.ResourceOptions(),
        )
        return {"group_id": made.group_id}

    return recorder.run(program)[0].named("demo-workers", "aws:ec2/launchTemplate:LaunchTemplate")


class TestPools:
    def test_a_plain_one_asks_nothing_of_the_processor(self):
        assert "cpuOptions" not in pool(Plain(), "m6a.2xlarge")

    def test_hosts_of_ordinary_children(self):
        assert pool(Nested(tee=None), "m8i.2xlarge")["cpuOptions"] == {"nestedVirtualization": "enabled"}

    def test_a_size_that_starts_no_children_is_refused(self):
        with pytest.raises(Refusal, match=r"'m6a\.2xlarge' starts no children; choose one of .*m7i"):
            pool(Nested(tee=None), "m6a.2xlarge")

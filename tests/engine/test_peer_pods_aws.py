"""Network, pod VM image and access of cloud-api-adaptor on AWS with the real engine: made, kept, used and removed."""

import json

import boto3
import pytest
from wrong_programs import failure

PROGRAM = """
from ipaddress import IPv4Network

import pulumi
from confkube.clouds import resolve
from confkube.errors import Refusal
from confkube.platform import (
    Cvm, Disk, Existing, ImageSpec, NetworkSpec, Opening, PeerPodSpec, PodVms, Tier,
)
from confkube.types import Tee

config = pulumi.Config()
platform = resolve({"aws": {"zone": "us-east-2a"}})
opts = pulumi.ResourceOptions()
labels = {
    "confkube-cluster": "demo-0a1b2c3d",
    "confkube-expires": "2026-12-31",
    "confkube-owner": "tests",
    "confkube-proof": "0123456789abcdef0123456789abcdef",
    "confkube-stack": pulumi.get_stack(),
}
network = platform.network(
    "demo-network",
    NetworkSpec(
        cidr=IPv4Network("10.20.0.0/16"),
        tiers=(
            Tier(name="workers", cidr=IPv4Network("10.20.0.0/17")),
            Tier(name="pods", cidr=IPv4Network("10.20.160.0/19")),
        ),
        openings=(
            Opening(name="agent", tier="pods", source="workers", protocol="tcp", port=15150, why="agent of a pod VM"),
            Opening(name="there", tier="pods", source="workers", protocol="udp", port=9000, why="network of pods"),
            Opening(name="back", tier="workers", source="pods", protocol="udp", port=9000, why="network of pods"),
        ),
        labels=labels,
    ),
    opts,
)
given = config.require("image")
content = Disk(address=given) if given.startswith("s3:") else Existing(image_id=given)
spec = ImageSpec(content=content, isolation=Cvm(tee=Tee.SNP), labels=labels)
try:
    image = platform.image("demo-pods-image", spec, opts)
except Refusal as refusal:
    raise pulumi.RunError(str(refusal)) from None
access = platform.peer_pods(
    "demo-pods",
    PeerPodSpec(
        cluster_id=labels["confkube-cluster"],
        labels=labels,
        pod_vms=(PodVms(tee=Tee.SNP, image=image, machine_types=tuple(config.require_object("types"))),),
        disk_gib=20,
        network_id=network.network_id,
        subnet_id=network.subnet_ids["pods"],
        firewall_id=network.firewall_ids["pods"],
        token_key="unused here",
        namespace="confidential-containers-system",
        service_accounts=("cloud-api-adaptor", "peerpodctrl-controller-manager"),
    ),
    opts,
)
pulumi.export("settings", pulumi.Output.all(**access.settings))
pulumi.export("credentials", pulumi.Output.all(**access.credentials))
"""

DISK = "s3://confkube-sandbox-images/podvm-snp.raw"
POLICY = "aws:iam/policy:Policy demo-pods-adaptor"


def config(image=DISK, types=("m6a.large",)):
    return {"aws:region": "us-east-2", "confkube:image": image, "confkube:types": json.dumps(list(types))}


@pytest.fixture(scope="module")
def stack(stack_in):
    return stack_in("peer-pods", config(), PROGRAM)


@pytest.fixture(scope="module")
def life(stack):
    """Up, once more, and changed; the stack is destroyed by the last test."""
    before = stack.inventory()
    planned = stack.preview()
    assert stack.inventory() == before
    first = stack.up()
    again = stack.up("--refresh")
    return before, planned, first, again


def test_it_comes_up_as_planned_and_stays(life, stack):
    _, planned, first, again = life
    assert set(first.changed) == {"create"}
    assert first.changed == planned.changed
    assert again.changed == {}
    kinds = [each.split("/")[1] for each in stack.inventory()]
    for kind in ("user", "access-key", "policy", "image", "snapshot"):
        assert kinds.count(kind) == 1, kind


def test_the_settings_name_what_exists(life, stack):
    settings = life[2].outputs["settings"]
    ec2 = stack.boto("ec2")
    (image,) = ec2.describe_images(ImageIds=[settings["PODVM_AMI_ID"]])["Images"]
    assert (image["BootMode"], image["TpmSupport"], image["ImdsSupport"]) == ("uefi", "v2.0", "v2.0")
    (subnet,) = ec2.describe_subnets(SubnetIds=[settings["AWS_SUBNET_ID"]])["Subnets"]
    assert subnet["CidrBlock"] == "10.20.160.0/19"
    (group,) = ec2.describe_security_groups(GroupIds=[settings["AWS_SG_IDS"]])["SecurityGroups"]
    assert sorted((each["IpProtocol"], each["FromPort"]) for each in group["IpPermissions"]) == [
        ("tcp", 15150),
        ("udp", 9000),
    ]
    assert dict(each.split("=") for each in settings["TAGS"].split(",")).keys() == {
        "confkube-cluster",
        "confkube-expires",
        "confkube-owner",
        "confkube-proof",
        "confkube-stack",
    }


def test_the_key_is_only_in_the_state_and_encrypted_there(life, stack):
    secret = life[2].outputs["credentials"]["AWS_SECRET_ACCESS_KEY"]
    assert len(secret) == 40
    assert secret not in json.dumps(stack.state())
    assert secret not in "\n".join(life[2].messages)


def test_with_the_key_a_pod_vm_starts_and_another_machine_does_not(life, stack):
    """As cloud-api-adaptor asks for it; what else the key must not do is tested with the authority."""
    settings, keys = life[2].outputs["settings"], life[2].outputs["credentials"]
    ec2 = boto3.client(
        "ec2",
        region_name=settings["AWS_REGION"],
        endpoint_url=stack.client.url,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    labels = [{"Key": key, "Value": value} for key, value in (each.split("=") for each in settings["TAGS"].split(","))]
    asked = {
        "MinCount": 1,
        "MaxCount": 1,
        "ImageId": settings["PODVM_AMI_ID"],
        "InstanceType": settings["PODVM_INSTANCE_TYPE"],
        "SecurityGroupIds": [settings["AWS_SG_IDS"]],
        "SubnetId": settings["AWS_SUBNET_ID"],
        "CpuOptions": {"AmdSevSnp": "enabled"},
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": int(settings["ROOT_VOLUME_SIZE"])}}],
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "podvm-demo-0a1b2c3d"}, *labels]}
        ],
    }
    before = stack.inventory()
    (started,) = ec2.run_instances(**asked)["Instances"]
    (volume,) = [each.rpartition("/")[2] for each in stack.inventory() if "/volume/" in each]
    assert stack.boto("ec2").describe_volumes(VolumeIds=[volume])["Volumes"][0]["Encrypted"] is True
    with pytest.raises(ec2.exceptions.ClientError, match="UnauthorizedOperation"):
        ec2.run_instances(**{**asked, "InstanceType": "m6a.4xlarge"})
    ec2.terminate_instances(InstanceIds=[started["InstanceId"]])
    stack.boto("ec2").get_waiter("instance_terminated").wait(
        InstanceIds=[started["InstanceId"]], WaiterConfig={"Delay": 1}
    )
    assert stack.inventory() == before


def test_another_size_changes_the_policy_alone(life, stack):
    stack.configure(config(types=("m6a.large", "m6a.xlarge")))
    assert stack.up().changed == {"update": {POLICY}}


def test_a_disk_that_is_not_there_fails_and_keeps_the_old_image(life, stack):
    stack.configure(config(image="s3://confkube-sandbox-images/nothing.raw", types=("m6a.large", "m6a.xlarge")))
    text = failure(stack.up, "User does not have access to the S3 object")
    assert "creating EBS Snapshot Import: operation error EC2: ImportSnapshot" in text
    stack.configure(config(types=("m6a.large", "m6a.xlarge")))
    stack.up()
    assert stack.up().changed == {}


def test_a_published_image_is_refused_before_anything_is_made(stack_in):
    other = stack_in("published", config(), PROGRAM)
    ec2 = other.boto("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-east-2a", Size=8)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    image = ec2.register_image(
        Name="podvm-ubuntu-amd64-0-22-0",
        Architecture="x86_64",
        VirtualizationType="hvm",
        RootDeviceName="/dev/xvda",
        BootMode="uefi",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}],
    )["ImageId"]
    before = other.inventory()
    other.configure(config(image=image))
    failure(other.preview, "pod VM image 'podvm-ubuntu-amd64-0-22-0' cannot carry confidential pods")
    assert other.inventory() == before


def test_nothing_is_left(life, stack):
    stack.destroy()
    assert stack.inventory() == life[0]

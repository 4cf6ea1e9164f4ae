"""What was asked for is what the simulated AWS shows: nothing is dropped, and states take their course."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aws_client import ACCOUNT, Clients
from botocore.exceptions import ClientError
from fixture_world import INSTANT, TRUST

from confkube_sandbox import clock
from confkube_sandbox.daemon.aws import inventory

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.app import Aws
    from confkube_sandbox.home import SandboxHome


@pytest.fixture
def aws(app: Aws) -> Clients:
    return Clients("secret", app=app)


@pytest.fixture
def ec2(aws: Clients) -> Any:
    return aws.client("ec2")


@pytest.fixture
def place(ec2: Any) -> dict[str, str]:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zones = {
        zone: ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"us-east-2{zone}")
        for index, zone in enumerate("ab")
    }
    image = ec2.describe_images(Owners=["099720109477"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}])[
        "Images"
    ][0]
    return {
        "vpc": vpc,
        "a": zones["a"]["Subnet"]["SubnetId"],
        "b": zones["b"]["Subnet"]["SubnetId"],
        "group": ec2.create_security_group(VpcId=vpc, GroupName="nodes", Description="nodes")["GroupId"],
        "image": image["ImageId"],
    }


def _tags(*kinds: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": "owner", "Value": kind}]} for kind in kinds]


def _template(ec2: Any, place: dict[str, str], **more: Any) -> str:
    data = {
        "ImageId": place["image"],
        "InstanceType": "m6a.large",
        "CpuOptions": {"AmdSevSnp": "enabled"},
        "UserData": base64.b64encode(b"hello").decode(),
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"},
        "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": [place["group"]], "DeleteOnTermination": True}],
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 40, "VolumeType": "gp3", "Encrypted": True}}
        ],
        "TagSpecifications": _tags("instance", "volume", "network-interface"),
        **more,
    }
    return ec2.create_launch_template(LaunchTemplateName="workers", LaunchTemplateData=data)["LaunchTemplate"][
        "LaunchTemplateId"
    ]


def _of(resource: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags", resource.get("TagSet", []))}


def test_launch_from_a_template_keeps_everything(ec2: Any, aws: Clients, place: dict[str, str]) -> None:
    iam = aws.client("iam")
    iam.create_role(RoleName="node", AssumeRolePolicyDocument=TRUST)
    profile = iam.create_instance_profile(InstanceProfileName="node")["InstanceProfile"]
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    template = _template(ec2, place, IamInstanceProfile={"Name": "node"})
    name = ec2.run_instances(
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": place["b"], "PrivateIpAddress": "10.0.1.20"}],
    )["Instances"][0]["InstanceId"]
    shown = ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]
    assert shown["State"]["Name"] == "running"
    assert shown["CpuOptions"] == {"AmdSevSnp": "enabled", "CoreCount": 1, "ThreadsPerCore": 2}
    assert (shown["BootMode"], shown["CurrentInstanceBootMode"]) == ("uefi-preferred", "uefi")
    assert (shown["SubnetId"], shown["PrivateIpAddress"]) == (place["b"], "10.0.1.20")
    assert [group["GroupId"] for group in shown["SecurityGroups"]] == [place["group"]]
    assert shown["IamInstanceProfile"] == {"Arn": profile["Arn"], "Id": profile["InstanceProfileId"]}
    assert shown["MetadataOptions"]["HttpTokens"] == "required"
    assert shown["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert "Association" not in shown["NetworkInterfaces"][0]
    assert _of(shown)["owner"] == "instance"
    interface = ec2.describe_network_interfaces(
        NetworkInterfaceIds=[shown["NetworkInterfaces"][0]["NetworkInterfaceId"]]
    )
    assert _of(interface["NetworkInterfaces"][0])["owner"] == "network-interface"
    volume = ec2.describe_volumes(VolumeIds=[shown["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]])["Volumes"][0]
    assert (volume["Size"], volume["VolumeType"], volume["Encrypted"], volume["Iops"]) == (40, "gp3", True, 3000)
    assert _of(volume)["owner"] == "volume"
    data = ec2.describe_instance_attribute(InstanceId=name, Attribute="userData")["UserData"]["Value"]
    assert base64.b64decode(data) == b"hello"


def test_same_client_token_starts_one_instance(ec2: Any, place: dict[str, str]) -> None:
    asked = {
        "ImageId": place["image"],
        "InstanceType": "m6a.large",
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": place["a"],
        "ClientToken": "t",
    }
    first, second = ec2.run_instances(**asked), ec2.run_instances(**asked)
    assert first["Instances"][0]["InstanceId"] == second["Instances"][0]["InstanceId"]


def test_terminated_instance_gives_back_what_it_held(ec2: Any, app: Aws, place: dict[str, str]) -> None:
    before = inventory.resources(ACCOUNT)
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=place["vpc"])
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    name = ec2.run_instances(
        ImageId=place["image"], InstanceType="m6a.large", MinCount=1, MaxCount=1, SubnetId=place["a"]
    )
    name = name["Instances"][0]["InstanceId"]
    ec2.describe_instances()
    ec2.associate_address(AllocationId=address, InstanceId=name)
    app.change_settings({"speed": 0.001})
    ec2.terminate_instances(InstanceIds=[name])
    assert (
        ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]["State"]["Name"]
        == "shutting-down"
    )
    with pytest.raises(ClientError, match=r"InvalidIPAddress\.InUse"):
        ec2.release_address(AllocationId=address)
    app.memory.due = {key: (state, datetime.min.replace(tzinfo=UTC)) for key, (state, _) in app.memory.due.items()}
    ec2.describe_instances()
    ec2.release_address(AllocationId=address)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=place["vpc"])
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    assert inventory.resources(ACCOUNT) == before


def test_group_launches_replaces_and_ends_its_instances(
    ec2: Any, aws: Clients, app: Aws, place: dict[str, str]
) -> None:
    before = inventory.resources(ACCOUNT)
    scaling, template = aws.client("autoscaling"), _template(ec2, place)
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="pool",
        MinSize=0,
        MaxSize=5,
        DesiredCapacity=4,
        LaunchTemplate={"LaunchTemplateId": template, "Version": "$Latest"},
        VPCZoneIdentifier=f"{place['a']},{place['b']}",
        Tags=[
            {"Key": "pool", "Value": "one", "PropagateAtLaunch": True},
            {"Key": "quiet", "Value": "x", "PropagateAtLaunch": False},
        ],
    )

    def members() -> list[dict[str, Any]]:
        for _ in range(3):
            scaling.describe_auto_scaling_groups()
        return scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"]

    assert [each["LifecycleState"] for each in members()] == ["InService"] * 4
    assert sorted(each["AvailabilityZone"] for each in members()) == ["us-east-2a"] * 2 + ["us-east-2b"] * 2
    ids = [each["InstanceId"] for each in members()]
    for reservation in ec2.describe_instances(InstanceIds=ids)["Reservations"]:
        shown = reservation["Instances"][0]
        assert shown["CpuOptions"]["AmdSevSnp"] == "enabled"
        tags = _of(shown)
        assert (tags["pool"], tags["owner"], tags["aws:autoscaling:groupName"]) == ("one", "instance", "pool")
        assert "quiet" not in tags
    ec2.terminate_instances(InstanceIds=ids[:1])
    assert len(members()) == 4
    assert ids[0] not in {each["InstanceId"] for each in members()}
    scaling.set_desired_capacity(AutoScalingGroupName="pool", DesiredCapacity=2)
    assert sorted(each["AvailabilityZone"] for each in members()) == ["us-east-2a", "us-east-2b"]
    scaling.delete_auto_scaling_group(AutoScalingGroupName="pool", ForceDelete=True)
    for _ in range(3):
        scaling.describe_auto_scaling_groups()
    assert scaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    ec2.delete_launch_template(LaunchTemplateId=template)
    assert inventory.resources(ACCOUNT) == before


def test_group_without_capacity_reports_a_failed_activity(
    ec2: Any, aws: Clients, app: Aws, place: dict[str, str]
) -> None:
    app.change_settings({"capacity": [{"type": "m6a.large", "zone": "*", "count": 1}]})
    scaling = aws.client("autoscaling")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="pool",
        MinSize=0,
        MaxSize=5,
        DesiredCapacity=2,
        LaunchTemplate={"LaunchTemplateId": _template(ec2, place)},
        VPCZoneIdentifier=place["a"],
    )
    scaling.describe_auto_scaling_groups()
    newest = scaling.describe_scaling_activities(AutoScalingGroupName="pool")["Activities"][0]
    assert newest["StatusCode"] == "Failed"
    assert "do not have sufficient m6a.large capacity" in newest["StatusMessage"]
    app.change_settings({"capacity": []})
    for _ in range(3):
        found = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["Instances"]
    assert len(found) == 2


def test_nat_gateway_takes_time_and_fails_without_an_internet_gateway(
    ec2: Any, app: Aws, place: dict[str, str]
) -> None:
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=place["a"], AllocationId=address)["NatGateway"]
    assert made["State"] == "pending"
    assert made["NatGatewayAddresses"][0]["PrivateIp"].startswith("10.0.0.")
    failed = ec2.describe_nat_gateways(NatGatewayIds=[made["NatGatewayId"]])["NatGateways"][0]
    assert (failed["State"], failed["FailureCode"]) == ("failed", "Gateway.NotAttached")


def test_registered_image_keeps_what_it_was_registered_with(ec2: Any, app: Aws) -> None:
    asked = {
        "Name": "measured",
        "BootMode": "uefi",
        "TpmSupport": "v2.0",
        "EnaSupport": True,
        "Architecture": "x86_64",
        "ImdsSupport": "v2.0",
        "RootDeviceName": "/dev/xvda",
        "VirtualizationType": "hvm",
    }
    name = ec2.register_image(**asked)["ImageId"]
    shown = ec2.describe_images(ImageIds=[name])["Images"][0]
    assert {key: shown.get(key) for key in asked} == asked


def test_accounts_do_not_see_each_other(app: Aws, place: dict[str, str]) -> None:
    other = Clients("secret", app=app, account="222222222222").client("ec2")
    vpcs = other.describe_vpcs()["Vpcs"]
    assert [each["IsDefault"] for each in vpcs] == [True]
    assert {each["OwnerId"] for each in vpcs} == {"222222222222"}


def test_same_request_is_accepted_once_its_fault_is_gone(ec2: Any, place: dict[str, str]) -> None:
    """The right counterparts of what the corpus has wrong."""
    assert INSTANT > 1
    ec2.create_subnet(VpcId=place["vpc"], CidrBlock="10.0.7.0/28")
    ec2.authorize_security_group_ingress(
        GroupId=place["group"],
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 65535, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
        ],
    )
    asked = {
        "InstanceType": "m6a.large",
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": place["a"],
        "CpuOptions": {"AmdSevSnp": "enabled"},
    }
    ec2.run_instances(ImageId=place["image"], **asked, UserData="x" * 16384, SecurityGroupIds=[place["group"]])
    ec2.run_instances(
        ImageId=place["image"],
        **{**asked, "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 1}},
        PrivateIpAddress="10.0.0.250",
    )
    ec2.run_instances(ImageId=place["image"], **{**asked, "InstanceType": "m6a.8xlarge"})
    tags = [{"Key": f"k{index}", "Value": "v" * 255} for index in range(50)]
    ec2.create_tags(Resources=[place["vpc"]], Tags=tags)
    spare = ec2.create_security_group(VpcId=place["vpc"], GroupName="spare", Description="spare")["GroupId"]
    ec2.delete_security_group(GroupId=spare)


def test_groups_live_on_while_another_account_asks(ec2: Any, aws: Clients, app: Aws, place: dict[str, str]) -> None:
    scaling, template = aws.client("autoscaling"), _template(ec2, place)
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="pool",
        MinSize=0,
        MaxSize=1,
        DesiredCapacity=1,
        LaunchTemplate={"LaunchTemplateId": template},
        VPCZoneIdentifier=place["a"],
    )
    other = Clients("secret", app=app, account="222222222222").client("ec2")
    other.describe_vpcs()
    scaling.delete_auto_scaling_group(AutoScalingGroupName="pool", ForceDelete=True)
    for _ in range(4):
        other.describe_vpcs()
    assert {kind for _, kind, _ in inventory.resources()} == {"vpc", "subnet", "security-group", "launch-template"}


def test_group_whose_template_is_gone_fails_alone(ec2: Any, aws: Clients, app: Aws, place: dict[str, str]) -> None:
    scaling, template = aws.client("autoscaling"), _template(ec2, place)
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="pool",
        MinSize=0,
        MaxSize=1,
        DesiredCapacity=0,
        LaunchTemplate={"LaunchTemplateId": template},
        VPCZoneIdentifier=place["a"],
    )
    ec2.delete_launch_template(LaunchTemplateId=template)
    scaling.set_desired_capacity(AutoScalingGroupName="pool", DesiredCapacity=1)
    ec2.describe_vpcs()
    newest = scaling.describe_scaling_activities(AutoScalingGroupName="pool")["Activities"][0]
    assert newest["StatusCode"] == "Failed"
    assert "does not exist" in newest["StatusMessage"]


def test_an_ended_machine_lets_go_of_its_own_interface(
    app: Aws, home: SandboxHome, ec2: Any, place: dict[str, str]
) -> None:
    interface = ec2.create_network_interface(SubnetId=place["a"])["NetworkInterface"]["NetworkInterfaceId"]
    started = ec2.run_instances(
        ImageId=place["image"],
        InstanceType="m6a.large",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": interface}],
    )
    name = started["Instances"][0]["InstanceId"]
    app.change_settings({"speed": 1.0})
    ec2.terminate_instances(InstanceIds=[name])
    clock.advance(home, timedelta(minutes=10))
    (ended,) = ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"]
    assert ended["State"]["Name"] == "terminated"
    assert not ended.get("PrivateIpAddress")
    (free,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    assert free["Status"] == "available"
    ec2.delete_network_interface(NetworkInterfaceId=interface)

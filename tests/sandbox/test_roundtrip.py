"""Whatever the library says when it creates an object is what describing the object gives back."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from aws_client import Clients
from botocore.exceptions import ClientError
from fixture_world import TRUST, UBUNTU

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.app import Aws

NAMED = [{"Key": "Name", "Value": "part"}, {"Key": "confkube:cluster", "Value": "c"}]
METADATA = {
    "HttpEndpoint": "enabled",
    "HttpTokens": "required",
    "HttpPutResponseHopLimit": 1,
    "InstanceMetadataTags": "disabled",
}
DISK = {"Encrypted": True, "VolumeType": "gp3", "VolumeSize": 40, "DeleteOnTermination": True}
BOOT = "#!/bin/sh\n"


def tagged(*kinds: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": NAMED} for kind in kinds]


class World:
    """A cluster's objects, made one after the other with all the fields that the library sets."""

    def __init__(self, app: Aws) -> None:
        clients = Clients("secret", app=app)
        self.ec2 = clients.client("ec2")
        self.iam, self.scaling = clients.client("iam"), clients.client("autoscaling")
        self.secrets = clients.client("secretsmanager")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc"))["Vpc"]["VpcId"]
        for name in ("EnableDnsHostnames", "EnableDnsSupport"):
            self.ec2.modify_vpc_attribute(VpcId=self.vpc, **{name: {"Value": True}})
        made = self.ec2.create_subnet(
            VpcId=self.vpc,
            CidrBlock="10.0.1.0/24",
            AvailabilityZone="us-east-2b",
            TagSpecifications=tagged("subnet"),
        )
        self.subnet = made["Subnet"]["SubnetId"]
        made = self.ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway"))
        self.internet = made["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(VpcId=self.vpc, InternetGatewayId=self.internet)
        made = self.ec2.create_security_group(
            VpcId=self.vpc,
            GroupName="nodes",
            Description="confkube nodes of c",
            TagSpecifications=tagged("security-group"),
        )
        self.group = made["GroupId"]
        images = self.ec2.describe_images(Owners=[UBUNTU], Filters=[{"Name": "architecture", "Values": ["x86_64"]}])[
            "Images"
        ]
        self.image, self.root = images[0]["ImageId"], images[0]["RootDeviceName"]

    def identity(self) -> None:
        self.iam.create_role(RoleName="node", AssumeRolePolicyDocument=TRUST, Tags=NAMED)
        self.iam.create_instance_profile(InstanceProfileName="node", Tags=NAMED)
        self.iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")


@pytest.fixture
def world(app: Aws) -> World:
    return World(app)


def has(shown: dict[str, Any], **wanted: Any) -> None:
    assert {name: shown.get(name) for name in wanted} == wanted


def test_network(world: World) -> None:
    ec2 = world.ec2
    has(ec2.describe_vpcs(VpcIds=[world.vpc])["Vpcs"][0], CidrBlock="10.0.0.0/16", Tags=NAMED)
    for name, key in (("enableDnsHostnames", "EnableDnsHostnames"), ("enableDnsSupport", "EnableDnsSupport")):
        assert ec2.describe_vpc_attribute(VpcId=world.vpc, Attribute=name)[key] == {"Value": True}
    has(
        ec2.describe_subnets(SubnetIds=[world.subnet])["Subnets"][0],
        VpcId=world.vpc,
        CidrBlock="10.0.1.0/24",
        AvailabilityZone="us-east-2b",
        MapPublicIpOnLaunch=False,
        Tags=NAMED,
    )
    shown = ec2.describe_internet_gateways(InternetGatewayIds=[world.internet])["InternetGateways"][0]
    has(shown, Tags=NAMED, Attachments=[{"State": "available", "VpcId": world.vpc}])


def test_ways_out(world: World) -> None:
    ec2 = world.ec2
    made = ec2.create_route_table(VpcId=world.vpc, TagSpecifications=tagged("route-table"))
    table = made["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=world.subnet)
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip"))["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=world.subnet, AllocationId=address, TagSpecifications=tagged("natgateway"))
    nat = made["NatGateway"]["NatGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    shown = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
    has(shown, VpcId=world.vpc, Tags=NAMED)
    assert [each["SubnetId"] for each in shown["Associations"]] == [world.subnet]
    has(shown["Routes"][-1], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat, State="active")
    shown = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]
    has(shown, SubnetId=world.subnet, Tags=NAMED, ConnectivityType="public", State="available")
    assert [each["AllocationId"] for each in shown["NatGatewayAddresses"]] == [address]
    has(ec2.describe_addresses(AllocationIds=[address])["Addresses"][0], Domain="vpc", Tags=NAMED)


def test_nat_gateway_with_a_used_address_fails_later_and_takes_nothing(world: World) -> None:
    ec2 = world.ec2
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    first = ec2.create_nat_gateway(SubnetId=world.subnet, AllocationId=address)["NatGateway"]
    second = ec2.create_nat_gateway(SubnetId=world.subnet, AllocationId=address)["NatGateway"]
    shown = {each["NatGatewayId"]: each for each in ec2.describe_nat_gateways()["NatGateways"]}
    has(shown[first["NatGatewayId"]], State="available")
    has(
        shown[second["NatGatewayId"]],
        State="failed",
        FailureCode="Resource.AlreadyAssociated",
        FailureMessage=f"Elastic IP address [{address}] is already associated",
    )
    held = ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]
    assert held["NetworkInterfaceId"] == first["NatGatewayAddresses"][0]["NetworkInterfaceId"]


SOURCES = {"block": {"IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": "why"}]}, "group": {}}


@pytest.mark.parametrize("source", SOURCES)
def test_security_group_rules_keep_their_description_and_tags(source: str, world: World) -> None:
    ec2, group = world.ec2, world.group
    pair = {"UserIdGroupPairs": [{"GroupId": group, "Description": "why"}]}
    permissions = [
        {"IpProtocol": "tcp", "FromPort": 6443, "ToPort": 6443, **(SOURCES[source] or pair)},
        {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1, **(SOURCES[source] or pair)},
    ]
    made = ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=permissions, TagSpecifications=tagged("security-group-rule")
    )["SecurityGroupRules"]
    assert [(each["FromPort"], each["ToPort"]) for each in made] == [(6443, 6443), (-1, -1)]
    ids = [each["SecurityGroupRuleId"] for each in made]
    for each in ec2.describe_security_group_rules(SecurityGroupRuleIds=ids)["SecurityGroupRules"]:
        has(each, Description="why", Tags=NAMED, GroupId=group, IsEgress=False)
    kind = "IpRanges" if source == "block" else "UserIdGroupPairs"
    shown = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    has(shown, GroupName="nodes", Description="confkube nodes of c", Tags=NAMED, VpcId=world.vpc)
    assert [each[kind][0]["Description"] for each in shown["IpPermissions"]] == ["why", "why"]
    new = {"CidrIpv4": "198.51.100.0/24"} if source == "block" else {"ReferencedGroupId": group}
    changed = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "Description": "other", **new}
    ec2.modify_security_group_rules(
        GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": ids[0], "SecurityGroupRule": changed}]
    )
    shown = ec2.describe_security_group_rules(SecurityGroupRuleIds=ids[:1])["SecurityGroupRules"][0]
    has(shown, Description="other", FromPort=1, ToPort=2, Tags=NAMED)
    assert shown.get("CidrIpv4") == new.get("CidrIpv4")
    assert shown.get("ReferencedGroupInfo", {}).get("GroupId") == new.get("ReferencedGroupId")


def test_refused_rules_leave_none_behind(world: World) -> None:
    ranges = [{"CidrIp": "192.0.2.0/24"}]
    http = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": ranges}
    world.ec2.authorize_security_group_ingress(GroupId=world.group, IpPermissions=[http])
    with pytest.raises(ClientError, match=r"InvalidPermission\.Duplicate"):
        world.ec2.authorize_security_group_ingress(
            GroupId=world.group, IpPermissions=[{**http, "FromPort": 81, "ToPort": 81}, http]
        )
    shown = world.ec2.describe_security_groups(GroupIds=[world.group])["SecurityGroups"][0]
    assert [each["FromPort"] for each in shown["IpPermissions"]] == [80]


def test_identity(world: World) -> None:
    world.identity()
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Own", "Effect": "Allow", "Action": ["ec2:DescribeInstances"], "Resource": "*"}],
    }
    world.iam.put_role_policy(RoleName="node", PolicyName="own", PolicyDocument=json.dumps(policy))
    role = world.iam.get_role(RoleName="node")["Role"]
    has(role, AssumeRolePolicyDocument=json.loads(TRUST), Tags=NAMED)
    assert world.iam.get_role_policy(RoleName="node", PolicyName="own")["PolicyDocument"] == policy
    profile = world.iam.get_instance_profile(InstanceProfileName="node")["InstanceProfile"]
    has(profile, Tags=NAMED)
    assert [each["RoleName"] for each in profile["Roles"]] == ["node"]


def test_secret(world: World) -> None:
    told = "what c needs to start; readable by its own role alone"
    world.secrets.create_secret(Name="c/key", Description=told, Tags=NAMED)
    world.secrets.put_secret_value(SecretId="c/key", SecretString="value")
    has(world.secrets.describe_secret(SecretId="c/key"), Name="c/key", Description=told, Tags=NAMED)
    assert world.secrets.get_secret_value(SecretId="c/key")["SecretString"] == "value"


def test_machine_with_an_interface_of_its_own(world: World) -> None:
    world.identity()
    ec2 = world.ec2
    interface = ec2.create_network_interface(
        SubnetId=world.subnet,
        Groups=[world.group],
        Description="plane",
        PrivateIpAddresses=[{"PrivateIpAddress": "10.0.1.10", "Primary": True}],
        TagSpecifications=tagged("network-interface"),
    )["NetworkInterface"]["NetworkInterfaceId"]
    number = ec2.run_instances(
        ImageId=world.image,
        InstanceType="m6a.2xlarge",
        MinCount=1,
        MaxCount=1,
        CpuOptions={"AmdSevSnp": "enabled"},
        NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": interface}],
        IamInstanceProfile={"Name": "node"},
        MetadataOptions=METADATA,
        BlockDeviceMappings=[{"DeviceName": world.root, "Ebs": DISK}],
        UserData=BOOT,
        TagSpecifications=tagged("instance", "volume"),
    )["Instances"][0]["InstanceId"]
    ec2.describe_instances()
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, NetworkInterfaceId=interface)
    shown = ec2.describe_instances(InstanceIds=[number])["Reservations"][0]["Instances"][0]
    has(
        shown,
        ImageId=world.image,
        InstanceType="m6a.2xlarge",
        PrivateIpAddress="10.0.1.10",
        SubnetId=world.subnet,
        SecurityGroups=[{"GroupId": world.group, "GroupName": "nodes"}],
        BootMode="uefi-preferred",
        CurrentInstanceBootMode="uefi",
        Tags=NAMED,
    )
    has(shown["CpuOptions"], AmdSevSnp="enabled")
    has(shown["MetadataOptions"], **METADATA)
    assert shown["IamInstanceProfile"]["Arn"].endswith(":instance-profile/node")
    held = ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]
    has(held, InstanceId=number, NetworkInterfaceId=interface, PrivateIpAddress="10.0.1.10")
    assert shown["PublicIpAddress"] == held["PublicIp"]
    data = ec2.describe_instance_attribute(InstanceId=number, Attribute="userData")["UserData"]["Value"]
    assert base64.b64decode(data).decode() == BOOT
    ec2.stop_instances(InstanceIds=[number])
    ec2.describe_instances()
    for new in ("#!/bin/sh\necho 2\n", "abcd"):
        ec2.modify_instance_attribute(InstanceId=number, UserData={"Value": new.encode()})
        data = ec2.describe_instance_attribute(InstanceId=number, Attribute="userData")["UserData"]["Value"]
        assert base64.b64decode(data).decode() == new
    volume = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [number]}])["Volumes"][0]
    has(volume, Encrypted=True, VolumeType="gp3", Size=40, Tags=NAMED)
    assert shown["BlockDeviceMappings"][0]["Ebs"]["DeleteOnTermination"] is True
    card = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"][0]
    has(card, Description="plane", PrivateIpAddress="10.0.1.10", SubnetId=world.subnet, TagSet=NAMED)
    has(card, Groups=[{"GroupId": world.group, "GroupName": "nodes"}])


def test_pool(world: World) -> None:
    world.identity()
    ec2 = world.ec2
    data = {
        "ImageId": world.image,
        "InstanceType": "m6a.large",
        "CpuOptions": {"AmdSevSnp": "enabled"},
        "IamInstanceProfile": {"Name": "node"},
        "MetadataOptions": METADATA,
        "BlockDeviceMappings": [{"DeviceName": world.root, "Ebs": DISK}],
        "NetworkInterfaces": [
            {
                "DeviceIndex": 0,
                "Groups": [world.group],
                "AssociatePublicIpAddress": False,
                "DeleteOnTermination": True,
            }
        ],
        "TagSpecifications": tagged("instance", "volume", "network-interface"),
        "UserData": base64.b64encode(BOOT.encode()).decode(),
    }
    template = ec2.create_launch_template(
        LaunchTemplateName="pool", LaunchTemplateData=data, TagSpecifications=tagged("launch-template")
    )["LaunchTemplate"]["LaunchTemplateId"]
    has(ec2.describe_launch_templates(LaunchTemplateIds=[template])["LaunchTemplates"][0], Tags=NAMED)
    version = ec2.describe_launch_template_versions(LaunchTemplateId=template)["LaunchTemplateVersions"][0]
    assert version["LaunchTemplateData"] == data
    tags = [
        {
            "Key": "team",
            "Value": "x",
            "PropagateAtLaunch": True,
            "ResourceId": "pool",
            "ResourceType": "auto-scaling-group",
        }
    ]
    wanted = {"MinSize": 2, "MaxSize": 2, "DesiredCapacity": 2, "VPCZoneIdentifier": world.subnet}
    world.scaling.create_auto_scaling_group(
        AutoScalingGroupName="pool",
        LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
        HealthCheckType="EC2",
        HealthCheckGracePeriod=300,
        Tags=tags,
        **wanted,
    )
    world.scaling.describe_auto_scaling_groups()
    group = world.scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]
    has(group, HealthCheckType="EC2", HealthCheckGracePeriod=300, Tags=tags, **wanted)
    has(group["LaunchTemplate"], LaunchTemplateId=template, Version="1")
    members = [{"Name": "attachment.instance-id", "Values": [each["InstanceId"] for each in group["Instances"]]}]
    for kind, key, found in (
        ("describe_volumes", "Tags", "Volumes"),
        ("describe_network_interfaces", "TagSet", "NetworkInterfaces"),
    ):
        everything = getattr(ec2, kind)(Filters=members)[found]
        assert [each[key] for each in everything] == [NAMED, NAMED]
    for each in ec2.describe_instances(InstanceIds=members[0]["Values"])["Reservations"]:
        shown = each["Instances"][0]
        has(shown["CpuOptions"], AmdSevSnp="enabled")
        has(shown["MetadataOptions"], **METADATA)
        assert {"Key": "team", "Value": "x"} in shown["Tags"]


def test_plain_describe_shows_more_than_a_hundred_instances(world: World, app: Aws) -> None:
    app.change_settings({"quotas": {"vcpus": 4096}})
    run = {"ImageId": world.image, "InstanceType": "m6a.large", "SubnetId": world.subnet}
    for _ in range(101):
        world.ec2.run_instances(MinCount=1, MaxCount=1, **run)
    shown = world.ec2.describe_instances()
    assert len(shown["Reservations"]) == 101
    assert "NextToken" not in shown
    page = world.ec2.describe_instances(MaxResults=60)
    last = page["Reservations"][-1]["Instances"][0]["InstanceId"]
    world.ec2.terminate_instances(InstanceIds=[last])
    rest = world.ec2.describe_instances(MaxResults=60, NextToken=page["NextToken"])
    assert len(page["Reservations"]) + len(rest["Reservations"]) == 101
    with pytest.raises(ClientError, match="InvalidPaginationToken"):
        world.ec2.describe_instances(NextToken="nonsense")

"""One small world of every kind of resource, which the refused requests refer to as ``${name}``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_client import Clients

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
INSTANT = 100_000.0
UBUNTU = "099720109477"


def build(clients: Clients, settings: Callable[..., object]) -> dict[str, str]:
    """Make the world with ordinary, correct requests and return its ids; ``settings`` changes those of the daemon."""
    ids: dict[str, str] = {}
    ec2 = clients.client("ec2")
    _images(ec2, ids)
    _network(ec2, ids)
    _identities(clients.client("iam"), ids)
    _users(clients.client("iam"), ids)
    _importers(clients.client("iam"), ids)
    _machines(ec2, ids)
    _group(clients, ids)
    _secrets(clients.client("secretsmanager"), ids)
    # What follows never comes to its end.
    settings(speed=0.001)
    ec2.terminate_instances(InstanceIds=[ids["ending"]])
    more = {"ImageId": ids["image"], "InstanceType": "m6a.large", "MinCount": 1, "MaxCount": 1}
    starting = ec2.run_instances(**more, SubnetId=ids["tiny_subnet"])["Instances"][0]
    ids["starting"] = starting["InstanceId"]
    ids["starting_eni"] = starting["NetworkInterfaces"][0]["NetworkInterfaceId"]
    clients.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName="leaving", ForceDelete=True)
    clients.client("autoscaling").describe_auto_scaling_groups()
    settings(speed=INSTANT)
    west = clients.client("ec2", "us-west-2").describe_images(Owners=[UBUNTU])["Images"]
    ids["image_west"] = next(each["ImageId"] for each in west if each["Architecture"] == "x86_64")
    return ids


def _images(ec2: Any, ids: dict[str, str]) -> None:
    stock = ec2.describe_images(Owners=[UBUNTU], Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"]
    ids["image"] = stock[0]["ImageId"]
    for name, mode, architecture in (
        ("legacy", "legacy-bios", "x86_64"),
        ("uefi", "uefi", "x86_64"),
        ("arm", "uefi", "arm64"),
    ):
        made = ec2.register_image(
            Name=f"own-{name}",
            BootMode=mode,
            Architecture=architecture,
            VirtualizationType="hvm",
            RootDeviceName="/dev/xvda",
        )
        ids[f"image_{name}"] = made["ImageId"]


def _network(ec2: Any, ids: dict[str, str]) -> None:
    for name, block in (("", "10.0.0.0/16"), ("other_", "10.1.0.0/16")):
        vpc = ids[f"{name}vpc"] = ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
        gateway = ids[f"{name}igw"] = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        if not name:
            ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
        start = block.rsplit(".", 2)[0]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"{start}.0.0/24", AvailabilityZone="us-east-2a")
        ids[f"{name}subnet"] = subnet["Subnet"]["SubnetId"]
        group = ec2.create_security_group(VpcId=vpc, GroupName="nodes", Description="nodes")
        ids[f"{name}sg"] = group["GroupId"]
        ids[f"{name}rtb"] = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        main = ec2.describe_route_tables(
            Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
        )
        ids[f"{name}main_rtb"] = main["RouteTables"][0]["RouteTableId"]
        default = ec2.describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
        )
        ids[f"{name}default_sg"] = default["SecurityGroups"][0]["GroupId"]
    bare = ids["bare_vpc"] = ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=bare, InternetGatewayId=gateway)
    tiny = ec2.create_subnet(VpcId=ids["vpc"], CidrBlock="10.0.9.0/28", AvailabilityZone="us-east-2b")
    ids["tiny_subnet"] = tiny["Subnet"]["SubnetId"]
    ids["named_sg"] = ec2.create_security_group(VpcId=ids["vpc"], GroupName="named", Description="named by a rule")[
        "GroupId"
    ]
    ec2.authorize_security_group_ingress(
        GroupId=ids["sg"],
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": ids["named_sg"]}]},
            {"IpProtocol": "tcp", "FromPort": 6443, "ToPort": 6443, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]},
        ],
    )
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [ids["sg"]]}])
    ids["sgr"] = next(
        each["SecurityGroupRuleId"] for each in rules["SecurityGroupRules"] if each.get("FromPort") == 6443
    )
    ec2.associate_route_table(RouteTableId=ids["rtb"], SubnetId=ids["subnet"])
    ids["spare_rtb"] = ec2.create_route_table(VpcId=ids["vpc"])["RouteTable"]["RouteTableId"]
    for name in ("eip", "nat_eip", "spare_eip"):
        ids[name] = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ids["nat"] = ec2.create_nat_gateway(SubnetId=ids["subnet"], AllocationId=ids["nat_eip"])["NatGateway"][
        "NatGatewayId"
    ]
    ec2.describe_nat_gateways()
    ec2.create_route(RouteTableId=ids["rtb"], DestinationCidrBlock="0.0.0.0/0", GatewayId=ids["igw"])
    ids["eni"] = ec2.create_network_interface(SubnetId=ids["subnet"], PrivateIpAddress="10.0.0.77", Groups=[ids["sg"]])[
        "NetworkInterface"
    ]["NetworkInterfaceId"]
    other = ec2.create_network_interface(SubnetId=ids["other_subnet"])
    ids["other_eni"] = other["NetworkInterface"]["NetworkInterfaceId"]
    there = ec2.create_network_interface(SubnetId=ids["tiny_subnet"])
    ids["eni_b"] = there["NetworkInterface"]["NetworkInterfaceId"]


def _identities(iam: Any, ids: dict[str, str]) -> None:
    iam.create_role(RoleName="node", AssumeRolePolicyDocument=TRUST)
    allow = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}],
    }
    iam.put_role_policy(RoleName="node", PolicyName="secrets", PolicyDocument=json.dumps(allow))
    for name in ("node", "empty"):
        iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    ids.update(role="node", profile="node", empty_profile="empty", trust=TRUST)


def _users(iam: Any, ids: dict[str, str]) -> None:
    text = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}]}
    )
    for name in ("user", "owner", "writer", "busy"):
        iam.create_user(UserName=name, Path="/confkube/")
        ids[name] = name
    arns = [iam.create_policy(PolicyName=f"p{number}", PolicyDocument=text)["Policy"]["Arn"] for number in range(11)]
    for arn in arns[:10]:
        iam.attach_user_policy(UserName="busy", PolicyArn=arn)
    iam.attach_user_policy(UserName="user", PolicyArn=arns[0])
    iam.put_user_policy(UserName="writer", PolicyName="own", PolicyDocument=text)
    for _ in range(2):
        iam.create_access_key(UserName="owner")
    versions = iam.create_policy(PolicyName="versions", PolicyDocument=text)["Policy"]["Arn"]
    for _ in range(4):
        iam.create_policy_version(PolicyArn=versions, PolicyDocument=text)
    ids.update(policy=arns[0], spare_policy=arns[10], full_policy=versions, policy_text=text)


def _importers(iam: Any, ids: dict[str, str]) -> None:
    trust = {"Service": "vmie.amazonaws.com"}
    external = {"StringEquals": {"sts:Externalid": "vmimport"}}
    rights = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject"],
                "Resource": ["arn:aws:s3:::confkube-sandbox-images", "arn:aws:s3:::confkube-sandbox-images/*"],
            },
            {
                "Effect": "Allow",
                "Action": ["ec2:CopySnapshot", "ec2:Describe*", "ec2:ModifySnapshotAttribute", "ec2:RegisterImage"],
                "Resource": "*",
            },
        ],
    }
    for name, principal, condition in (
        ("importer", trust, external),
        ("powerless", trust, external),
        ("distrustful", {"Service": "ec2.amazonaws.com"}, external),
        ("elsewhere", trust, {"StringEquals": {"sts:Externalid": "other"}}),
    ):
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
        if name != "powerless":
            iam.put_role_policy(RoleName=name, PolicyName="import", PolicyDocument=json.dumps(rights))


def _machines(ec2: Any, ids: dict[str, str]) -> None:
    def run(**more: Any) -> str:
        given = {
            "ImageId": ids["image"],
            "InstanceType": "m6a.large",
            "MinCount": 1,
            "MaxCount": 1,
            "SubnetId": ids["subnet"],
            **more,
        }
        return ec2.run_instances(**given)["Instances"][0]["InstanceId"]

    ids["instance"] = run(
        CpuOptions={"AmdSevSnp": "enabled"},
        SecurityGroupIds=[ids["sg"]],
        IamInstanceProfile={"Name": "node"},
        PrivateIpAddress="10.0.0.10",
        ClientToken="token-of-the-first-instance",
    )
    ids["stopped"] = run()
    ids["stopped_snp"] = run(CpuOptions={"AmdSevSnp": "enabled"})
    ids["ending"] = run()
    ec2.describe_instances()
    ec2.associate_address(AllocationId=ids["eip"], InstanceId=ids["instance"])
    ec2.stop_instances(InstanceIds=[ids["stopped"], ids["stopped_snp"]])
    ec2.describe_instances()
    shown = ec2.describe_instances(InstanceIds=[ids["instance"]])["Reservations"][0]["Instances"][0]
    ids["instance_eni"] = shown["NetworkInterfaces"][0]["NetworkInterfaceId"]
    ids["instance_volume"] = shown["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    ids["volume_b"] = ec2.create_volume(AvailabilityZone="us-east-2b", Size=8)["VolumeId"]
    ids["snapshot"] = ec2.create_snapshot(VolumeId=ids["volume_b"])["SnapshotId"]
    device = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": ids["snapshot"]}}]
    made = ec2.register_image(
        Name="own-snapshot", BootMode="uefi", RootDeviceName="/dev/xvda", BlockDeviceMappings=device
    )
    ids["image_snapshot"] = made["ImageId"]


def _group(clients: Clients, ids: dict[str, str]) -> None:
    data = {"ImageId": ids["image"], "InstanceType": "m6a.large", "CpuOptions": {"AmdSevSnp": "enabled"}}
    made = clients.client("ec2").create_launch_template(LaunchTemplateName="workers", LaunchTemplateData=data)
    ids["lt"] = made["LaunchTemplate"]["LaunchTemplateId"]
    bad = {**data, "UserData": "YWJj" * 6000}
    made = clients.client("ec2").create_launch_template(LaunchTemplateName="too-much", LaunchTemplateData=bad)
    ids["bad_lt"] = made["LaunchTemplate"]["LaunchTemplateId"]
    scaling = clients.client("autoscaling")
    for name in ("workers", "leaving"):
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=1,
            MaxSize=2,
            DesiredCapacity=1,
            LaunchTemplate={"LaunchTemplateId": ids["lt"]},
            VPCZoneIdentifier=ids["subnet"],
        )
    scaling.describe_auto_scaling_groups()
    ids["group"] = "workers"


def _secrets(secrets: Any, ids: dict[str, str]) -> None:
    secrets.create_secret(Name="cluster/key", SecretString="value")
    secrets.create_secret(Name="cluster/gone", SecretString="value")
    secrets.delete_secret(SecretId="cluster/gone", RecoveryWindowInDays=7)
    ids.update(secret="cluster/key", deleted_secret="cluster/gone")

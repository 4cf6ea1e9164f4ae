"""A cluster with pod VMs, and what is around it and not its own: what cloud-api-adaptor's identity is tried on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aws_client import ACCOUNT, REGION
from fixture_world import INSTANT, TRUST, UBUNTU

from confkube.clouds.aws.adaptor_rights import PeerPodScope, document

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_client import Clients

USER = "pods-adaptor"
ELSEWHERE = "eu-west-1"
OWN = {"confkube-cluster": "pods-0a1b2c3d", "confkube-proof": "0123456789abcdef0123456789abcdef"}
OTHERS = {"confkube-cluster": "else-11111111", "confkube-proof": "ffffffffffffffffffffffffffffffff"}
TYPES = ("m6a.large", "m6a.xlarge")


def tags(kind: str, name: str, labels: dict[str, str]) -> list[dict[str, Any]]:
    """Tags at creation, as requests have them."""
    given = {"Name": name, **labels}
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in given.items()]}]


def scope(ids: dict[str, str]) -> PeerPodScope:
    """The pod VMs that the identity is for."""
    return PeerPodScope(
        account_id=ACCOUNT,
        region=REGION,
        subnet_id=ids["subnet"],
        firewall_id=ids["group"],
        image_ids=(ids["image"], ids["second_image"]),
        machine_types=TYPES,
        cluster_id=OWN["confkube-cluster"],
        stamp=OWN["confkube-proof"],
    )


def build(clients: Clients, settings: Callable[..., object]) -> dict[str, str]:
    """Make everything as the account's administrator; the identity comes afterwards, since it names what exists."""
    settings(speed=INSTANT, quotas={"addresses": 20})
    ids: dict[str, str] = {}
    ec2 = clients.client("ec2")
    _network(ec2, ids)
    _images(ec2, ids)
    _profiles(clients.client("iam"), ids)
    _machines(ec2, ids)
    _interfaces(ec2, ids)
    _addresses(ec2, ids)
    _volumes(ec2, ids)
    _elsewhere(clients.client("ec2", ELSEWHERE), ids)
    # An interface gets its name and an instance its state with the next look.
    ec2.describe_instances()
    data = {"ImageId": ids["image"], "InstanceType": TYPES[0]}
    made = ec2.create_launch_template(LaunchTemplateName="kata", LaunchTemplateData=data)
    ids["template"] = made["LaunchTemplate"]["LaunchTemplateId"]
    return ids


def identity(iam: Any, ids: dict[str, str]) -> dict[str, str]:
    """Make the user as clouds/aws/peer_pods.py makes it, and return its key."""
    iam.create_user(UserName=USER, Path="/confkube/")
    made = iam.create_policy(PolicyName=USER, Path="/confkube/", PolicyDocument=document(scope(ids)))
    iam.attach_user_policy(UserName=USER, PolicyArn=made["Policy"]["Arn"])
    key = iam.create_access_key(UserName=USER)["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def _network(ec2: Any, ids: dict[str, str]) -> None:
    vpc = ids["vpc"] = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
    for name, number in (("", 1), ("foreign_", 2)):
        made = ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.0.{number}.0/24",
            AvailabilityZone=f"{REGION}a",
            TagSpecifications=tags("subnet", f"{name}pods", OWN),
        )
        ids[f"{name}subnet"] = made["Subnet"]["SubnetId"]
        group = ec2.create_security_group(VpcId=vpc, GroupName=f"{name}pods", Description="pods")
        ids[f"{name}group"] = group["GroupId"]


def _images(ec2: Any, ids: dict[str, str]) -> None:
    for name in ("image", "second_image", "foreign_image"):
        made = ec2.register_image(
            Name=f"own-{name}",
            BootMode="uefi",
            Architecture="x86_64",
            VirtualizationType="hvm",
            RootDeviceName="/dev/xvda",
        )
        ids[name] = made["ImageId"]
    stock = ec2.describe_images(Owners=[UBUNTU], Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"]
    ids["stock_image"] = stock[0]["ImageId"]


def _profiles(iam: Any, ids: dict[str, str]) -> None:
    iam.create_role(RoleName="node", AssumeRolePolicyDocument=TRUST)
    for name in ("node", "hollow"):
        iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    ids.update(profile="node", hollow_profile="hollow")


def _machines(ec2: Any, ids: dict[str, str]) -> None:
    for key, name, labels, subnet in (
        ("pod_vm", "podvm-web-0a1b2c3d", OWN, "subnet"),
        ("old_pod_vm", "podvm-old-0a1b2c3d", OWN, "subnet"),
        ("control_plane", "pods-control-plane", OWN, "foreign_subnet"),
        ("foreign_pod_vm", "podvm-web-11111111", OTHERS, "subnet"),
        ("foreign_stamp", "podvm-web-22222222", {**OWN, "confkube-proof": OTHERS["confkube-proof"]}, "subnet"),
        ("foreign_cluster", "podvm-web-33333333", {**OTHERS, "confkube-proof": OWN["confkube-proof"]}, "subnet"),
        ("unlabelled", "podvm-web-44444444", {}, "subnet"),
        ("named_like_address", "eip-i-00000000", OTHERS, "foreign_subnet"),
    ):
        made = ec2.run_instances(
            ImageId=ids["image"],
            InstanceType=TYPES[0],
            MinCount=1,
            MaxCount=1,
            SubnetId=ids[subnet],
            TagSpecifications=tags("instance", name, labels),
        )
        ids[key] = made["Instances"][0]["InstanceId"]
        ids[f"{key}_eni"] = made["Instances"][0]["NetworkInterfaces"][0]["NetworkInterfaceId"]


def _interfaces(ec2: Any, ids: dict[str, str]) -> None:
    for key, subnet, labels in (
        ("spare_eni", "subnet", {}),
        ("left_eni", "subnet", {}),
        ("second_eni", "subnet", {}),
        ("foreign_second_eni", "subnet", {}),
        ("control_plane_second_eni", "subnet", {}),
        ("foreign_eni", "foreign_subnet", OWN),
    ):
        made = ec2.create_network_interface(
            SubnetId=ids[subnet],
            Groups=[ids["group"]],
            TagSpecifications=tags("network-interface", f"nic-{ids['pod_vm']}", labels),
        )
        ids[key] = made["NetworkInterface"]["NetworkInterfaceId"]
    ec2.describe_instances()
    for eni, owner in (
        ("second_eni", "pod_vm"),
        ("foreign_second_eni", "foreign_pod_vm"),
        ("control_plane_second_eni", "control_plane"),
    ):
        made = ec2.attach_network_interface(InstanceId=ids[owner], NetworkInterfaceId=ids[eni], DeviceIndex=1)
        ids[f"{eni}_attachment"] = made["AttachmentId"]


def _addresses(ec2: Any, ids: dict[str, str]) -> None:
    for key, name, eni in (
        ("address", f"eip-{ids['pod_vm']}", None),
        ("used_address", f"eip-{ids['old_pod_vm']}", "old_pod_vm_eni"),
        ("foreign_used_address", f"eip-{ids['control_plane']}", "control_plane_eni"),
        ("foreign_address", "pods-edge", None),
        ("foreign_here_address", "pods-edge", "unlabelled_eni"),
    ):
        made = ec2.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip", name, {}))
        ids[key] = made["AllocationId"]
        if eni:
            bound = ec2.associate_address(AllocationId=ids[key], NetworkInterfaceId=ids[eni])
            ids[f"{key}_association"] = bound["AssociationId"]


def _volumes(ec2: Any, ids: dict[str, str]) -> None:
    for key, labels in (
        ("volume", OWN),
        ("foreign_volume", OTHERS),
        ("foreign_stamp_volume", {**OWN, "confkube-proof": OTHERS["confkube-proof"]}),
        ("foreign_cluster_volume", {**OTHERS, "confkube-proof": OWN["confkube-proof"]}),
        ("unlabelled_volume", {}),
    ):
        made = ec2.create_volume(
            AvailabilityZone=f"{REGION}a", Size=8, TagSpecifications=tags("volume", f"pvc-{key}", labels)
        )
        ids[key] = made["VolumeId"]
    ids["snapshot"] = ec2.create_snapshot(VolumeId=ids["foreign_volume"])["SnapshotId"]


def _elsewhere(ec2: Any, ids: dict[str, str]) -> None:
    """The same labels and names in another region: only the names of the policy's resources keep it out."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone=f"{ELSEWHERE}a")
    subnet = ids["elsewhere_subnet"] = made["Subnet"]["SubnetId"]
    stock = ec2.describe_images(Owners=[UBUNTU], Filters=[{"Name": "architecture", "Values": ["x86_64"]}])["Images"]
    ids["elsewhere_image"] = stock[0]["ImageId"]
    made = ec2.run_instances(
        ImageId=ids["elsewhere_image"],
        InstanceType=TYPES[0],
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        TagSpecifications=tags("instance", "podvm-web-0a1b2c3d", OWN),
    )
    ids["elsewhere_pod_vm"] = made["Instances"][0]["InstanceId"]
    made = ec2.create_volume(AvailabilityZone=f"{ELSEWHERE}a", Size=8, TagSpecifications=tags("volume", "pvc", OWN))
    ids["elsewhere_volume"] = made["VolumeId"]


def widened(iam: Any) -> None:
    """Give the user a second policy that allows everything, as an administrator in a hurry would."""
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName=USER, PolicyName="everything", PolicyDocument=json.dumps(everything))

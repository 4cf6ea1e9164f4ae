"""An IAM user with the policy of cloud-api-adaptor, through the official SDK, against a running daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import adaptor_cases
import adaptor_world
import boto3
import pytest
from adaptor_world import ELSEWHERE, OWN, USER, tags
from aws_client import ACCOUNT, REGION, Clients
from botocore.config import Config
from botocore.exceptions import ClientError
from fixture_world import TRUST

from confkube_sandbox.daemon import client
from confkube_sandbox.home import SandboxHome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ARN = f"arn:aws:iam::{ACCOUNT}:user/confkube/{USER}"


class World(NamedTuple):
    """The daemon with everything made, and clients of both sides."""

    ids: dict[str, str]
    admin: Clients
    key: dict[str, str]
    url: str

    def user(self, service: str = "ec2", region: str = REGION, **key: str) -> Any:
        """A client of the user, without its own checks and retries."""
        once = Config(parameter_validation=False, retries={"total_max_attempts": 1, "mode": "standard"})
        given: dict[str, Any] = {**self.key, **key}
        return boto3.client(service, region_name=region, endpoint_url=self.url, config=once, **given)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A daemon of the module's own; every test leaves it as it was."""
    yield from _running(tmp_path_factory.mktemp("users"))


@pytest.fixture
def fresh_world(tmp_path: Path) -> Iterator[World]:
    """A daemon of the test's own."""
    yield from _running(tmp_path)


def _running(folder: Path) -> Iterator[World]:
    daemon = client.ensure_running(SandboxHome(folder / "sandbox"))
    try:
        admin = Clients(daemon.token, daemon.url)
        ids = adaptor_world.build(admin, daemon.settings)
        yield World(ids, admin, adaptor_world.identity(admin.client("iam"), ids), daemon.url)
    finally:
        daemon.stop()


def refused(call: Callable[..., Any], **parameters: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


def send(made: Any, case: adaptor_cases.Case) -> Callable[..., Any]:
    methods = {operation: method for method, operation in made.meta.method_to_api_mapping.items()}
    return getattr(made, methods[case.operation])


def test_cases(fresh_world: World) -> None:
    """What is denied is denied with EC2's words, and then everything that is called succeeds."""
    world = fresh_world
    made = {region: world.user(region=region) for region in (REGION, ELSEWHERE)}
    for case in adaptor_cases.denied(world.ids):
        status, code, text = refused(send(made[case.region], case), **case.parameters)
        assert case.refused
        action, resource = case.refused
        assert (status, code) == (403, "UnauthorizedOperation"), case.name
        assert text.startswith(
            f"You are not authorized to perform this operation. User: {ARN} is not authorized to perform: {action}"
        ), case.name
        about = f" on resource: arn:aws:ec2:{case.region}:"
        assert (resource == "*" and "on resource" not in text) or f":{resource}" in text.partition(about)[2], case.name
    for case in adaptor_cases.allowed(world.ids):
        send(made[case.region], case)(**case.parameters)


def test_life_of_a_pod_vm(world: World) -> None:
    """What cloud-api-adaptor does from its start to the end of a pod, with each answer used in the next call."""
    ec2, ids, admin = world.user(), world.ids, world.admin.client("ec2")
    labelled = tags("volume", "pvc", OWN)
    volume = admin.create_volume(AvailabilityZone=f"{REGION}a", Size=8, TagSpecifications=labelled)["VolumeId"]
    device = ec2.describe_images(ImageIds=[ids["image"]])["Images"][0]["RootDeviceName"]
    assert ec2.describe_instance_types(InstanceTypes=[adaptor_world.TYPES[0]])["InstanceTypes"]
    assert ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "available"
    disk = [{"DeviceName": device, "Ebs": {"VolumeSize": 30}}]
    pod_vm = ec2.run_instances(**adaptor_cases.run(ids, BlockDeviceMappings=disk))["Instances"][0]["InstanceId"]
    ec2.get_waiter("instance_running").wait(InstanceIds=[pod_vm], WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    ec2.attach_volume(Device="/dev/xvdb", InstanceId=pod_vm, VolumeId=volume)
    attached = ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["Attachments"]
    assert attached[0]["State"] == "attached"
    interface = ec2.create_network_interface(
        SubnetId=ids["subnet"], Groups=[ids["group"]], TagSpecifications=tags("network-interface", f"nic-{pod_vm}", {})
    )["NetworkInterface"]["NetworkInterfaceId"]
    attachment = ec2.attach_network_interface(InstanceId=pod_vm, NetworkInterfaceId=interface, DeviceIndex=1)
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=interface,
        Attachment={"AttachmentId": attachment["AttachmentId"], "DeleteOnTermination": True},
    )
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip", f"eip-{pod_vm}", {}))
    ec2.associate_address(AllocationId=address["AllocationId"], AllowReassociation=True, NetworkInterfaceId=interface)
    shown = ec2.describe_addresses(Filters=[{"Name": "instance-id", "Values": [pod_vm]}])["Addresses"]
    assert [each["AllocationId"] for each in shown] == [address["AllocationId"]]
    ec2.disassociate_address(AssociationId=shown[0]["AssociationId"])
    ec2.release_address(AllocationId=address["AllocationId"])
    ec2.terminate_instances(InstanceIds=[pod_vm])
    # The interface goes with its instance, because it was told to.
    admin.describe_instances()
    left = admin.describe_network_interfaces()["NetworkInterfaces"]
    assert interface not in {each["NetworkInterfaceId"] for each in left}
    admin.delete_volume(VolumeId=volume)


def test_second_policy_does_not_open_what_is_denied(world: World) -> None:
    """The denials hold against a policy that allows everything; a role is then passed, and without it it is not."""
    iam, ec2, ids = world.admin.client("iam"), world.user(), world.ids
    adaptor_world.widened(iam)
    for parameters in (
        adaptor_cases.run(ids, without=("TagSpecifications",)),
        adaptor_cases.run(ids, InstanceType="c6a.large"),
        adaptor_cases.run(ids, TagSpecifications=tags("instance", "podvm-x", {"confkube-cluster": "other"})),
    ):
        _, code, text = refused(ec2.run_instances, **parameters)
        assert code == "UnauthorizedOperation"
        assert " with an explicit deny in an identity-based policy. Encoded authorization failure message: " in text
    assert refused(ec2.terminate_instances, InstanceIds=[ids["control_plane"]])[1] == "UnauthorizedOperation"
    ec2.run_instances(**adaptor_cases.run(ids, IamInstanceProfile={"Name": ids["profile"]}))
    only_ec2 = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ec2:*","Resource":"*"}]}'
    iam.put_user_policy(UserName=USER, PolicyName="everything", PolicyDocument=only_ec2)
    launch = adaptor_cases.run(ids, IamInstanceProfile={"Name": ids["profile"]})
    status, code, text = refused(ec2.run_instances, **launch)
    assert (status, code) == (403, "UnauthorizedOperation")
    role = f"arn:aws:iam::{ACCOUNT}:role/node"
    why = "because no identity-based policy allows the iam:PassRole action"
    assert f"is not authorized to perform: iam:PassRole on resource: {role} {why}. Encoded" in text
    iam.delete_user_policy(UserName=USER, PolicyName="everything")


def test_nothing_else(world: World) -> None:
    """Other operations and other services, each in its own words."""
    ec2, ids = world.user(), world.ids
    for operation, parameters in (
        (ec2.describe_vpcs, {}),
        (ec2.describe_network_interfaces, {}),
        (ec2.stop_instances, {"InstanceIds": [ids["pod_vm"]]}),
        (ec2.create_volume, {"AvailabilityZone": f"{REGION}a", "Size": 8}),
        (ec2.create_snapshot, {"VolumeId": ids["volume"]}),
        (ec2.detach_volume, {"VolumeId": ids["volume"]}),
        (ec2.delete_volume, {"VolumeId": ids["volume"]}),
        (ec2.create_vpc, {"CidrBlock": "10.9.0.0/16"}),
        (ec2.associate_iam_instance_profile, {"InstanceId": ids["pod_vm"], "IamInstanceProfile": {"Name": "node"}}),
    ):
        assert refused(operation, **parameters)[:2] == (403, "UnauthorizedOperation")
    for service, operation, parameters, answer in (
        ("iam", "create_user", {"UserName": "more"}, (403, "AccessDenied")),
        ("iam", "create_access_key", {"UserName": USER}, (403, "AccessDenied")),
        (
            "iam",
            "put_user_policy",
            {"UserName": USER, "PolicyName": "x", "PolicyDocument": "{}"},
            (403, "AccessDenied"),
        ),
        ("iam", "create_role", {"RoleName": "more", "AssumeRolePolicyDocument": TRUST}, (403, "AccessDenied")),
        ("autoscaling", "describe_auto_scaling_groups", {}, (403, "AccessDenied")),
        ("secretsmanager", "list_secrets", {}, (400, "AccessDeniedException")),
        ("secretsmanager", "get_secret_value", {"SecretId": "x"}, (400, "AccessDeniedException")),
    ):
        status, code, text = refused(getattr(world.user(service), operation), **parameters)
        assert (status, code) == answer
        assert text.startswith(f"User: {ARN} is not authorized to perform: {service}:")
    assert world.user("sts").get_caller_identity()["Arn"] == ARN


def test_dry_run_tells_what_would_be(world: World) -> None:
    """A dry run of what is denied is denied, and of what is allowed is called a dry run."""
    ec2, ids = world.user(), world.ids
    good, bad = {"InstanceIds": [ids["pod_vm"]]}, {"InstanceIds": [ids["control_plane"]]}
    assert refused(ec2.terminate_instances, DryRun=True, **good)[:2] == (412, "DryRunOperation")
    assert refused(ec2.terminate_instances, DryRun=True, **bad)[:2] == (403, "UnauthorizedOperation")


def test_token_of_another_opens_nothing(world: World) -> None:
    """A launch that the administrator has made under a client token is not shown to who may not make it."""
    launch = adaptor_cases.run(world.ids, ImageId=world.ids["foreign_image"], ClientToken="of-the-administrator")
    world.admin.client("ec2").run_instances(**launch)
    assert refused(world.user().run_instances, **launch)[1] == "UnauthorizedOperation"


def test_keys(world: World) -> None:
    """A key signs while it is active and its user is there, and only with its own secret."""
    iam, ids = world.admin.client("iam"), world.ids
    look = {"InstanceIds": [ids["pod_vm"]]}
    failure = (401, "AuthFailure")
    second = iam.create_access_key(UserName=USER)["AccessKey"]
    number, secret = second["AccessKeyId"], second["SecretAccessKey"]
    made = world.user(aws_access_key_id=number, aws_secret_access_key=secret)
    made.describe_instances(**look)
    for wrong in ("x" * 40, world.key["aws_secret_access_key"]):
        other = world.user(aws_access_key_id=number, aws_secret_access_key=wrong)
        assert refused(other.describe_instances, **look)[:2] == failure
    iam.update_access_key(UserName=USER, AccessKeyId=number, Status="Inactive")
    assert refused(made.describe_instances, **look)[:2] == failure
    iam.update_access_key(UserName=USER, AccessKeyId=number, Status="Active")
    made.describe_instances(**look)
    iam.delete_access_key(UserName=USER, AccessKeyId=number)
    assert refused(made.describe_instances, **look)[:2] == failure


def test_rights_follow_the_policy(world: World) -> None:
    """A policy that is taken away takes its rights at once; a user without one has none."""
    iam, ids = world.admin.client("iam"), world.ids
    look = {"InstanceIds": [ids["pod_vm"]]}
    policy = f"arn:aws:iam::{ACCOUNT}:policy/confkube/{USER}"
    iam.detach_user_policy(UserName=USER, PolicyArn=policy)
    status, code, text = refused(world.user().describe_instances, **look)
    why = "because no identity-based policy allows the ec2:DescribeInstances action"
    assert (status, code) == (403, "UnauthorizedOperation")
    assert text == (
        f"You are not authorized to perform this operation. User: {ARN} is not authorized to perform: "
        f"ec2:DescribeInstances {why}"
    )
    iam.attach_user_policy(UserName=USER, PolicyArn=policy)
    world.user().describe_instances(**look)


def test_conditions_that_are_not_simulated_are_denied(world: World) -> None:
    """A user with a policy that would allow everything from some addresses may do nothing here."""
    iam = world.admin.client("iam")
    iam.create_user(UserName="other")
    key = iam.create_access_key(UserName="other")["AccessKey"]
    made = world.user(aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    allow = '{"Effect":"Allow","Action":"*","Resource":"*"%s}'
    for condition, good in (("", True), (',"Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}', False)):
        text = f'{{"Version":"2012-10-17","Statement":[{allow % condition}]}}'
        iam.put_user_policy(UserName="other", PolicyName="some", PolicyDocument=text)
        if good:
            made.describe_instances()
        else:
            assert refused(made.describe_instances)[:2] == (403, "UnauthorizedOperation")

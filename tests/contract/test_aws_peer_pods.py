"""What cloud-api-adaptor gets on AWS."""

import json

import pulumi
import pytest
import recorder

from confkube.clouds.aws import AwsPlatform
from confkube.errors import Refusal
from confkube.platform import Image, PeerPodSpec, PodVms
from confkube.types import Tee

USER, KEY, POLICY = "aws:iam/user:User", "aws:iam/accessKey:AccessKey", "aws:iam/policy:Policy"
ATTACHED = "aws:iam/userPolicyAttachment:UserPolicyAttachment"
LABELS = {
    "confkube-cluster": "demo-0a1b2c3d",
    "confkube-expires": "2026-12-01",
    "confkube-owner": "me",
    "confkube-proof": "0123456789abcdef0123456789abcdef",
    "confkube-stack": "demo",
}
IMAGE = Image(image_id="ami-00000000000000001", root_device="/dev/xvda")
SNP = PodVms(tee=Tee.SNP, image=IMAGE, machine_types=("m6a.large", "m6a.xlarge"))


def access(*pods, disk_gib=20):
    """Ask the platform for the access; returns the recorder, the access itself, and its plain values."""
    kept = []

    def program():
        platform = AwsPlatform({"zone": "us-east-2a"}, "args.platform.aws")
        found = platform.peer_pods(
            "demo-pods",
            PeerPodSpec(
                cluster_id=LABELS["confkube-cluster"],
                labels=LABELS,
                pod_vms=pods or (SNP,),
                disk_gib=disk_gib,
                network_id="vpc-1",
                subnet_id="subnet-1",
                firewall_id="sg-1",
                token_key="-----BEGIN PUBLIC KEY-----",
                namespace="confidential-containers-system",
                service_accounts=("cloud-api-adaptor", "peerpodctrl-controller-manager"),
            ),
            pulumi.ResourceOptions(),
        )
        kept.append(found)
        return {"settings": pulumi.Output.all(**found.settings), "credentials": pulumi.Output.all(**found.credentials)}

    seen, values = recorder.run(program)
    return seen, kept[0], values


@pytest.fixture(scope="module")
def made():
    return access()


def test_the_settings_are_those_of_cloud_api_adaptor(made):
    _, found, values = made
    assert found.provider == "aws"
    assert values["settings"] == {
        "AWS_REGION": "us-east-2",
        "AWS_SG_IDS": "sg-1",
        "AWS_SUBNET_ID": "subnet-1",
        "DISABLECVM": "false",
        "PODVM_AMI_ID": "ami-00000000000000001",
        "PODVM_INSTANCE_TYPE": "m6a.large",
        "PODVM_INSTANCE_TYPES": "m6a.large,m6a.xlarge",
        "ROOT_VOLUME_SIZE": "20",
        "TAGS": ",".join(f"{key}={value}" for key, value in LABELS.items()),
        "USE_PODVM_LAUNCHTEMPLATE": "false",
        "USE_PUBLIC_IP": "false",
        "VXLAN_PORT": "9000",
    }
    assert "SSH_KP_NAME" not in values["settings"], "nobody logs in to a pod VM"


def test_the_key_is_a_secret_and_nowhere_else(made):
    seen, found, values = made
    assert values["credentials"] == {"AWS_ACCESS_KEY_ID": "demo-pods-adaptor_id", "AWS_SECRET_ACCESS_KEY": "hush"}
    assert "hush" not in str([values["settings"], [each.inputs for each in seen.registered]])
    secret = found.credentials["AWS_SECRET_ACCESS_KEY"]
    assert seen.named("demo-pods-adaptor", KEY) == {"user": "demo-pods-adaptor"}
    assert recorder.run(lambda: {"hidden": pulumi.Output.from_input(secret.is_secret())})[1] == {"hidden": True}


def test_the_user_has_one_policy_one_key_and_no_console(made):
    seen = made[0]
    user, policy = seen.named("demo-pods-adaptor", USER), seen.named("demo-pods-adaptor", POLICY)
    for each in (user, policy):
        assert each["path"] == "/confkube/"
        assert each["tags"].items() >= LABELS.items()
    attached = seen.named("demo-pods-adaptor", ATTACHED)
    assert attached == {"user": "demo-pods-adaptor", "policyArn": "arn:aws:test:::demo-pods-adaptor"}
    assert {each.typ for each in seen.registered} == {USER, POLICY, ATTACHED, KEY}
    assert seen.called == []


def test_the_policy_is_of_this_cluster_and_fits(made):
    text = made[0].named("demo-pods-adaptor", POLICY)["policy"]
    assert len(text) <= 6144
    for word in ("subnet/subnet-1", "security-group/sg-1", "image/ami-00000000000000001", "m6a.xlarge"):
        assert word in text
    for word in ("confkube-cluster", "confkube-proof"):
        assert LABELS[word] in text
    assert json.loads(text)["Version"] == "2012-10-17"


def test_what_must_go_last_is_named(made):
    kinds = {each.pulumi_resource_type for each in made[1].ready}
    assert kinds == {ATTACHED, KEY}


def test_an_image_of_ours_must_exist_first():
    def program():
        ours = pulumi.CustomResource("aws:ec2/ami:Ami", "mine", {})
        pods = PodVms(
            tee=Tee.SNP, image=Image(image_id=ours.id, root_device="x", resource=ours), machine_types=("m6a.large",)
        )
        platform = AwsPlatform({"zone": "us-east-2a"}, "args.platform.aws")
        found = platform.peer_pods(
            "demo-pods",
            PeerPodSpec(
                cluster_id="c",
                labels=LABELS,
                pod_vms=(pods,),
                disk_gib=20,
                network_id="v",
                subnet_id="s",
                firewall_id="f",
                token_key="k",
                namespace="n",
                service_accounts=(),
            ),
            pulumi.ResourceOptions(),
        )
        assert ours in found.ready
        return {}

    recorder.run(program)


@pytest.mark.parametrize(
    ("pods", "reason"),
    [
        (
            (PodVms(tee=Tee.TDX, image=IMAGE, machine_types=("m6a.large",)),),
            "aws has no tdx pod vm: aws offers no Intel TDX",
        ),
        (
            (SNP, PodVms(tee=Tee.TDX, image=IMAGE, machine_types=("m6a.large",))),
            "aws has no tdx pod vm",
        ),
        ((SNP, SNP), "aws has pod VMs with snp alone"),
        ((PodVms(tee=Tee.SNP, image=IMAGE, machine_types=()),), "snp with 0 sizes"),
        ((PodVms(tee=Tee.SNP, image=IMAGE, machine_types=("m7a.large",)),), "'m7a.large' has no snp; choose one of"),
        ((PodVms(tee=Tee.SNP, image=IMAGE, machine_types=("m6a.tiny",)),), "'m6a.tiny' is not known"),
        ((PodVms(tee=Tee.SNP, image=IMAGE, machine_types=("m6a.large",) * 300),), "6144 characters are the most"),
    ],
)
def test_other_pod_vms_are_refused(pods, reason):
    with pytest.raises(Refusal) as refused:
        access(*pods)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)

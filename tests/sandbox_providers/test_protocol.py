"""The process and the protocol, as the engine sees them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from driver import COMPONENTS, UNKNOWN, Engine, Refused, Resource, environment, start

VPC = "aws:ec2/vpc:Vpc"


def test_the_first_line_is_the_port_and_comes_soon(home):
    begin = time.monotonic()
    process = start("aws", home)
    port = process.stdout.readline()
    seconds = time.monotonic() - begin
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0
    assert port.strip().isdigit()
    # 0.3 s on the machine this was written on; generous, since test machines are shared.
    assert seconds < 6


def test_it_ends_when_its_parent_is_killed(home):
    script = (
        "import subprocess,sys,time;"
        "p=subprocess.Popen([sys.executable,'-m','confkube_sandbox.providers','aws','x'],stdout=subprocess.PIPE);"
        "p.stdout.readline();print(p.pid,flush=True);time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment(home))
    child = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait(timeout=10)
    for _ in range(100):
        if not _alive(child):
            return
        time.sleep(0.1)
    pytest.fail("the provider outlived its engine")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_it_loads_no_whole_sdk():
    code = (
        "import sys;from confkube_sandbox.providers import sdk;"
        "sdk.resource_shape('pulumi_aws','aws:ec2/instance:Instance');"
        "print(sum('pulumi_aws' in name for name in sys.modules),'pulumi_aws' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(COMPONENTS)},
    )
    modules, whole = done.stdout.split()
    assert int(modules) < 12
    assert whole == "False"


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"cidr": "10.0.0.0/16", "cidrBlock": "10.0.0.0/16"}, 'an unexpected argument "cidr" was provided'),
        ({"cidrBlock": {"a": 1}}, "expected string type, got a value of type object. Examine values at 'v.cidrBlock'."),
        (
            {"cidrBlock": "10.0.0.0/16", "enableDnsSupport": "maybe"},
            "expected boolean type, got a value of type string",
        ),
        ({"cidrBlock": "10.0.0.0/16", "tags": ["a"]}, "expected object type, got a value of type []"),
        ({"cidrBlock": "10.0.0.0/16", "instanceTenancy": "nope"}, 'to be one of ["default" "dedicated"], got nope'),
        ({}, "one of `cidr_block,ipv4_ipam_pool_id` must be specified"),
        ({"cidrBlock": "10.0.0.0/16", "ipv4NetmaskLength": 24}, "the sandbox does not simulate"),
    ],
)
def test_check_refuses(aws, inputs, text):
    with pytest.raises(Refused) as refused:
        aws.check(VPC, "v", inputs)
    assert any(text in reason for reason in refused.value.failures), refused.value.failures


def test_check_refuses_nested_and_missing(aws):
    with pytest.raises(Refused) as refused:
        aws.check(
            "aws:ec2/launchTemplate:LaunchTemplate",
            "t",
            {
                "cpuOptions": {"amdSevSnpp": "enabled", "coreCount": "many"},
                "blockDeviceMappings": [{"ebs": {"volumeSize": [1]}}],
            },
        )
    assert {reason.split(". Examine")[0] for reason in refused.value.failures} == {
        'an unexpected argument "amdSevSnpp" was provided',
        "expected integer type, got a value of type string",
        "expected integer type, got a value of type []",
    }
    with pytest.raises(Refused, match="Missing required property 'vpcId'"):
        aws.check("aws:ec2/subnet:Subnet", "s", {"cidrBlock": "10.0.0.0/24"})


def test_check_converts_as_the_bridge_does(aws):
    checked = aws.check(VPC, "v", {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": "true", "tags": {"n": 1}})
    assert checked["enableDnsHostnames"] is True
    assert checked["tags"] == {"n": "1"}
    assert checked["instanceTenancy"] == "default"
    assert checked["__defaults"] == ["enableDnsSupport", "instanceTenancy"]


def test_unknown_types_and_functions_are_refused(aws):
    with pytest.raises(Refused, match=r"unrecognized resource type \(Check\): aws:s3/bucket:Bucket"):
        aws.check("aws:s3/bucket:Bucket", "b", {})
    with pytest.raises(Refused, match=r"unrecognized data function \(Invoke\): aws:s3/getBucket:getBucket"):
        aws.invoke("aws:s3/getBucket:getBucket", {})
    with pytest.raises(Refused, match="unexpected argument"):
        aws.invoke("aws:ec2/getAmi:getAmi", {"name": "x"})


def test_a_preview_makes_nothing_and_says_what_is_unknown(aws, cloud):
    before = cloud.inventory()
    outputs = aws.preview(VPC, "v", {"cidrBlock": UNKNOWN, "tags": {"a": UNKNOWN}})
    assert cloud.inventory() == before
    assert outputs["cidrBlock"] == UNKNOWN
    assert outputs["arn"] == outputs["tagsAll"] == outputs["mainRouteTableId"] == UNKNOWN
    assert outputs["instanceTenancy"] == "default"


def test_names_are_generated_once(aws):
    token = "aws:iam/role:Role"
    inputs = {"assumeRolePolicy": "{}"}
    first = aws.check(token, "node", inputs)
    assert first["name"].startswith("node-")
    assert len(first["name"]) == len("node-") + 7
    assert "name" in first["__defaults"]
    assert aws.check(token, "node", inputs, first)["name"] == first["name"]
    assert aws.check(token, "node", {**inputs, "name": "mine"}, first)["name"] == "mine"
    assert "name" not in aws.check(token, "node", {**inputs, "name": "mine"}, first)["__defaults"]
    assert len(aws.check(token, "n" * 90, inputs)["name"]) == 64


def test_default_tags_of_the_provider_reach_every_resource(home, cloud):
    engine = Engine("aws", home, {"region": "us-east-2", "defaultTags": '{"tags":{"owner":"me","a":"0"}}'}).configure()
    vpc = engine.create(VPC, "v", {"cidrBlock": "10.0.0.0/16", "tags": {"a": "1"}})
    assert vpc.outputs["tagsAll"] == {"owner": "me", "a": "1"}
    engine.delete(vpc)
    assert engine.stop() == 0


def test_the_region_comes_from_resource_then_provider_and_must_exist(home, cloud):
    engine = Engine("aws", home, {}).configure()
    with pytest.raises(Refused, match="missing region"):
        engine.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    vpc = engine.create(VPC, "v", {"cidrBlock": "10.0.0.0/16", "region": "eu-west-1"})
    assert vpc.outputs["region"] == "eu-west-1"
    assert ":eu-west-1:" in vpc.outputs["arn"]
    engine.delete(vpc)
    assert engine.stop() == 0


def test_unknown_settings_are_refused(home):
    engine = Engine("aws", home, {"regionn": "us-east-2"})
    with pytest.raises(Refused, match="`aws:regionn` is not a valid configuration key for the aws provider"):
        engine.configure()
    engine.stop()


def test_another_account_is_another_world(home, cloud):
    secret = home.aws_credentials.read_text().split("aws_secret_access_key")[1].split("\n")[0].strip(" =")
    keys = {"accessKey": "CFKSIM11112222333300", "secretKey": secret}
    engine = Engine("aws", home, {"region": "us-east-2", **keys}).configure()
    assert engine.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})["accountId"] == "111122223333"
    engine.stop()


def test_gone_objects_are_read_as_gone(aws):
    gone = Resource(VPC, "v", "vpc-0123456789abcdef0", {"cidrBlock": "10.0.0.0/16"}, {})
    assert aws.read(gone) is None
    aws.delete(gone)

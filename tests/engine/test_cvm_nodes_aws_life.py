"""The whole life of cvm-nodes-aws-snp on the real engine: each step touches what it should and nothing else.

The tests of this module run in order and share one stack; each starts where the one before ended.
"""

import base64
import copy
import gzip
import json
import os
import re
import signal
from datetime import timedelta

import pytest
from pulumi import automation as auto

from confkube_sandbox import clock
from confkube_sandbox.daemon.client import ensure_running

NAME = "cvm-nodes-aws-snp"
RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


@pytest.fixture(scope="module")
def config(committed_config):
    return committed_config(NAME)


@pytest.fixture(scope="module")
def stack(stack_in, config):
    return stack_in(NAME, config)


@pytest.fixture(scope="module")
def before(stack):
    return stack.inventory()


def with_args(config, **changes):
    changed = copy.deepcopy(config)
    changed["confkube:args"].update(changes)
    return changed


LATER = {"pools": [{"name": "workers", "count": 3}], "addresses": {"services": "10.97.0.0/16"}}
"""What the stack is asked for in the later part of its life."""


def test_preview_creates_nothing(stack, before):
    planned = stack.preview()
    assert set(planned.changed) == {"create"}
    assert len(planned.changed["create"]) > 60
    assert stack.inventory() == before


def test_up_brings_the_cluster_up(stack, before):
    made = stack.up()
    assert set(made.changed) == {"create"}
    assert made.outputs["world"] == "sandbox"
    assert made.outputs["account"] == stack.account
    assert made.outputs["expires_at"] == "never"
    assert json.loads(made.outputs["kubeconfig"])["kind"] == "Config"
    assert "not confidentiality" in made.outputs["attestation"]
    assert "tunnel" in made.outputs["access"]
    assert set(stack.inventory()) > set(before)


def test_what_is_live_is_what_was_promised(stack):
    ec2 = stack.boto("ec2")
    instances = [
        instance
        for reservation in ec2.describe_instances()["Reservations"]
        for instance in reservation["Instances"]
        if instance["State"]["Name"] == "running"
    ]
    assert len(instances) == 4
    by_name = {}
    for instance in instances:
        tags = {tag["Key"]: tag["Value"] for tag in instance["Tags"]}
        by_name.setdefault(tags["Name"], []).append(instance)
        assert {"confkube-cluster", "confkube-stack", "confkube-owner", "confkube-expires", "confkube-proof"} <= set(
            tags
        )
        assert instance["BootMode"] in ("uefi", "uefi-preferred")
        options = instance["MetadataOptions"]
        assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 1)
        assert "PublicIpAddress" not in instance
        for mapping in instance["BlockDeviceMappings"]:
            (volume,) = ec2.describe_volumes(VolumeIds=[mapping["Ebs"]["VolumeId"]])["Volumes"]
            assert volume["Encrypted"]
            assert "confkube-proof" in {tag["Key"] for tag in volume["Tags"]}
        for interface in instance["NetworkInterfaces"]:
            (found,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface["NetworkInterfaceId"]])[
                "NetworkInterfaces"
            ]
            assert "confkube-proof" in {tag["Key"] for tag in found["TagSet"]}
    assert {name: len(found) for name, found in by_name.items()} == {
        f"{NAME}-control-plane": 1,
        f"{NAME}-trust": 1,
        f"{NAME}-workers": 2,
    }
    for name, found in by_name.items():
        for instance in found:
            snp = instance.get("CpuOptions", {}).get("AmdSevSnp")
            assert snp == (None if name.endswith("control-plane") else "enabled"), name


def test_nothing_is_open_to_the_world(stack):
    for group in stack.boto("ec2").describe_security_groups()["SecurityGroups"]:
        for permission in group["IpPermissions"]:
            assert not [one for one in permission["IpRanges"] if one["CidrIp"] == "0.0.0.0/0"]


def user_data_of(stack):
    ec2 = stack.boto("ec2")
    for reservation in ec2.describe_instances()["Reservations"]:
        for instance in reservation["Instances"]:
            found = ec2.describe_instance_attribute(InstanceId=instance["InstanceId"], Attribute="userData")
            raw = base64.b64decode(found["UserData"]["Value"])
            yield (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()


def test_no_private_key_in_user_data_nor_plain_in_the_state(stack):
    texts = list(user_data_of(stack))
    assert texts
    assert not [text for text in texts if re.search(r"-----BEGIN [A-Z ]*PRIVATE KEY", text)]
    state = json.dumps(stack.state())
    assert "PRIVATE KEY" not in state
    assert "BEGIN CERTIFICATE" in state


def test_the_control_planes_secret_is_in_the_store(stack):
    store = stack.boto("secretsmanager")
    (entry,) = store.list_secrets()["SecretList"]
    document = json.loads(store.get_secret_value(SecretId=entry["ARN"])["SecretString"])
    assert "PRIVATE KEY" in document["ca.key"]
    assert re.fullmatch(r"[a-z0-9]{6}\.[a-z0-9]{16}", document["token"])


def test_each_machine_may_do_what_it_needs_and_nothing_else(stack):
    iam = stack.boto("iam")
    (entry,) = stack.boto("secretsmanager").list_secrets()["SecretList"]
    granted = {}
    for role in iam.list_roles()["Roles"]:
        (name,) = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
        document = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"]
        tier = role["RoleName"].removeprefix(f"{NAME}-").rsplit("-identity", 1)[0]
        granted[tier] = {each["Sid"]: each["Resource"] for each in document["Statement"]}
    assert granted == {
        "control-plane": {"OwnSecret": entry["ARN"], "Session": "*"},
        "trust": {"InspectMachines": "*", "Session": "*"},
    }


def test_second_up_changes_nothing(stack):
    assert stack.up().changed == {}


def test_a_killed_daemon_forgets_nothing(stack, sandbox):
    inventory = stack.inventory()
    os.kill(stack.client.pid, signal.SIGKILL)
    stack.client = ensure_running(sandbox)
    assert stack.inventory() == inventory
    assert stack.up().changed == {}


def test_a_year_later_up_changes_nothing(stack, sandbox):
    clock.advance(sandbox, timedelta(days=365))
    try:
        assert stack.up().changed == {}
    finally:
        clock.reset(sandbox)


def test_refresh_changes_nothing(stack):
    assert stack.refresh().changed == {}
    assert stack.up().changed == {}


def test_drift_is_seen_and_mended(stack):
    ec2 = stack.boto("ec2")
    (group,) = ec2.describe_security_groups(Filters=[{"Name": "tag:Name", "Values": [f"{NAME}-network-workers"]}])[
        "SecurityGroups"
    ]
    (rule,) = [
        rule
        for rule in ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}])[
            "SecurityGroupRules"
        ]
        if rule.get("FromPort") == 10250 and rule["Description"] == "logs, exec and metrics"
    ]
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    stack.boto("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=stack.boto("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0][
            "AutoScalingGroupName"
        ],
        DesiredCapacity=2,
        MaxSize=5,
    )
    gone = f"{RULE} {NAME}-network-workers-kubelet-from-control-plane"
    changed = f"aws:autoscaling/group:Group {NAME}-workers"
    assert stack.refresh().changed == {"drift": {gone, changed}}
    assert stack.up().changed == {"create": {gone}, "update": {changed}}


def test_count_changes_the_group_alone(stack, config):
    stack.configure(with_args(config, pools=[{"name": "workers", "count": 3}]))
    assert stack.up().changed == {"update": {f"aws:autoscaling/group:Group {NAME}-workers"}}


def test_a_further_pool_is_added_beside_the_first(stack, config):
    stack.configure(
        with_args(config, pools=[{"name": "workers", "count": 3}, {"name": "big", "machine_type": "c6a.xlarge"}])
    )
    assert stack.up().changed == {
        "create": {
            f"confkube:index:Workers {NAME}-big",
            f"aws:ec2/launchTemplate:LaunchTemplate {NAME}-big",
            f"aws:autoscaling/group:Group {NAME}-big",
        }
    }


def test_removing_the_pool_removes_only_the_pool(stack, config):
    stack.configure(with_args(config, pools=[{"name": "workers", "count": 3}]))
    assert set(stack.up().changed) == {"delete"}


def test_changed_boot_text_leaves_the_control_plane_alone_and_says_so(stack, config):
    control_plane = running(stack, f"{NAME}-control-plane")
    stack.configure(with_args(config, **LATER))
    done = stack.up()
    assert done.changed == {}
    assert running(stack, f"{NAME}-control-plane") == control_plane
    (notice,) = [message for message in done.messages if "boot text" in message]
    assert "the running machine is kept" in notice
    assert "pulumi up --replace 'urn:pulumi:" in notice


def test_the_command_that_it_says_replaces_the_control_plane(stack, config):
    (before,) = running(stack, f"{NAME}-control-plane")
    done = stack.up(replace=[urn_of(stack, f"aws:ec2/instance:Instance::{NAME}-control-plane")])
    assert not [message for message in done.messages if "boot text" in message]
    (after,) = running(stack, f"{NAME}-control-plane")
    assert after[0] != before[0]
    assert any("10.97.0.0/16" in text for text in user_data_of(stack))
    assert stack.up().changed == {}


def urn_of(stack, ending):
    (urn,) = (each["urn"] for each in stack.state()["resources"] if each["urn"].endswith(ending))
    return urn


def running(stack, name):
    found = stack.boto("ec2").describe_instances(
        Filters=[{"Name": "tag:Name", "Values": [name]}, {"Name": "instance-state-name", "Values": ["running"]}]
    )
    return [(one["InstanceId"], one["LaunchTime"]) for each in found["Reservations"] for one in each["Instances"]]


def test_opening_the_api_leaves_the_machines_alone(stack, config):
    machines = running(stack, f"{NAME}-*")
    stack.configure(with_args(config, **LATER, admin_cidrs=["203.0.113.0/24"]))
    opened = stack.up()
    assert opened.changed == {
        "create": {
            f"aws:ec2/eip:Eip {NAME}-control-plane-address",
            f"aws:ec2/eipAssociation:EipAssociation {NAME}-control-plane-address",
            f"{RULE} {NAME}-network-control-plane-api-from-203-0-113-0-24",
        },
        "update": {f"aws:ec2/route:Route {NAME}-network-control-plane-out"},
    }
    assert running(stack, f"{NAME}-*") == machines
    assert not [message for message in opened.messages if "boot text" in message]
    assert not opened.outputs["endpoint"].startswith("10.")


def test_wrong_arguments_are_one_line_and_change_nothing(stack, config):
    inventory = stack.inventory()
    stack.configure(with_args(config, pools=[{"name": "workers", "count": 0}]))
    with pytest.raises(auto.CommandError) as failed:
        stack.up()
    assert "args.pools[0].count: 0 is too small; use 1 or more" in str(failed.value)
    assert "Traceback" not in str(failed.value)
    assert stack.inventory() == inventory


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"platform": {"aws": {"zone": "us-east-2b"}}}, "its zone is us-east-2a and cannot become us-east-2b"),
        ({"addresses": {"cidr": "10.30.0.0/16"}}, "its cidr is 10.20.0.0/16 and cannot become 10.30.0.0/16"),
    ],
)
def test_a_cluster_cannot_move(stack, config, change, sentence):
    stack.configure(with_args(config, **change))
    with pytest.raises(auto.CommandError, match=sentence) as failed:
        stack.preview()
    assert "Traceback" not in str(failed.value)


def test_another_account_is_refused(stack, config):
    stack.configure(with_args(config, **LATER, admin_cidrs=["203.0.113.0/24"]))
    mine = stack.stack.workspace.env_vars["AWS_ACCESS_KEY_ID"]
    stack.stack.workspace.env_vars["AWS_ACCESS_KEY_ID"] = "CFKSIM00000000999900"
    try:
        with pytest.raises(auto.CommandError, match="lives in the sandbox account") as failed:
            stack.up()
        assert "Traceback" not in str(failed.value)
    finally:
        stack.stack.workspace.env_vars["AWS_ACCESS_KEY_ID"] = mine


def test_destroy_leaves_what_was_there_before(stack, before):
    stack.destroy()
    assert stack.inventory() == before
    assert "resources" not in stack.state() or not stack.state()["resources"]

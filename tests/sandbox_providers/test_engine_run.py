"""A program under the real engine against the simulated cloud, through its whole life."""

from __future__ import annotations

import base64
import json
import os
import re
import sys

import pytest
import real_engine
from driver import COMPONENTS
from engine_events import changes
from world import IMAGE, POLICY, TAGS, TRUST


class Program:
    """An inline program whose settings the test changes between two updates."""

    def __init__(self) -> None:
        self.user_data = "#!/bin/sh\necho 1"
        self.instance_type = "m6a.2xlarge"
        self.desired = 2
        self.template_data = "one-in-template"
        self.secret = "hush-hush-hush"
        self.description = "nodes"
        self.cidr = "10.0.1.0/24"

    def __call__(self) -> None:
        import pulumi
        import pulumi_aws as aws

        vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", enable_dns_hostnames=True, tags=TAGS)
        subnet = aws.ec2.Subnet(
            "subnet", vpc_id=vpc.id, cidr_block=self.cidr, availability_zone="us-east-2a", tags=TAGS
        )
        group = aws.ec2.SecurityGroup("nodes", vpc_id=vpc.id, description=self.description, tags=TAGS)
        aws.vpc.SecurityGroupIngressRule(
            "api", security_group_id=group.id, ip_protocol="tcp", from_port=6443, to_port=6443, cidr_ipv4="10.0.0.0/16"
        )
        named = aws.ec2.GetAmiFilterArgs(name="name", values=[IMAGE])
        image = aws.ec2.get_ami_output(owners=["099720109477"], filters=[named])
        role = aws.iam.Role("role", assume_role_policy=json.dumps(TRUST), tags=TAGS)
        aws.iam.RolePolicy("policy", role=role.id, policy=json.dumps(POLICY))
        profile = aws.iam.InstanceProfile("profile", role=role.name, tags=TAGS)
        secret = aws.secretsmanager.Secret("secret", recovery_window_in_days=0, tags=TAGS)
        version = aws.secretsmanager.SecretVersion("version", secret_id=secret.id, secret_string=self.secret)
        machine = aws.ec2.Instance(
            "machine",
            ami=image.id,
            instance_type=self.instance_type,
            subnet_id=subnet.id,
            vpc_security_group_ids=[group.id],
            private_ip="10.0.1.10",
            iam_instance_profile=profile.name,
            user_data=self.user_data,
            metadata_options=aws.ec2.InstanceMetadataOptionsArgs(http_tokens="required", http_put_response_hop_limit=1),
            root_block_device=aws.ec2.InstanceRootBlockDeviceArgs(encrypted=True, volume_size=30, volume_type="gp3"),
            tags=TAGS,
        )
        data = pulumi.Output.secret(base64.b64encode(self.template_data.encode()).decode())
        template = aws.ec2.LaunchTemplate(
            "template",
            image_id=image.id,
            instance_type="m6a.large",
            user_data=data,
            cpu_options=aws.ec2.LaunchTemplateCpuOptionsArgs(amd_sev_snp="enabled"),
            update_default_version=True,
            vpc_security_group_ids=[group.id],
            tags=TAGS,
        )
        aws.autoscaling.Group(
            "pool",
            min_size=1,
            max_size=4,
            desired_capacity=self.desired,
            vpc_zone_identifiers=[subnet.id],
            force_delete=True,
            launch_template=aws.autoscaling.GroupLaunchTemplateArgs(
                id=template.id, version=template.latest_version.apply(str)
            ),
        )
        pulumi.export("address", machine.private_ip)
        pulumi.export("secret", secret.arn)
        pulumi.export("version_of", version.secret_arn)


@pytest.fixture(scope="module")
def stack(home):
    from pulumi import automation as auto

    plugin = home.pulumi_home / "plugins" / "resource-aws-v7.51.1" / "pulumi-resource-aws"
    plugin.parent.mkdir(parents=True, exist_ok=True)
    plugin.write_text(
        f'#!/bin/sh\nPYTHONPATH={COMPONENTS} exec {sys.executable} -m confkube_sandbox.providers aws "$@"\n'
    )
    plugin.chmod(0o755)
    program = Program()
    with pytest.MonkeyPatch.context() as patch:
        for name in home.misleading(os.environ):
            patch.delenv(name)
        for name, value in home.environment().items():
            patch.setenv(name, value)
        options = auto.LocalWorkspaceOptions(
            pulumi_command=real_engine.command(), env_vars={**os.environ, "NO_COLOR": "1"}
        )
        made = auto.create_or_select_stack("dev", project_name="providers", program=program, opts=options)
        made.set_config("aws:region", auto.ConfigValue("us-east-2"))
        made.test_program = program
        yield made
        made.workspace.remove_stack("dev", force=True)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"user_data": "x" * 17000}, "expected length of user_data to be in the range"),
        ({"cidr": "banana"}, '"banana" is not a valid CIDR block: invalid CIDR address: banana'),
    ],
)
def test_a_refused_resource_is_refused_before_anything_is_made(stack, cloud, monkeypatch, settings, text):
    from pulumi.automation.errors import CommandError

    before = cloud.inventory()
    for name, value in settings.items():
        monkeypatch.setattr(stack.test_program, name, value)
    with pytest.raises(CommandError, match=re.escape(text)):
        stack.preview()
    assert cloud.inventory() == before


def test_a_whole_life(stack, cloud, home, boto):
    before, program = cloud.inventory(), stack.test_program
    assert set(changes(stack.preview)) > {"vpc", "machine", "pool"}
    assert cloud.inventory() == before

    outputs = stack.up().outputs
    assert outputs["address"].value == "10.0.1.10"
    assert outputs["version_of"].value == outputs["secret"].value
    assert changes(stack.up, refresh=True) == {}
    state = "".join(file.read_text() for file in home.state.rglob("*.json"))
    assert program.secret not in state
    assert base64.b64encode(program.template_data.encode()).decode() not in state

    program.template_data = "two"
    assert changes(stack.preview) == {"template": ["update"], "pool": ["update"]}
    program.instance_type, program.user_data = "m6a.4xlarge", "#!/bin/sh\necho 2"
    program.desired, program.secret = 3, "other"
    assert changes(stack.up) == {
        "machine": ["update"],
        "template": ["update"],
        "pool": ["update"],
        "version": ["create-replacement", "replace", "delete-replaced"],
    }
    ec2 = boto("ec2")
    machine = ec2.describe_instances(Filters=[{"Name": "private-ip-address", "Values": ["10.0.1.10"]}])
    live = machine["Reservations"][0]["Instances"][0]
    assert live["InstanceType"] == "m6a.4xlarge"
    data = ec2.describe_instance_attribute(InstanceId=live["InstanceId"], Attribute="userData")["UserData"]["Value"]
    assert base64.b64decode(data).decode() == program.user_data
    (group,) = boto("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    assert (group["DesiredCapacity"], len(group["Instances"])) == (3, 3)

    ec2.create_tags(Resources=[live["InstanceId"]], Tags=[{"Key": "drift", "Value": "1"}])
    assert changes(stack.up, refresh=True) == {"machine": ["update"]}
    assert changes(stack.up, refresh=True) == {}

    stack.destroy()
    assert cloud.inventory() == before

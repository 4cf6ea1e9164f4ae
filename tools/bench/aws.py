"""The resources of cvm-nodes-aws-snp in one flat program, written by hand: what confkube is measured against."""

import base64
import json

import pulumi
import pulumi_aws as aws
from keys import BOOT, keys, labels, suffix

REGION, ZONE, NAME = "us-east-2", "us-east-2a", "bench"
TIERS = {
    "edge": "10.20.255.240/28",
    "control-plane": "10.20.128.0/20",
    "workers": "10.20.0.0/17",
    "trust": "10.20.144.0/20",
}
OPENINGS = [
    ("control-plane", "workers", "tcp", 6443, 6443),
    ("workers", "control-plane", "tcp", 10250, 10250),
    ("trust", "workers", "tcp", 8081, 8081),
    *(
        (tier, source, protocol, first, last)
        for tier, source in (("control-plane", "workers"), ("workers", "control-plane"), ("workers", "workers"))
        for protocol, first, last in (("udp", 8472, 8472), ("udp", 51871, 51871), ("tcp", 4240, 4240), ("icmp", 8, 0))
    ),
]
ASSUME = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def encoded(text: str) -> str:
    """Base64, as user data travels."""
    return base64.b64encode(text.encode()).decode()


caller = aws.get_caller_identity()
image = aws.ec2.get_ami(
    owners=["099720109477"],
    filters=[
        {"name": "name", "values": ["ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260923"]},
        {"name": "architecture", "values": ["x86_64"]},
    ],
    region=REGION,
)
tags = labels(NAME).apply(lambda found: {**found, "Name": NAME})

vpc = aws.ec2.Vpc(
    "vpc", cidr_block="10.20.0.0/16", enable_dns_hostnames=True, enable_dns_support=True, region=REGION, tags=tags
)
internet = aws.ec2.InternetGateway("internet", vpc_id=vpc.id, region=REGION, tags=tags)
subnets, tables, groups, ready = {}, {}, {}, []
for tier, cidr in TIERS.items():
    subnets[tier] = aws.ec2.Subnet(
        tier, vpc_id=vpc.id, cidr_block=cidr, availability_zone=ZONE, region=REGION, tags=tags
    )
    tables[tier] = aws.ec2.RouteTable(tier, vpc_id=vpc.id, region=REGION, tags=tags)
    aws.ec2.RouteTableAssociation(tier, route_table_id=tables[tier].id, subnet_id=subnets[tier].id, region=REGION)
out = aws.ec2.Route(
    "edge", route_table_id=tables["edge"].id, destination_cidr_block="0.0.0.0/0", gateway_id=internet.id, region=REGION
)
address = aws.ec2.Eip(
    "edge", domain="vpc", region=REGION, tags=tags, opts=pulumi.ResourceOptions(depends_on=[internet])
)
nat = aws.ec2.NatGateway(
    "nat",
    allocation_id=address.allocation_id,
    subnet_id=subnets["edge"].id,
    region=REGION,
    tags=tags,
    opts=pulumi.ResourceOptions(depends_on=[out]),
)
for tier in ("control-plane", "workers", "trust"):
    groups[tier] = aws.ec2.SecurityGroup(
        tier, description=tier, vpc_id=vpc.id, revoke_rules_on_delete=True, region=REGION, tags=tags
    )
    ready.append(
        aws.ec2.Route(
            tier,
            route_table_id=tables[tier].id,
            destination_cidr_block="0.0.0.0/0",
            nat_gateway_id=nat.id,
            region=REGION,
        )
    )
    ready.append(
        aws.vpc.SecurityGroupEgressRule(
            tier, security_group_id=groups[tier].id, ip_protocol="-1", cidr_ipv4="0.0.0.0/0", region=REGION, tags=tags
        )
    )
for number, (tier, source, protocol, first, last) in enumerate(OPENINGS):
    aws.vpc.SecurityGroupIngressRule(
        f"rule-{number}",
        security_group_id=groups[tier].id,
        ip_protocol=protocol,
        from_port=first,
        to_port=last,
        referenced_security_group_id=groups[source].id,
        region=REGION,
        tags=tags,
    )

secret = aws.secretsmanager.Secret(
    "secret", name=suffix.hex.apply(lambda found: f"bench/{found}"), recovery_window_in_days=0, region=REGION, tags=tags
)
version = aws.secretsmanager.SecretVersion(
    "secret", secret_id=secret.id, secret_string=keys["ca"].private_key_pem, region=REGION
)
METADATA = {"http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1}
for name, size, snp in (("control-plane", "m6a.2xlarge", False), ("trust", "m6a.large", True)):
    role = aws.iam.Role(f"{name}-identity", assume_role_policy=json.dumps(ASSUME), tags=tags)
    statement = {"Effect": "Allow", "Action": ["ec2:DescribeInstances"], "Resource": "*"}
    policy = aws.iam.RolePolicy(
        f"{name}-identity", role=role.id, policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    profile = aws.iam.InstanceProfile(f"{name}-identity", role=role.name, tags=tags)
    interface = aws.ec2.NetworkInterface(
        name,
        subnet_id=subnets[name].id,
        private_ips=["10.20.128.10" if name == "control-plane" else "10.20.144.10"],
        security_groups=[groups[name].id],
        region=REGION,
        tags=tags,
    )
    aws.ec2.Instance(
        name,
        ami=image.id,
        instance_type=size,
        cpu_options={"amd_sev_snp": "enabled"} if snp else None,
        primary_network_interface={"network_interface_id": interface.id},
        iam_instance_profile=profile.name,
        metadata_options={**METADATA, "instance_metadata_tags": "disabled"},
        root_block_device={
            "encrypted": True,
            "volume_type": "gp3",
            "volume_size": 50,
            "delete_on_termination": True,
            "tags": tags,
        },
        user_data_base64=encoded(BOOT),
        region=REGION,
        tags=tags,
        opts=pulumi.ResourceOptions(depends_on=[*ready, policy, version]),
    )
template = aws.ec2.LaunchTemplate(
    "workers",
    image_id=image.id,
    instance_type="m6a.large",
    cpu_options={"amd_sev_snp": "enabled"},
    metadata_options={**METADATA, "instance_metadata_tags": "disabled"},
    block_device_mappings=[
        {
            "device_name": "/dev/sda1",
            "ebs": {
                "encrypted": "true",
                "volume_type": "gp3",
                "volume_size": 50,
                "delete_on_termination": "true",
            },
        }
    ],
    network_interfaces=[
        {
            "device_index": 0,
            "security_groups": [groups["workers"].id],
            "associate_public_ip_address": "false",
            "delete_on_termination": "true",
        }
    ],
    tag_specifications=[{"resource_type": kind, "tags": tags} for kind in ("instance", "volume", "network-interface")],
    user_data=encoded(BOOT),
    update_default_version=True,
    region=REGION,
    tags=tags,
)
aws.autoscaling.Group(
    "workers",
    min_size=2,
    max_size=2,
    desired_capacity=2,
    vpc_zone_identifiers=[subnets["workers"].id],
    launch_template={"id": template.id, "version": template.latest_version.apply(lambda found: str(int(found)))},
    health_check_type="EC2",
    force_delete=True,
    region=REGION,
    tags=tags.apply(
        lambda found: [{"key": key, "value": value, "propagate_at_launch": True} for key, value in found.items()]
    ),
    opts=pulumi.ResourceOptions(depends_on=ready),
)
pulumi.export("account", caller.account_id)

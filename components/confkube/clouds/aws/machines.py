"""Single machines as EC2 instances with an interface of their own, pools as Auto Scaling groups."""

import base64
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from confkube.bootstrap.document import carried, read_back
from confkube.clouds.aws import identity
from confkube.clouds.aws.confidential import cpu_options
from confkube.clouds.aws.labels import tags
from confkube.names import digest
from confkube.platform import Group, Machines, MachineSpec, Single

_TAGGED = ("instance", "volume", "network-interface")
"""What an instance brings along; provider-wide default tags do not reach it."""

_METADATA = {
    "http_endpoint": "enabled",
    "http_tokens": "required",
    "http_put_response_hop_limit": 1,
    "instance_metadata_tags": "disabled",
}
"""IMDSv2 only, and out of reach of anything one network hop away."""

_KEPT = ["ami", "userDataBase64"]
"""A single machine holds state (etcd, trust keys): a new image or boot text never replaces or restarts it."""


@dataclass(frozen=True, kw_only=True)
class _Start:
    """All that a machine or a group starts from."""

    name: str
    spec: MachineSpec
    region: str
    tags: pulumi.Output[dict[str, str]]
    profile: aws.iam.InstanceProfile | None
    opts: pulumi.ResourceOptions


_ONE_AT_A_TIME = pulumi.ResourceOptions(delete_before_replace=True)
"""A fixed address, and an interface, belong to one machine: its successor cannot start beside it."""


def create(name: str, spec: MachineSpec, region: str, opts: pulumi.ResourceOptions) -> Machines:
    """Make one machine, or a scale group of equal ones."""
    who = identity.create(name, spec, region, opts)
    after = pulumi.ResourceOptions(depends_on=[*spec.after, *who.ready])
    start = _Start(
        name=name,
        spec=spec,
        region=region,
        tags=tags(spec.labels, name),
        profile=who.profile,
        opts=pulumi.ResourceOptions.merge(opts, after),
    )
    return _single(start, spec.scale) if isinstance(spec.scale, Single) else _group(start, spec.scale)


def _encoded(user_data: pulumi.Input[str]) -> pulumi.Output[str]:
    return pulumi.Output.from_input(user_data).apply(lambda text: base64.b64encode(carried(text)).decode())


def _patience(count: int) -> int:
    """Minutes to wait for a group: the provider's ten, and more for many machines that start in turn."""
    return 10 + count // 20


def _digest(encoded: pulumi.Output[str | None]) -> pulumi.Output[str]:
    return encoded.apply(lambda text: digest(read_back(base64.b64decode(text or ""))))


def _single(start: _Start, scale: Single) -> Machines:
    name, spec, region, profile, opts = start.name, start.spec, start.region, start.profile, start.opts
    interface = aws.ec2.NetworkInterface(
        f"{name}-interface",
        subnet_id=spec.subnet_id,
        private_ips=[str(scale.private_ip)],
        security_groups=[spec.firewall_id],
        description=name,
        region=region,
        tags=start.tags,
        opts=pulumi.ResourceOptions.merge(opts, _ONE_AT_A_TIME),
    )
    public = _public_address(start, interface) if scale.public else None
    cpu = cpu_options(spec.isolation, spec.machine_type)
    instance = aws.ec2.Instance(
        name,
        ami=spec.image.image_id,
        instance_type=spec.machine_type,
        cpu_options=aws.ec2.InstanceCpuOptionsArgs(**cpu) if cpu else None,
        primary_network_interface=aws.ec2.InstancePrimaryNetworkInterfaceArgs(network_interface_id=interface.id),
        iam_instance_profile=profile.name if profile else None,
        metadata_options=aws.ec2.InstanceMetadataOptionsArgs(**_METADATA),  # pyright: ignore[reportArgumentType]
        root_block_device=aws.ec2.InstanceRootBlockDeviceArgs(
            encrypted=True,
            volume_type="gp3",
            volume_size=spec.disk_gib,
            delete_on_termination=True,
            tags=start.tags,
        ),
        user_data_base64=_encoded(spec.user_data),
        region=region,
        tags=start.tags,
        opts=pulumi.ResourceOptions.merge(
            pulumi.ResourceOptions.merge(opts, _ONE_AT_A_TIME),
            pulumi.ResourceOptions(ignore_changes=_KEPT, depends_on=[public[1]] if public else None),
        ),
    )
    return Machines(
        group_id=instance.id,
        private_ip=interface.private_ip,
        public_ip=public[0] if public else None,
        boot_digest=_digest(instance.user_data_base64),
        tunnel=instance.id.apply(
            lambda target: (
                f"aws ssm start-session --region {region} --target {target} "
                "--document-name AWS-StartPortForwardingSession "
                f"--parameters portNumber={scale.tunnel_port},localPortNumber={scale.tunnel_port}"
            )
        ),
        resource=instance,
    )


def _public_address(
    start: _Start, interface: aws.ec2.NetworkInterface
) -> tuple[pulumi.Output[str], aws.ec2.EipAssociation]:
    """Give the interface an address before a machine has it: EC2 refuses that while a machine starts."""
    name, region, opts = start.name, start.region, start.opts
    address = aws.ec2.Eip(f"{name}-address", domain="vpc", region=region, tags=start.tags, opts=opts)
    association = aws.ec2.EipAssociation(
        f"{name}-address",
        allocation_id=address.allocation_id,
        network_interface_id=interface.id,
        region=region,
        opts=opts,
    )
    return address.public_ip, association


def _group(start: _Start, scale: Group) -> Machines:
    name, spec, region, opts = start.name, start.spec, start.region, start.opts
    template = _template(start)
    group = aws.autoscaling.Group(
        name,
        min_size=scale.count,
        max_size=scale.count,
        desired_capacity=scale.count,
        vpc_zone_identifiers=[spec.subnet_id],
        launch_template=aws.autoscaling.GroupLaunchTemplateArgs(
            id=template.id, version=template.latest_version.apply(lambda version: str(int(version)))
        ),
        health_check_type="EC2",
        force_delete=True,
        wait_for_capacity_timeout=f"{_patience(scale.count)}m",
        region=region,
        tags=start.tags.apply(
            lambda plain: [
                aws.autoscaling.GroupTagArgs(key=key, value=value, propagate_at_launch=True)
                for key, value in sorted(plain.items())
            ]
        ),
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(delete=f"{_patience(scale.count)}m")),
        ),
    )
    return Machines(
        group_id=group.id,
        private_ip=None,
        public_ip=None,
        boot_digest=_digest(template.user_data),
        tunnel=None,
        resource=group,
    )


def _template(start: _Start) -> aws.ec2.LaunchTemplate:
    name, spec, profile = start.name, start.spec, start.profile
    cpu = cpu_options(spec.isolation, spec.machine_type)
    return aws.ec2.LaunchTemplate(
        name,
        image_id=spec.image.image_id,
        instance_type=spec.machine_type,
        cpu_options=aws.ec2.LaunchTemplateCpuOptionsArgs(**cpu) if cpu else None,
        iam_instance_profile=aws.ec2.LaunchTemplateIamInstanceProfileArgs(name=profile.name) if profile else None,
        metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(**_METADATA),  # pyright: ignore[reportArgumentType]
        block_device_mappings=[
            aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
                device_name=spec.image.root_device,
                ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
                    encrypted="true",
                    volume_type="gp3",
                    volume_size=spec.disk_gib,
                    delete_on_termination="true",
                ),
            )
        ],
        network_interfaces=[
            aws.ec2.LaunchTemplateNetworkInterfaceArgs(
                device_index=0,
                security_groups=[spec.firewall_id],
                associate_public_ip_address="false",
                delete_on_termination="true",
            )
        ],
        tag_specifications=[
            aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=start.tags) for kind in _TAGGED
        ],
        user_data=_encoded(spec.user_data),
        update_default_version=True,
        region=start.region,
        tags=start.tags,
        opts=start.opts,
    )

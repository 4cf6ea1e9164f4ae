"""Launching instances, with everything kept that moto drops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.core.types import Base64EncodedString

from confkube_sandbox.daemon.aws import states, templates
from confkube_sandbox.daemon.aws.templates import joined

if TYPE_CHECKING:
    from confkube_sandbox.daemon.aws.context import Call


def primary_interface(params: dict[str, Any]) -> dict[str, Any]:
    """Return the network interface specification with device index 0, empty if the request has none."""
    specs: list[dict[str, Any]] = params.get("NetworkInterfaces", [])
    nothing: dict[str, Any] = {}
    return next((each for each in specs if each.get("DeviceIndex", 0) == 0), nothing)


def subnet_of(call: Call) -> Any:  # noqa: ANN401  moto's subnet
    """Return the subnet that a launch asks for: the primary interface's, the request's, or the zone's default one."""
    spec = primary_interface(call.params)
    if spec.get("NetworkInterfaceId"):
        interface = call.ec2.enis.get(spec["NetworkInterfaceId"])
        return interface.subnet if interface else None
    wanted = spec.get("SubnetId") or call.params.get("SubnetId")
    if wanted:
        return call.subnet(wanted)
    zone = call.params.get("Placement", {}).get("AvailabilityZone")
    defaults = [each for each in call.subnets() if each.default_for_az and zone in (None, each.availability_zone)]
    return min(defaults, key=lambda each: each.availability_zone, default=None)


def groups_of(call: Call) -> list[str]:
    """Return the ids of the security groups that a launch asks for."""
    groups: list[str] = primary_interface(call.params).get("Groups") or call.params.get("SecurityGroupIds", [])
    names: list[str] = call.params.get("SecurityGroups", [])
    subnet = subnet_of(call)
    vpc = subnet.vpc_id if subnet else None
    return [*groups, *(each.id for each in call.groups() if each.name in names and each.vpc_id == vpc)]


def count_of(params: dict[str, Any]) -> int:
    """Return how many instances a launch starts."""
    return int(params.get("MaxCount", 1))


def start(call: Call) -> Any:  # noqa: ANN401  moto's reservation
    """Start the instances of a checked and resolved request and return the reservation."""
    params, spec = call.params, primary_interface(call.params)
    reservation = call.ec2.run_instances(
        params["ImageId"],
        count_of(params),
        Base64EncodedString(params["UserData"]) if params.get("UserData") else None,
        [],
        instance_type=params.get("InstanceType", "m1.small"),
        is_instance_type_default=False,
        region_name=call.caller.region,
        subnet_id=subnet_of(call).id,
        key_name=params.get("KeyName"),
        security_group_ids=groups_of(call),
        nics=[{"DeviceIndex": 0, "NetworkInterfaceId": spec["NetworkInterfaceId"]}]
        if spec.get("NetworkInterfaceId")
        else [],
        private_ip=spec.get("PrivateIpAddress") or params.get("PrivateIpAddress"),
        associate_public_ip=spec.get("AssociatePublicIpAddress"),
        ebs_optimized=params.get("EbsOptimized", False),
        disable_api_stop=params.get("DisableApiStop", False),
        disable_api_termination=params.get("DisableApiTermination", False),
        instance_initiated_shutdown_behavior=params.get("InstanceInitiatedShutdownBehavior"),
        hibernation_options=params.get("HibernationOptions", {"Configured": False}),
        monitoring_state="enabled" if params.get("Monitoring", {}).get("Enabled") else "disabled",
        metadata_options={**_metadata(call), **params.get("MetadataOptions", {})},
        client_token=params.get("ClientToken", ""),
        block_device_mappings=devices(call),
    )
    for instance in reservation.instances:
        _complete(call, instance)
    return reservation


def _metadata(call: Call) -> dict[str, Any]:
    """Return what the image says of metadata; source: EC2 user guide, "Configure the AMI" (2026-11-27, recalled)."""
    image = call.ec2.amis[call.params["ImageId"]]
    if getattr(image, "imds_support", None) != "v2.0":
        return {}
    return {"HttpTokens": "required", "HttpPutResponseHopLimit": 2}


def devices(call: Call) -> list[dict[str, Any]]:
    """Return the block devices of a launch: the image's, with the request's laid over them."""
    image = call.ec2.amis[call.params["ImageId"]]
    own = [
        {"DeviceName": each["DeviceName"], "Ebs": {**each["Ebs"], "DeleteOnTermination": True}}
        for each in image.block_device_mappings
    ]
    wanted = [
        {**each, "Ebs": {"DeleteOnTermination": True, **each.get("Ebs", {})}}
        for each in call.params.get("BlockDeviceMappings", [])
    ]
    return [each for each in joined(own, wanted, "DeviceName") if each.get("NoDevice") is None]


def _complete(call: Call, instance: Any) -> None:  # noqa: ANN401
    params, image = call.params, call.ec2.amis[call.params["ImageId"]]
    kind = call.ec2.describe_instance_types([instance.instance_type])[0]
    threads = params.get("CpuOptions", {}).get("ThreadsPerCore") or kind.get("VCpuInfo", {}).get(
        "DefaultThreadsPerCore", 2
    )
    cores = params.get("CpuOptions", {}).get("CoreCount") or kind.get("VCpuInfo", {}).get("DefaultVCpus", 2) // threads
    instance.cpu_options = {**params.get("CpuOptions", {}), "CoreCount": cores, "ThreadsPerCore": threads}
    instance.boot_mode = image.boot_mode
    instance.current_instance_boot_mode = "legacy-bios" if image.boot_mode in {None, "legacy-bios"} else "uefi"
    instance.ena_support = True
    instance.enclave_options = {"Enabled": params.get("EnclaveOptions", {}).get("Enabled", False)}
    instance.placement.tenancy = params.get("Placement", {}).get("Tenancy", "default")
    instance.launch_time = call.now.replace(tzinfo=None)
    _attach_more(call, instance)
    instance.security_groups = list(instance.nics[0].group_set)
    _devices_as_asked(call, instance)
    tags = {
        each["ResourceType"]: {tag["Key"]: tag.get("Value", "") for tag in each.get("Tags", [])}
        for each in params.get("TagSpecifications", [])
    }
    if params.get("LaunchTemplate"):
        version = templates.template_version(call, params["LaunchTemplate"])
        instance.launch_template_version = version.number
        instance.add_tags(
            {"aws:ec2launchtemplate:id": version.template.id, "aws:ec2launchtemplate:version": str(version.number)}
        )
    instance.add_tags(tags.get("instance", {}))
    for interface in instance.nics.values():
        interface.add_tags(tags.get("network-interface", {}))
    for device in instance.block_device_mapping.values():
        call.ec2.volumes[device.volume_id].add_tags(tags.get("volume", {}))
    _give_profile(call, instance)
    states.set_state(instance, "pending")
    states.schedule(call, instance.id, "running", "instance-start")


def _attach_more(call: Call, instance: Any) -> None:  # noqa: ANN401
    specs: list[dict[str, Any]] = call.params.get("NetworkInterfaces", [])
    primary = primary_interface(call.params)
    if not primary.get("NetworkInterfaceId"):
        instance.nics[0].delete_on_termination = primary.get("DeleteOnTermination", True)
        instance.nics[0].description = primary.get("Description", "")
    for spec in specs:
        if spec is primary:
            continue
        found = call.ec2.enis.get(spec.get("NetworkInterfaceId"))
        subnet: Any = call.subnet(spec.get("SubnetId", instance.subnet_id))
        interface = found or call.ec2.create_network_interface(
            subnet,
            subnet.get_available_subnet_ip(instance),
            group_ids=spec.get("Groups"),
            description=spec.get("Description"),
            delete_on_termination=spec.get("DeleteOnTermination", True),
        )
        instance.attach_eni(interface, spec["DeviceIndex"])


def _devices_as_asked(call: Call, instance: Any) -> None:  # noqa: ANN401
    image = call.ec2.amis[call.params["ImageId"]]
    instance.root_device_name = image.root_device_name
    for asked in devices(call):
        device = instance.block_device_mapping.get(asked["DeviceName"])
        if device is None:
            continue
        volume, ebs = call.ec2.volumes[device.volume_id], asked["Ebs"]
        volume.volume_type = ebs.get("VolumeType", "gp2")
        volume.iops = ebs.get("Iops") or (3000 if volume.volume_type == "gp3" else None)
        volume.throughput = ebs.get("Throughput") or (125 if volume.volume_type == "gp3" else None)
        device.encrypted = volume.encrypted = bool(ebs.get("Encrypted") or call.ec2.ebs_encryption_by_default)


def _give_profile(call: Call, instance: Any) -> None:  # noqa: ANN401
    wanted: dict[str, Any] = call.params.get("IamInstanceProfile", {})
    if not wanted:
        return
    call.ec2.associate_iam_instance_profile(
        instance_id=instance.id,
        iam_instance_profile_name=wanted.get("Name"),
        iam_instance_profile_arn=wanted.get("Arn"),
    )
    profile = call.ec2.iam_instance_profile_associations[instance.id].iam_instance_profile
    instance.iam_instance_profile = {"Arn": profile.arn, "Id": profile.id}

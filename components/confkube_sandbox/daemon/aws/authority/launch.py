"""RunInstances is authorised for everything that it uses and makes, each by itself.

Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html#iam-example-runinstances and
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html (2026-11-27). Not documented, and
assumed so that nothing is denied by mistake of ours: the subnet and the groups of an interface that exists are not
asked about, only the interface; the snapshots of the image's own disks are not asked about, only those of the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws import images, launch, templates
from confkube_sandbox.daemon.aws.authority.asking import NEW, Values, asked_tags
from confkube_sandbox.daemon.aws.authority.resources import in_subnet, values_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.aws.authority.asking import Asker
    from confkube_sandbox.daemon.aws.authority.questions import Question
    from confkube_sandbox.daemon.aws.context import Call

RUN = "RunInstances"
DESCRIBED = frozenset(
    [
        *("BlockDeviceMappings", "ClientToken", "CpuOptions", "DisableApiStop", "DisableApiTermination", "DryRun"),
        *("EbsOptimized", "EnclaveOptions", "HibernationOptions", "IamInstanceProfile", "ImageId"),
        *("InstanceInitiatedShutdownBehavior", "InstanceMarketOptions", "InstanceType", "KeyName", "LaunchTemplate"),
        *("MaintenanceOptions", "MaxCount", "MetadataOptions", "MinCount", "Monitoring", "NetworkInterfaces"),
        *("Placement", "PrivateIpAddress", "SecurityGroupIds", "SecurityGroups", "SubnetId", "TagSpecifications"),
        "UserData",
    ]
)
"""Parameters that bring in no resource but those asked about here."""
_SMALLEST = "m1.small"


def questions(call: Call, ask: Asker) -> Iterator[Question]:
    """Everything that one launch asks."""
    images.ensure(call)
    named = call.params.get("LaunchTemplate")
    if named:
        template = templates.template(call, named).id
        yield ask.ec2(RUN, "launch-template", template, values_of(call, ask, "launch-template", template))
        call = templates.resolved(call)
    yield from _used(call, ask)
    yield ask.ec2(RUN, "instance", NEW, _instance(call))
    yield from _interfaces(call, ask)
    yield from _volumes(call, ask)
    yield from _roles(call, ask)


def _used(call: Call, ask: Asker) -> Iterator[Question]:
    """What exists and is named: by the request, or by what EC2 takes when it names nothing."""
    params = call.params
    existing: list[tuple[str, str]] = [("image", params["ImageId"])] if params.get("ImageId") else []
    existing += [("subnet", each) for each in sorted(_subnets(call))]
    existing += [("security-group", each) for each in sorted(_groups(call))]
    existing += [("key-pair", params["KeyName"])] if params.get("KeyName") else []
    existing += [("placement-group", name)] if (name := params.get("Placement", {}).get("GroupName")) else []
    existing += [
        ("snapshot", device["Ebs"]["SnapshotId"])
        for device in params.get("BlockDeviceMappings", [])
        if device.get("Ebs", {}).get("SnapshotId")
    ]
    for kind, name in existing:
        yield ask.ec2(RUN, kind, name, values_of(call, ask, kind, name))
    if params.get("InstanceMarketOptions", {}).get("MarketType") == "spot":
        yield ask.ec2(RUN, "spot-instances-request", NEW, asked_tags(_tags(call, "spot-instances-request")))


def _instance(call: Call) -> Values:
    params = call.params
    subnet = launch.subnet_of(call)
    return {
        **asked_tags(_tags(call, "instance")),
        "ec2:AvailabilityZone": subnet.availability_zone if subnet else None,
        "ec2:EbsOptimized": str(bool(params.get("EbsOptimized"))).lower(),
        "ec2:InstanceProfile": _profile_arn(call),
        "ec2:InstanceType": params.get("InstanceType", _SMALLEST),
        "ec2:Tenancy": params.get("Placement", {}).get("Tenancy", "default"),
    }


def _new_interfaces(call: Call) -> list[dict[str, Any]]:
    """The interfaces that the launch makes; one in the request's subnet, unless it describes its own."""
    specs: list[dict[str, Any]] = call.params.get("NetworkInterfaces") or [{}]
    return [each for each in specs if not each.get("NetworkInterfaceId")]


def _subnets(call: Call) -> set[str]:
    subnet = launch.subnet_of(call)
    effective = subnet.id if subnet else call.params.get("SubnetId")
    return {name for each in _new_interfaces(call) if (name := each.get("SubnetId") or effective)}


def _groups(call: Call) -> set[str]:
    """The groups of the new interfaces; where none is named, the network's default one."""
    found: set[str] = set()
    for each in _new_interfaces(call):
        found.update(each.get("Groups") or launch.groups_of(call) or _default_group(call))
    return found


def _default_group(call: Call) -> list[str]:
    subnet = launch.subnet_of(call)
    return [each.id for each in call.groups() if subnet and each.vpc_id == subnet.vpc_id and each.name == "default"]


def _interfaces(call: Call, ask: Asker) -> Iterator[Question]:
    tags = asked_tags(_tags(call, "network-interface"))
    specs: list[dict[str, Any]] = call.params.get("NetworkInterfaces") or [{}]
    for spec in specs:
        existing = spec.get("NetworkInterfaceId")
        if existing:
            yield ask.ec2(
                RUN,
                "network-interface",
                existing,
                {**values_of(call, ask, "network-interface", existing), **tags, "ec2:AssociatePublicIpAddress": None},
            )
            continue
        subnet = call.subnet(spec["SubnetId"]) if spec.get("SubnetId") else launch.subnet_of(call)
        public = spec.get("AssociatePublicIpAddress")
        yield ask.ec2(
            RUN,
            "network-interface",
            NEW,
            {
                **tags,
                **(in_subnet(ask, subnet) if subnet else {"ec2:Subnet": None, "ec2:Vpc": None}),
                "ec2:AssociatePublicIpAddress": None if public is None else str(public).lower(),
                "ec2:NetworkInterfaceID": None,
            },
        )


def _volumes(call: Call, ask: Asker) -> Iterator[Question]:
    tags = asked_tags(_tags(call, "volume"))
    known = call.params.get("ImageId") in call.ec2.amis
    devices: list[dict[str, Any]] = launch.devices(call) if known else [{}]
    for device in devices:
        ebs: dict[str, Any] = device.get("Ebs", {})
        size = ebs.get("VolumeSize")
        yield ask.ec2(
            RUN,
            "volume",
            NEW,
            {
                **tags,
                "ec2:Encrypted": str(bool(ebs.get("Encrypted"))).lower(),
                "ec2:VolumeID": None,
                **({"ec2:VolumeSize": str(size)} if size else {}),
            },
        )


def _tags(call: Call, kind: str) -> dict[str, str]:
    return {
        tag["Key"]: tag.get("Value", "")
        for each in call.params.get("TagSpecifications", [])
        if each.get("ResourceType") == kind
        for tag in each.get("Tags", [])
    }


def _profile_arn(call: Call) -> str | None:
    """Name of the instance profile, also of one that does not exist."""
    wanted: dict[str, str] = call.params.get("IamInstanceProfile", {})
    if not wanted:
        return None
    found = _profile(call)
    if found:
        return str(found.arn)
    return wanted.get("Arn") or f"arn:aws:iam::{call.caller.account}:instance-profile/{wanted.get('Name')}"


def _profile(call: Call) -> Any | None:  # noqa: ANN401  moto's instance profile
    wanted: dict[str, str] = call.params.get("IamInstanceProfile", {})
    names = {wanted.get("Name"), wanted.get("Arn")} - {None}
    return next((each for each in call.iam.instance_profiles.values() if {each.name, each.arn} & names), None)


def _roles(call: Call, ask: Asker) -> Iterator[Question]:
    """Whoever gives an instance a profile passes the role in it."""
    found = _profile(call)
    roles: list[Any] = found.roles if found else []
    for role in roles:
        yield ask.pass_role(role.arn)

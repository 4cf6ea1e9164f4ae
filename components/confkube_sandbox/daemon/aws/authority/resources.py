"""Resources that exist, as the policies see them: type, name and condition keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws.authority.asking import Values, held_tags
from confkube_sandbox.daemon.aws.authority.errors import Unjudged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confkube_sandbox.daemon.aws.authority.asking import Asker
    from confkube_sandbox.daemon.aws.context import Call

_KINDS = {
    "ami": "image",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "i": "instance",
    "igw": "internet-gateway",
    "lt": "launch-template",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "snap": "snapshot",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
}
"""First part of an identifier -> type of resource."""


def kind_of(name: str) -> str:
    """Type of the resource with this identifier.

    Raises:
        Unjudged: No type is known to have such identifiers.
    """
    kind = _KINDS.get(name.partition("-")[0])
    if kind is None:
        raise Unjudged(f"no type of resource is known for {name}")
    return kind


def values_of(call: Call, ask: Asker, kind: str, name: str) -> Values:
    """Condition keys of an existing resource; of one that does not exist only that it has no tags."""
    tags: dict[str, str] = call.ec2.tags.get(name, {})
    describe = _DESCRIBE.get(kind)
    return {**held_tags(tags), **(describe(call, ask, name) if describe else {})}


def _instance(call: Call, _ask: Asker, name: str) -> Values:
    found = next((each for held in call.ec2.reservations.values() for each in held.instances if each.id == name), None)
    if found is None:
        return {"ec2:InstanceID": name}
    profile: Mapping[str, str] | None = found.iam_instance_profile
    return {
        "ec2:AvailabilityZone": found.placement.zone,
        "ec2:InstanceID": name,
        "ec2:InstanceProfile": profile["Arn"] if profile else None,
        "ec2:InstanceType": found.instance_type,
    }


def _interface(call: Call, ask: Asker, name: str) -> Values:
    found = call.ec2.enis.get(name)
    return {"ec2:NetworkInterfaceID": name, **(in_subnet(ask, found.subnet) if found else {})}


def in_subnet(ask: Asker, subnet: Any) -> Values:  # noqa: ANN401  moto's subnet
    """Where something is: its subnet, network and zone."""
    return {
        "ec2:AvailabilityZone": subnet.availability_zone,
        "ec2:Subnet": ask.arn("subnet", subnet.id),
        "ec2:Vpc": ask.arn("vpc", subnet.vpc_id),
    }


def _subnet(call: Call, ask: Asker, name: str) -> Values:
    found = call.subnet(name)
    if found is None:
        return {"ec2:SubnetID": name}
    return {
        "ec2:AvailabilityZone": found.availability_zone,
        "ec2:SubnetID": name,
        "ec2:Vpc": ask.arn("vpc", found.vpc_id),
    }


def _group(call: Call, ask: Asker, name: str) -> Values:
    found = call.group(name)
    return {
        "ec2:SecurityGroupID": name,
        **({"ec2:Vpc": ask.arn("vpc", found.vpc_id)} if found is not None and found.vpc_id else {}),
    }


def _image(call: Call, _ask: Asker, name: str) -> Values:
    found = call.ec2.amis.get(name)
    if found is None:
        return {"ec2:ImageID": name}
    return {
        "ec2:ImageID": name,
        "ec2:ImageType": "machine",
        "ec2:Owner": found.owner_id,
        "ec2:Public": str(bool(found.is_public)).lower(),
        "ec2:RootDeviceType": found.root_device_type,
    }


def _volume(call: Call, _ask: Asker, name: str) -> Values:
    found = call.ec2.volumes.get(name)
    if found is None:
        return {"ec2:VolumeID": name}
    return {
        "ec2:AvailabilityZone": found.zone.name,
        "ec2:Encrypted": str(bool(found.encrypted)).lower(),
        "ec2:VolumeID": name,
        "ec2:VolumeSize": str(found.size),
        "ec2:VolumeType": found.volume_type,
    }


def _address(call: Call, _ask: Asker, name: str) -> Values:
    found = next((each for each in call.ec2.addresses if each.allocation_id == name), None)
    if found is None:
        return {"ec2:AllocationId": name}
    return {"ec2:AllocationId": name, "ec2:Domain": found.domain, "ec2:PublicIpAddress": found.public_ip}


_DESCRIBE: Mapping[str, Callable[[Call, Asker, str], Values]] = {
    "elastic-ip": _address,
    "image": _image,
    "instance": _instance,
    "network-interface": _interface,
    "security-group": _group,
    "subnet": _subnet,
    "volume": _volume,
}

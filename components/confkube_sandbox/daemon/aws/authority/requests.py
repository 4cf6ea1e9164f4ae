"""Which questions a request asks. A request that is not described here asks what nobody can answer, and is denied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkube_sandbox.daemon.aws.authority import launch, reference
from confkube_sandbox.daemon.aws.authority.asking import NEW, Values, asked_tags
from confkube_sandbox.daemon.aws.authority.errors import Unjudged
from confkube_sandbox.daemon.aws.authority.resources import kind_of, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from confkube_sandbox.daemon.aws.authority.asking import Asker
    from confkube_sandbox.daemon.aws.authority.questions import Question
    from confkube_sandbox.daemon.aws.context import Call


def questions(call: Call, ask: Asker) -> list[Question]:
    """Everything that must be allowed for the request to be.

    Raises:
        Unjudged: The operation, or one of its parameters, is not described.
    """
    if call.caller.service != "ec2":
        raise Unjudged(f"{call.caller.service} is not described")
    if call.operation in reference.ec2().lists:
        return [ask.about_none(call.operation)]
    handled = _OPERATIONS.get(call.operation)
    if handled is None:
        raise Unjudged(f"{call.operation} is not described")
    asked, described = handled
    more = set(call.params) - described - {"DryRun"}
    if more:
        raise Unjudged(f"{call.operation} with {', '.join(sorted(more))} is not described")
    return [*asked(call, ask), *_tagging(call, ask)]


def _tagging(call: Call, ask: Asker) -> Iterator[Question]:
    """Tags that a request gives to what it makes are a CreateTags of their own.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html (2026-11-27).
    """
    for each in call.params.get("TagSpecifications", []):
        tags = {tag["Key"]: tag.get("Value", "") for tag in each.get("Tags", [])}
        if tags:
            values: Values = {**asked_tags(tags), **_untagged(), "ec2:CreateAction": call.operation}
            yield ask.ec2("CreateTags", each.get("ResourceType", ""), NEW, values)


def _untagged() -> Values:
    return {"aws:ResourceTag/*": None, "ec2:ResourceTag/*": None}


def _existing(*names: str) -> Callable[[Call, Asker], Iterator[Question]]:
    """Questions about the resources that these parameters name, each parameter one identifier or a list of them."""

    def ask_each(call: Call, ask: Asker) -> Iterator[Question]:
        for parameter in names:
            given: list[str] | str = call.params.get(parameter) or []
            for name in [given] if isinstance(given, str) else given:
                yield _about(call, ask, name)

    return ask_each


def _about(call: Call, ask: Asker, name: str, more: Values | None = None) -> Question:
    kind = kind_of(name)
    return ask.ec2(call.operation, kind, name, {**values_of(call, ask, kind, name), **(more or {})})


def _new_interface(call: Call, ask: Asker) -> Iterator[Question]:
    values: Values = {**asked_tags(_given(call, "network-interface")), "ec2:NetworkInterfaceID": None}
    yield ask.ec2(call.operation, "network-interface", NEW, values)
    yield from _existing("SubnetId", "Groups")(call, ask)


def _changed_interface(call: Call, ask: Asker) -> Iterator[Question]:
    """The interface; the groups that it shall have; and the instance, where it is about the attachment to one.

    The reference lists the instance as one that can be asked about, and does not say when: assumed, the stricter way.
    """
    yield from _existing("NetworkInterfaceId", "Groups")(call, ask)
    found = call.ec2.enis.get(call.params["NetworkInterfaceId"])
    if call.params.get("Attachment") and found is not None and found.instance is not None:
        yield _about(call, ask, found.instance.id)


def _new_address(call: Call, ask: Asker) -> Iterator[Question]:
    yield ask.ec2(call.operation, "elastic-ip", NEW, asked_tags(_given(call, "elastic-ip")))
    pool = call.params.get("PublicIpv4Pool")
    if pool and pool != "amazon":
        yield ask.ec2(call.operation, "ipv4pool-ec2", pool, _untagged())


def _address(call: Call, ask: Asker) -> Iterator[Question]:
    """The address, by its allocation, its association or itself; and what it is, or shall be, associated with.

    Raises:
        Unjudged: No such address.
    """
    names = ("AllocationId", "AssociationId", "PublicIp")
    wanted: set[str] = {call.params[name] for name in names if call.params.get(name)}
    found = next(
        (each for each in call.ec2.addresses if {each.allocation_id, each.association_id, each.public_ip} & wanted),
        None,
    )
    if found is None:
        raise Unjudged(f"there is no address {', '.join(sorted(wanted))}")
    yield _about(call, ask, found.allocation_id)
    if call.operation == "DisassociateAddress" and found.eni is not None:
        yield _about(call, ask, found.eni.id)
    yield from _existing("InstanceId", "NetworkInterfaceId")(call, ask)


def _tags(call: Call, ask: Asker) -> Iterator[Question]:
    """Tags of resources that exist. The key ``ec2:CreateAction`` is for tags at creation alone."""
    values = asked_tags({tag["Key"]: tag.get("Value", "") for tag in call.params.get("Tags", [])})
    for name in call.params.get("Resources", []):
        yield _about(call, ask, name, {**values, "ec2:CreateAction": None})


def _given(call: Call, kind: str) -> dict[str, str]:
    return {
        tag["Key"]: tag.get("Value", "")
        for each in call.params.get("TagSpecifications", [])
        if each.get("ResourceType") == kind
        for tag in each.get("Tags", [])
    }


_OPERATIONS: Mapping[str, tuple[Callable[[Call, Asker], Iterator[Question]], frozenset[str]]] = {
    "AllocateAddress": (_new_address, frozenset({"Domain", "PublicIpv4Pool", "TagSpecifications"})),
    "AssociateAddress": (
        _address,
        frozenset(
            ["AllocationId", "AllowReassociation", "InstanceId", "NetworkInterfaceId", "PrivateIpAddress", "PublicIp"]
        ),
    ),
    "AttachNetworkInterface": (
        _existing("InstanceId", "NetworkInterfaceId"),
        frozenset({"DeviceIndex", "InstanceId", "NetworkInterfaceId"}),
    ),
    "AttachVolume": (_existing("InstanceId", "VolumeId"), frozenset({"Device", "InstanceId", "VolumeId"})),
    "CreateNetworkInterface": (
        _new_interface,
        frozenset({"ClientToken", "Description", "Groups", "PrivateIpAddress", "SubnetId", "TagSpecifications"}),
    ),
    "CreateTags": (_tags, frozenset({"Resources", "Tags"})),
    "DeleteNetworkInterface": (_existing("NetworkInterfaceId"), frozenset({"NetworkInterfaceId"})),
    "DeleteTags": (_tags, frozenset({"Resources", "Tags"})),
    "DisassociateAddress": (_address, frozenset({"AssociationId", "PublicIp"})),
    "ModifyNetworkInterfaceAttribute": (
        _changed_interface,
        frozenset({"Attachment", "Description", "Groups", "NetworkInterfaceId", "SourceDestCheck"}),
    ),
    "ReleaseAddress": (_address, frozenset({"AllocationId", "PublicIp"})),
    "RunInstances": (launch.questions, launch.DESCRIBED),
    "TerminateInstances": (_existing("InstanceIds"), frozenset({"InstanceIds"})),
}
"""Operation -> its questions, and the parameters that bring in no resource but those asked about."""

"""Rules of tags on EC2 resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.sources import SEEN, TAGS, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkube_sandbox.daemon.aws.context import Call

_LAUNCHED = frozenset({"instance", "volume", "network-interface", "spot-instances-request", "elastic-gpu"})
# What an operation can tag at creation: the resource that it makes.
_TAGGED: Mapping[str, frozenset[str]] = {
    "AllocateAddress": frozenset({"elastic-ip"}),
    "AuthorizeSecurityGroupEgress": frozenset({"security-group-rule"}),
    "AuthorizeSecurityGroupIngress": frozenset({"security-group-rule"}),
    "CreateInternetGateway": frozenset({"internet-gateway"}),
    "CreateLaunchTemplate": frozenset({"launch-template"}),
    "CreateNatGateway": frozenset({"natgateway"}),
    "CreateNetworkInterface": frozenset({"network-interface"}),
    "CreateRouteTable": frozenset({"route-table"}),
    "CreateSecurityGroup": frozenset({"security-group"}),
    "CreateSnapshot": frozenset({"snapshot"}),
    "CreateSubnet": frozenset({"subnet"}),
    "CreateVolume": frozenset({"volume"}),
    "CreateVpc": frozenset({"vpc"}),
    "ImportSnapshot": frozenset({"import-snapshot-task"}),
    "RegisterImage": frozenset({"image", "snapshot"}),
    "RunInstances": _LAUNCHED,
}
_OPERATIONS = " ".join([*_TAGGED, "CreateTags"])
_LONGEST_KEY = 127
_LONGEST_VALUE = 255
_MOST = 50


def _sets(call: Call) -> list[list[dict[str, Any]]]:
    if call.operation == "CreateTags":
        return [call.params.get("Tags", [])]
    specs: list[dict[str, Any]] = [
        *call.params.get("TagSpecifications", []),
        *call.params.get("LaunchTemplateData", {}).get("TagSpecifications", []),
    ]
    return [each.get("Tags", []) for each in specs]


@rule(
    "ec2",
    _OPERATIONS,
    name="ec2.tag-text",
    source="https://github.com/kubernetes-sigs/cluster-api-provider-aws/pull/5461",
    date=SEEN,
    evidence=READ,
)
def text(call: Call) -> None:
    """Keys and values have their lengths, and keys that start with ``aws:`` belong to AWS."""
    for each in [tag for tags in _sets(call) for tag in tags]:
        key, value = each.get("Key", ""), each.get("Value", "")
        if key.lower().startswith("aws:"):
            told = f"Value ( {key} ) for parameter key is invalid. " if call.operation == "CreateTags" else ""
            reserved = "Tag keys starting with 'aws:' are reserved for internal use"
            raise ApiError("InvalidParameterValue", told + reserved)
        if not 1 <= len(key) <= _LONGEST_KEY:
            raise ApiError("InvalidParameterValue", f"Tag key exceeds the maximum length of {_LONGEST_KEY} characters")
        if len(value) > _LONGEST_VALUE:
            raise ApiError(
                "InvalidParameterValue", f"Tag value exceeds the maximum length of {_LONGEST_VALUE} characters"
            )


@rule(
    "ec2",
    _OPERATIONS,
    name="ec2.tag-duplicate",
    source="https://github.com/cloud-custodian/cloud-custodian/issues/3792",
    date=SEEN,
    evidence=READ,
)
def duplicate(call: Call) -> None:
    """A key occurs once."""
    for tags in _sets(call):
        keys = [each.get("Key") for each in tags]
        for key in keys:
            if keys.count(key) > 1:
                raise ApiError("InvalidParameterValue", f"Duplicate tag key '{key}' specified.")


@rule("ec2", _OPERATIONS, name="ec2.tag-count", source=TAGS, date=WRITTEN, evidence=RECALLED)
def count(call: Call) -> None:
    """A resource has at most 50 tags of its user."""
    for tags in _sets(call):
        new = {each.get("Key") for each in tags}
        for resource in call.params.get("Resources", []):
            own = call.ec2.tags.get(resource, {})
            new |= {key for key in own if not key.startswith("aws:")}
        if len(new) > _MOST:
            raise ApiError(
                "TagLimitExceeded",
                f"The maximum number of Tags for a resource has been reached. The maximum number is {_MOST}.",
            )


@rule("ec2", " ".join(_TAGGED), name="ec2.tag-type", source=TAGS, date=WRITTEN, evidence=RECALLED)
def kind(call: Call) -> None:
    """An operation tags only what it makes."""
    for each in call.params.get("TagSpecifications", []):
        wanted = each.get("ResourceType")
        if wanted not in _TAGGED[call.operation]:
            raise ApiError(
                "InvalidParameterValue", f"'{wanted}' is not a valid taggable resource type for this operation."
            )

"""Rules of security groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.registry import rule
from confkube_sandbox.daemon.aws.rules.sources import EC2_ERRORS, GROUP_RULES, READ, VPC_QUOTAS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.aws.context import Call

_AUTHORIZE = "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress"
# Characters of names and descriptions: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html.
_TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*")
_PROTOCOLS = frozenset({"tcp", "udp", "icmp", "icmpv6", "-1", *(str(number) for number in range(256))})
_LONGEST = 255


@rule("ec2", "CreateSecurityGroup", name="ec2.security-group-name", source=EC2_ERRORS, date=READ)
def group_name(call: Call) -> None:
    """Names do not look like ids, and names and descriptions are of a few characters."""
    for wire, key in (("groupName", "GroupName"), ("groupDescription", "Description")):
        text = call.params[key]
        if len(text) > _LONGEST or not _TEXT.fullmatch(text):
            raise ApiError(
                "InvalidParameterValue",
                f"Value ({text}) for parameter {wire} is invalid. Character sets beyond ASCII are not supported.",
            )
    if call.params["GroupName"].startswith("sg-"):
        name = call.params["GroupName"]
        raise ApiError(
            "InvalidParameterValue",
            f"Value ({name}) for parameter groupName is invalid. Group names may not be in the format sg-*.",
        )


@rule("ec2", "CreateSecurityGroup", name="ec2.security-group-quota", source=VPC_QUOTAS, date=READ)
def group_quota(call: Call) -> None:
    """An account has a number of security groups in each region."""
    if sum(1 for _ in call.groups()) >= call.settings.quotas["security-groups-per-region"]:
        raise ApiError("SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.")


@rule("ec2", "DeleteSecurityGroup", name="ec2.default-security-group", source=EC2_ERRORS, date=READ)
def default_group(call: Call) -> None:
    """A VPC's default group goes with the VPC."""
    group = call.group(call.params.get("GroupId", ""))
    if group is not None and group.name == "default":
        raise ApiError("CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user')


@rule(
    "ec2",
    "DeleteSecurityGroup",
    name="ec2.security-group-in-use",
    source="https://github.com/hashicorp/terraform-provider-aws/issues/1671",
    date=READ,
)
def group_in_use(call: Call) -> None:
    """A group stays while an interface has it or a rule of another group names it."""
    wanted = call.params.get("GroupId", "")
    used = any(wanted in {group.id for group in each.group_set} for each in call.ec2.enis.values())
    named = any(wanted in _peers(each) for each in call.groups() if each.id != wanted)
    if used or named:
        raise ApiError("DependencyViolation", f"resource {wanted} has a dependent object")


def _peers(group: Any) -> set[str]:  # noqa: ANN401
    sources: list[dict[str, str] | None] = [each.source_group for each in [*group.ingress_rules, *group.egress_rules]]
    return {each["GroupId"] for each in sources if each and each.get("GroupId")}


def _permissions(call: Call) -> Iterator[dict[str, Any]]:
    yield from call.params.get("IpPermissions", [])
    if call.params.get("IpProtocol"):
        yield {name: call.params.get(name) for name in ("IpProtocol", "FromPort", "ToPort")} | {
            "IpRanges": [{"CidrIp": call.params["CidrIp"]}] if call.params.get("CidrIp") else []
        }


@rule("ec2", _AUTHORIZE, name="ec2.security-group-protocol", source=GROUP_RULES, date=READ)
def protocol(call: Call) -> None:
    """A rule names a protocol by a known name or its number."""
    for each in _permissions(call):
        if str(each.get("IpProtocol")).lower() not in _PROTOCOLS:
            raise ApiError("InvalidPermission.Malformed", f'Unsupported IP protocol "{each.get("IpProtocol")}"')


@rule("ec2", _AUTHORIZE, name="ec2.security-group-ports", source=GROUP_RULES, date=READ)
def ports(call: Call) -> None:
    """Port ranges of TCP and UDP are whole, ordered, and inside 0 to 65535."""
    for each in _permissions(call):
        if str(each.get("IpProtocol")).lower() not in {"tcp", "udp", "6", "17"}:
            continue
        first, last = each.get("FromPort"), each.get("ToPort")
        if first is None or last is None:
            raise ApiError(
                "InvalidParameterValue",
                "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.",
            )
        if not 0 <= first <= last <= 65535:
            raise ApiError("InvalidParameterValue", f"Invalid TCP/UDP port range ({first}:{last})")


@rule("ec2", _AUTHORIZE, name="ec2.security-group-peer", source=EC2_ERRORS, date=READ)
def peer(call: Call) -> None:
    """A group that a rule names exists in the same VPC."""
    own = call.group(call.params.get("GroupId", ""))
    for each in _permissions(call):
        for pair in each.get("UserIdGroupPairs", []):
            found = call.group(pair.get("GroupId", ""))
            if pair.get("GroupId") and found is None:
                raise ApiError("InvalidGroup.NotFound", f"The security group '{pair['GroupId']}' does not exist")
            if found is not None and own is not None and found.vpc_id != own.vpc_id:
                raise ApiError(
                    "InvalidGroup.NotFound", "You have specified two resources that belong to different networks."
                )


@rule("ec2", _AUTHORIZE, name="ec2.security-group-rule-quota", source=VPC_QUOTAS, date=READ)
def rule_quota(call: Call) -> None:
    """A group has a limited number of rules in each direction; every address range counts."""
    own = call.group(call.params.get("GroupId", ""))
    if own is None:
        return
    there = own.ingress_rules if call.operation.endswith("Ingress") else own.egress_rules
    new = sum(
        len(each.get(kind, []))
        for each in _permissions(call)
        for kind in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds")
    )
    if len(there) + new > call.settings.quotas["rules-per-security-group"]:
        raise ApiError(
            "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached."
        )

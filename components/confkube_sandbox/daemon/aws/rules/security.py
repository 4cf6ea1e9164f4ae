"""Rules of security groups."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.aws.errors import ApiError
from confkube_sandbox.daemon.aws.rules.sources import EC2_ERRORS, GROUP_RULES, SEEN, VPC_QUOTAS, WRITTEN
from confkube_sandbox.daemon.rules import READ, RECALLED, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkube_sandbox.daemon.aws.context import Call

_AUTHORIZE = "AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress"
# Characters of names and descriptions: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html.
_TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*")
_PROTOCOLS = frozenset({"tcp", "udp", "icmp", "icmpv6", "-1", *(str(number) for number in range(256))})
_LONGEST = 255
_DESCRIBING = (
    "ModifySecurityGroupRules UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress"
)
_KINDS = ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds")
_VALID = "strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
_BEYOND = "Character sets beyond ASCII are not supported."


@rule(
    "ec2",
    "CreateSecurityGroup",
    name="ec2.security-group-name",
    source="https://github.com/pulumi/pulumi-awsx/issues/328",
    date=SEEN,
    evidence=READ,
)
def group_name(call: Call) -> None:
    """Names do not look like ids, and are of a few characters (the text of the second refusal is recalled)."""
    name = call.params["GroupName"]
    if name.startswith("sg-"):
        raise _invalid("GroupName", name, "Group names may not be in the format sg-*.")
    if not name.isascii():
        raise _invalid("GroupName", name, _BEYOND)
    if len(name) > _LONGEST or not _TEXT.fullmatch(name):
        raise _invalid("GroupName", name, f"Valid names are {_VALID}")


@rule(
    "ec2",
    "CreateSecurityGroup",
    name="ec2.security-group-description",
    source="https://github.com/cds-snc/notification-terraform/pull/561",
    date=SEEN,
    evidence=READ,
)
def group_description(call: Call) -> None:
    """A description is of a few characters.

    The words for what is not ASCII: https://github.com/hashicorp/terraform-provider-aws/pull/43854.
    """
    text = call.params["Description"]
    if not text.isascii():
        raise _invalid("GroupDescription", text, _BEYOND)
    if len(text) > _LONGEST or not _TEXT.fullmatch(text):
        raise ApiError("InvalidParameterValue", f"Invalid security group description. Valid descriptions are {_VALID}")


@rule(
    "ec2",
    f"{_AUTHORIZE} {_DESCRIBING}",
    name="ec2.security-group-rule-description",
    source="https://github.com/aws-cloudformation/cfn-lint/issues/173",
    date=SEEN,
    evidence=READ,
)
def rule_description(call: Call) -> None:
    """A rule's description is of the same characters, apostrophes and arrows not among them."""
    for text in _descriptions(call):
        if len(text) > _LONGEST or not _TEXT.fullmatch(text):
            raise ApiError("InvalidParameterValue", f"Invalid rule description. Valid descriptions are {_VALID}")


def _descriptions(call: Call) -> Iterator[str]:
    listed: list[dict[str, Any]] = [
        *(source for each in _permissions(call) for kind in _KINDS for source in each.get(kind, [])),
        *(each.get("SecurityGroupRule", {}) for each in call.params.get("SecurityGroupRules", [])),
        *call.params.get("SecurityGroupRuleDescriptions", []),
    ]
    yield from (each["Description"] for each in listed if each.get("Description"))


def _invalid(name: str, value: str, why: str) -> ApiError:
    return ApiError("InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid. {why}")


@rule(
    "ec2",
    "CreateSecurityGroup",
    name="ec2.security-group-twice",
    source="https://github.com/hashicorp/terraform/issues/15428",
    date=SEEN,
    evidence=READ,
)
def group_twice(call: Call) -> None:
    """A VPC's groups have different names."""
    name, vpc = call.params["GroupName"], call.params.get("VpcId")
    if vpc and any(each.name == name and each.vpc_id == vpc for each in call.groups()):
        raise ApiError("InvalidGroup.Duplicate", f"The security group '{name}' already exists for VPC '{vpc}'")


@rule("ec2", "CreateSecurityGroup", name="ec2.security-group-quota", source=VPC_QUOTAS, date=WRITTEN, evidence=RECALLED)
def group_quota(call: Call) -> None:
    """An account has a number of security groups in each region."""
    if sum(1 for _ in call.groups()) >= call.settings.quotas["security-groups-per-region"]:
        raise ApiError("SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.")


@rule(
    "ec2", "DeleteSecurityGroup", name="ec2.default-security-group", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED
)
def default_group(call: Call) -> None:
    """A VPC's default group goes with the VPC."""
    group = call.group(call.params.get("GroupId", ""))
    if group is not None and group.name == "default":
        raise ApiError("CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user')


@rule(
    "ec2",
    "DeleteSecurityGroup",
    name="ec2.security-group-in-use",
    source="https://github.com/lianghong/delete_vpc/issues/10",
    date=SEEN,
    evidence=READ,
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


@rule("ec2", _AUTHORIZE, name="ec2.security-group-protocol", source=GROUP_RULES, date=WRITTEN, evidence=RECALLED)
def protocol(call: Call) -> None:
    """A rule names a protocol by a known name or its number."""
    for each in _permissions(call):
        if str(each.get("IpProtocol")).lower() not in _PROTOCOLS:
            raise ApiError("InvalidPermission.Malformed", f'Unsupported IP protocol "{each.get("IpProtocol")}"')


@rule("ec2", _AUTHORIZE, name="ec2.security-group-ports", source=GROUP_RULES, date=WRITTEN, evidence=RECALLED)
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


@rule(
    "ec2",
    _AUTHORIZE,
    name="ec2.security-group-peer",
    source="https://github.com/philips-software/terraform-provider-hsdp/issues/68",
    date=SEEN,
    evidence=READ,
)
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


@rule("ec2", _AUTHORIZE, name="ec2.security-group-prefix-list", source=EC2_ERRORS, date=WRITTEN, evidence=RECALLED)
def prefix_list(call: Call) -> None:
    """A prefix list that a rule names exists; the sandbox has none, as it serves no operation that makes one."""
    for each in _permissions(call):
        for named in each.get("PrefixListIds", []):
            text = f"The prefix list ID '{named.get('PrefixListId')}' does not exist"
            raise ApiError("InvalidPrefixListID.NotFound", text)


@rule("ec2", _AUTHORIZE, name="ec2.security-group-rule-quota", source=VPC_QUOTAS, date=WRITTEN, evidence=RECALLED)
def rule_quota(call: Call) -> None:
    """A group has a limited number of rules in each direction; every address range counts."""
    own = call.group(call.params.get("GroupId", ""))
    if own is None:
        return
    there = own.ingress_rules if call.operation.endswith("Ingress") else own.egress_rules
    new = sum(len(each.get(kind, [])) for each in _permissions(call) for kind in _KINDS)
    if len(there) + new > call.settings.quotas["rules-per-security-group"]:
        raise ApiError(
            "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached."
        )

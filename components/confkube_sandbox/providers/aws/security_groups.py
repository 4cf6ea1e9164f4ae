"""Security groups and their rules, one resource a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from confkube_sandbox.providers.aws import tags, waiting
from confkube_sandbox.providers.aws.answers import first, part
from confkube_sandbox.providers.aws.network import one, remove
from confkube_sandbox.providers.aws.resource import Tagged
from confkube_sandbox.providers.aws.rules.addresses import attribute_network
from confkube_sandbox.providers.aws.rules.names import SUFFIX
from confkube_sandbox.providers.aws.rules.values import attribute_between, length
from confkube_sandbox.providers.handler import CheckFailure
from confkube_sandbox.providers.terraform import naming
from confkube_sandbox.providers.terraform.validation import avoids, every
from confkube_sandbox.providers.wire import UNKNOWN

if TYPE_CHECKING:
    from confkube_sandbox.providers.aws.connection import Connection
    from confkube_sandbox.providers.aws.resource import Change
    from confkube_sandbox.providers.handler import Properties

_NO_GROUP = ("InvalidGroup.NotFound", "InvalidSecurityGroupID.NotFound")
_SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


class SecurityGroup(Tagged, token="aws:ec2/securityGroup:SecurityGroup"):
    """``aws.ec2.SecurityGroup`` without inline rules."""

    noun: ClassVar = "Security Group"
    supported: ClassVar = frozenset(
        {"description", "name", "namePrefix", "revokeRulesOnDelete", "vpcId", "tags", "region"}
    )
    defaults: ClassVar = {"description": "Managed by Pulumi", "revokeRulesOnDelete": False}
    longest_name: ClassVar = 255
    # terraform-provider-aws internal/service/ec2/vpc_security_group.go at 01606926a0c0.
    rules: ClassVar = {
        "description": length(0, 255),
        "name": every(length(0, 255), avoids("^sg-", "cannot begin with sg-")),
        "namePrefix": every(length(0, 255 - SUFFIX), avoids("^sg-", "cannot begin with sg-")),
    }
    conflicts: ClassVar = (("name", "namePrefix"),)
    computed = frozenset({"arn", "egress", "ingress", "name", "ownerId", "vpcId", "region", "tagsAll"})
    seconds: ClassVar = (600, 600, 900)
    gone: ClassVar = frozenset(_NO_GROUP)

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call CreateSecurityGroup."""
        answer = aws.api.call(
            "ec2",
            "CreateSecurityGroup",
            GroupName=inputs.get("name") or f"{inputs['namePrefix']}{naming.unique()}",
            Description=inputs["description"],
            VpcId=inputs.get("vpcId"),
            TagSpecifications=tags.specification("security-group", inputs),
        )
        return str(answer["GroupId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:  # noqa: ARG002
        """Wait, then revoke the allow-all egress rule that AWS adds, as the real provider does."""
        group = waiting.until(aws, "security group to be found", lambda: self._group(aws, id_))
        if group.get("VpcId"):
            everywhere = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            waiting.retry(
                aws,
                _NO_GROUP,
                lambda: aws.api.call("ec2", "RevokeSecurityGroupEgress", GroupId=id_, IpPermissions=[everywhere]),
            )

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the group; its rules are resources of their own."""
        group = self._group(aws, id_)
        if group is None:
            return None
        return {
            "arn": aws.arn("ec2", f"security-group/{id_}"),
            "name": group["GroupName"],
            "description": group["Description"],
            "vpcId": group.get("VpcId"),
            "ownerId": group.get("OwnerId") or aws.account,
            **tags.outputs(group.get("Tags")),
        }

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:
        """Revoke rules if asked to, then delete once nothing uses the group."""
        if outputs.get("revokeRulesOnDelete"):
            self._revoke(aws, id_)
        remove(aws, lambda: aws.api.call("ec2", "DeleteSecurityGroup", GroupId=id_))

    def _group(self, aws: Connection, id_: str) -> dict[str, Any] | None:
        return one(aws, "DescribeSecurityGroups", "SecurityGroups", Filters=[{"Name": "group-id", "Values": [id_]}])

    def _revoke(self, aws: Connection, id_: str) -> None:
        filters = [{"Name": "group-id", "Values": [id_]}]
        rules = aws.api.pages("ec2", "DescribeSecurityGroupRules", "SecurityGroupRules", Filters=filters)
        for egress, operation in ((False, "RevokeSecurityGroupIngress"), (True, "RevokeSecurityGroupEgress")):
            ids = [rule["SecurityGroupRuleId"] for rule in rules if bool(rule.get("IsEgress")) is egress]
            if ids:
                aws.api.call("ec2", operation, GroupId=id_, SecurityGroupRuleIds=ids)


class _Rule(Tagged):
    """One rule."""

    direction: ClassVar[str]
    supported: ClassVar = frozenset(
        {"securityGroupId", "ipProtocol", "fromPort", "toPort", "description", "tags", "region", *_SOURCES}
    )
    # terraform-provider-aws internal/service/ec2/vpc_security_group_ingress_rule.go at d2b7f56a7c45; it says nothing of
    # the protocol's or the description's form, which AWS checks.
    rules: ClassVar = {
        "cidrIpv4": attribute_network(4),
        "cidrIpv6": attribute_network(6),
        "fromPort": attribute_between(-1, 65535),
        "toPort": attribute_between(-1, 65535),
    }
    computed = frozenset({"arn", "securityGroupRuleId", "region", "tagsAll"})
    gone: ClassVar = frozenset({"InvalidSecurityGroupRuleId.NotFound", *_NO_GROUP})

    def refuse_(self, inputs: Properties) -> list[CheckFailure]:
        """One source, and ports where the protocol has them."""
        given = [key for key in _SOURCES if inputs.get(key) is not None]
        failures: list[CheckFailure] = []
        # The validator waits until every source is known.
        if len(given) != 1 and all(inputs[key] != UNKNOWN for key in given):
            names = "cidr_ipv4,cidr_ipv6,prefix_list_id,referenced_security_group_id"
            reason = f"Invalid Attribute Combination. Exactly one of these attributes must be configured: [{names}]"
            failures.append(CheckFailure(property="", reason=reason))
        if inputs.get("ipProtocol") == "-1" and (
            inputs.get("fromPort") is not None or inputs.get("toPort") is not None
        ):
            reason = (
                'Invalid Attribute Combination. "from_port" and "to_port" must not be set when "ip_protocol" is "-1"'
            )
            failures.append(CheckFailure(property="fromPort", reason=reason))
        return failures

    def create_(self, aws: Connection, inputs: Properties) -> str:
        """Call AuthorizeSecurityGroupIngress or …Egress with one permission."""

        def act() -> dict[str, Any]:
            return aws.api.call(
                "ec2",
                f"AuthorizeSecurityGroup{self.direction}",
                GroupId=inputs["securityGroupId"],
                IpPermissions=[_permission(inputs)],
                TagSpecifications=tags.specification("security-group-rule", inputs),
            )

        answer = waiting.retry(aws, _NO_GROUP, act)
        return str((first(answer, "SecurityGroupRules") or {})["SecurityGroupRuleId"])

    def finish_(self, aws: Connection, id_: str, inputs: Properties) -> None:  # noqa: ARG002
        """Wait until it can be found."""
        waiting.until(aws, "security group rule to be found", lambda: self._rule(aws, id_))

    def describe_(self, aws: Connection, id_: str, inputs: Properties, outputs: Properties) -> Properties | None:  # noqa: ARG002
        """Describe the rule."""
        rule = self._rule(aws, id_)
        if rule is None:
            return None
        everything = rule.get("IpProtocol") == "-1"
        return {
            "arn": aws.arn("ec2", f"security-group-rule/{id_}"),
            "securityGroupRuleId": id_,
            "securityGroupId": rule["GroupId"],
            "ipProtocol": rule["IpProtocol"],
            # The real provider leaves ports out where the protocol has none.
            "fromPort": None if everything else rule.get("FromPort"),
            "toPort": None if everything else rule.get("ToPort"),
            "cidrIpv4": rule.get("CidrIpv4"),
            "cidrIpv6": rule.get("CidrIpv6"),
            "prefixListId": rule.get("PrefixListId"),
            "referencedSecurityGroupId": part(rule, "ReferencedGroupInfo").get("GroupId"),
            "description": rule.get("Description"),
            **tags.outputs(rule.get("Tags")),
        }

    def change_(self, aws: Connection, to: Change) -> None:
        """Call ModifySecurityGroupRules."""
        if to.keys - {"tags"}:
            request = {
                "IpProtocol": to.new["ipProtocol"],
                "FromPort": to.new.get("fromPort", -1),
                "ToPort": to.new.get("toPort", -1),
                "CidrIpv4": to.new.get("cidrIpv4"),
                "CidrIpv6": to.new.get("cidrIpv6"),
                "PrefixListId": to.new.get("prefixListId"),
                "ReferencedGroupId": to.new.get("referencedSecurityGroupId"),
                "Description": to.new.get("description"),
            }
            rule = {key: value for key, value in request.items() if value is not None}
            rules = [{"SecurityGroupRuleId": to.id, "SecurityGroupRule": rule}]
            aws.api.call("ec2", "ModifySecurityGroupRules", GroupId=to.new["securityGroupId"], SecurityGroupRules=rules)
        super().change_(aws, to)

    def delete_(self, aws: Connection, id_: str, outputs: Properties) -> None:
        """Call RevokeSecurityGroupIngress or …Egress."""
        if self._rule(aws, id_) is None:
            return
        group = outputs["securityGroupId"]
        aws.api.call("ec2", f"RevokeSecurityGroup{self.direction}", GroupId=group, SecurityGroupRuleIds=[id_])

    def _rule(self, aws: Connection, id_: str) -> dict[str, Any] | None:
        filters = [{"Name": "security-group-rule-id", "Values": [id_]}]
        return one(aws, "DescribeSecurityGroupRules", "SecurityGroupRules", Filters=filters)


class IngressRule(_Rule, token="aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"):
    """``aws.vpc.SecurityGroupIngressRule``."""

    noun: ClassVar = "VPC Security Group Rule"
    direction: ClassVar = "Ingress"


class EgressRule(_Rule, token="aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"):
    """``aws.vpc.SecurityGroupEgressRule``."""

    noun: ClassVar = "VPC Security Group Rule"
    direction: ClassVar = "Egress"


def _permission(inputs: Properties) -> dict[str, Any]:
    # AWS knows no ports for "all protocols"; -1 stands for "all types" of ICMP.
    permission: dict[str, Any] = {
        "IpProtocol": inputs["ipProtocol"],
        "FromPort": inputs.get("fromPort", -1),
        "ToPort": inputs.get("toPort", -1),
    }
    note = {"Description": inputs["description"]} if inputs.get("description") else {}
    if inputs.get("cidrIpv4"):
        permission["IpRanges"] = [{"CidrIp": inputs["cidrIpv4"], **note}]
    if inputs.get("cidrIpv6"):
        permission["Ipv6Ranges"] = [{"CidrIpv6": inputs["cidrIpv6"], **note}]
    if inputs.get("prefixListId"):
        permission["PrefixListIds"] = [{"PrefixListId": inputs["prefixListId"], **note}]
    if inputs.get("referencedSecurityGroupId"):
        permission["UserIdGroupPairs"] = [{"GroupId": inputs["referencedSecurityGroupId"], **note}]
    return permission

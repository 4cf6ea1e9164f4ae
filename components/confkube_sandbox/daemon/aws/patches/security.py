"""Security group rules that keep their description whatever their source; requests take effect whole or not at all."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from moto.core.responses import ActionResult
from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
from moto.ec2.responses.security_groups import SecurityGroups

from confkube_sandbox.daemon.aws import context
from confkube_sandbox.daemon.aws.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

_SOURCES = {
    "CidrIpv4": "IPv4",
    "CidrIpv6": "IPv6",
    "PrefixListId": "prefix list",
    "ReferencedGroupId": "security group",
}
_PORTED = frozenset({"tcp", "udp", "6", "17"})
_NUMBERS = {"6": "tcp", "17": "udp", "1": "icmp"}


def install() -> None:
    """Repair rules of security groups."""
    rule: Any = SecurityGroupRule
    rule.description = property(_description)
    rule.__eq__ = _same
    rule.__hash__ = None
    answers: Any = SecurityGroups
    answers.authorize_security_group_ingress = _authorize("authorize_security_group_ingress")
    answers.authorize_security_group_egress = _authorize("authorize_security_group_egress")
    SecurityGroupBackend.modify_security_group_rules = _modify


def _description(self: Any) -> str | None:  # noqa: ANN401
    return self.ip_range.get("Description") or self.source_group.get("Description")


def identity(rule: Any) -> tuple[object, ...]:  # noqa: ANN401
    """Return what makes two rules of a group the same to EC2: protocol, ports and source, not the description."""
    ports = (rule.from_port, rule.to_port) if rule.ip_protocol != "-1" else (None, None)
    source = (rule.ip_range.get("CidrIp"), rule.ip_range.get("CidrIpv6"), rule.source_group.get("GroupId"))
    return (rule.ip_protocol, *ports, *source, rule.prefix_list_id)


def _same(self: Any, other: object) -> bool:  # noqa: ANN401
    return isinstance(other, SecurityGroupRule) and identity(self) == identity(other)


def _described(rule: Any) -> str:  # noqa: ANN401
    """Return a rule in the words in which EC2 speaks of one that exists.

    Source: https://github.com/galaxyproject/cloudlaunch/issues/56, for numbered protocols
    https://github.com/ansible/ansible-modules-core/pull/3258 (2026-11-24); the form for ICMP is recalled.
    """
    source = rule.source_group.get("GroupId") or rule.ip_range.get("CidrIp") or rule.ip_range.get("CidrIpv6")
    match rule.ip_protocol:
        case "-1":
            traffic = "ALL"
        case "tcp" | "udp":
            traffic = f"{rule.ip_protocol.upper()}, from port: {rule.from_port}, to port: {rule.to_port}"
        case "icmp":
            traffic = f"ICMP, type: {rule.from_port}, code: {rule.to_port}"
        case _:
            traffic = f"protocol: {rule.ip_protocol}"
    return f'the specified rule "peer: {source or rule.prefix_list_id}, {traffic}, ALLOW" already exists'


def _authorize(operation: str) -> Callable[[Any], ActionResult]:
    """Return the operation with all of a request's rules in its answer, and none of them kept if one is refused."""

    def answer(self: Any) -> ActionResult:  # noqa: ANN401
        group: Any = context.current().group(context.current().params.get("GroupId", ""))
        before = (list(group.ingress_rules), list(group.egress_rules)) if group else None
        made: list[Any] = []
        try:
            for wanted in self._process_rules_from_querystring():
                if group:
                    there = group.egress_rules if operation.endswith("egress") else group.ingress_rules
                    _refuse_twice(self.ec2_backend, wanted, there)
                made += getattr(self.ec2_backend, operation)(**wanted)[0]
        except BaseException:
            if before:
                group.ingress_rules, group.egress_rules = before
            raise
        return ActionResult({"Return": True, "SecurityGroupRules": [_shown(each) for each in made]})

    return answer


def _refuse_twice(backend: Any, wanted: dict[str, Any], there: list[Any]) -> None:  # noqa: ANN401
    names = ("ip_protocol", "group_name_or_id", "from_port", "to_port", "ip_ranges", "source_groups", "prefix_list_ids")
    for rule in backend._iterate_security_rules(*(wanted[name] for name in names)):  # noqa: SLF001
        backend.tags.pop(rule.id, None)
        if rule in there:
            raise ApiError("InvalidPermission.Duplicate", _described(rule))


def _shown(rule: Any) -> Any:  # noqa: ANN401
    """EC2 shows -1 for ports that a rule does not have."""
    shown = copy.copy(rule)
    for name in ("from_port", "to_port"):
        if getattr(shown, name) is None:
            setattr(shown, name, -1)
    return shown


def _modify(self: Any, group_id: str, rules: dict[str, dict[str, Any]]) -> None:  # noqa: ANN401
    group = self.get_security_group_by_name_or_id(group_id)
    if group is None:
        raise ApiError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")
    found = {name: group.get_rule(name) for name in rules}
    for name, rule in found.items():
        if rule is None:
            text = f"The security group rule ID '{name}' does not exist"
            raise ApiError("InvalidSecurityGroupRuleId.NotFound", text)
        _check(name, rule, rules[name])
    others = [each for each in [*group.ingress_rules, *group.egress_rules] if each.id not in rules]
    wanted = {name: _wanted(self, rule, rules[name]) for name, rule in found.items()}
    for name, state in wanted.items():
        before = dict(found[name].__dict__)
        found[name].__dict__.update(state)
        if any(each.is_egress == found[name].is_egress and each == found[name] for each in others):
            text = _described(found[name])
            found[name].__dict__.update(before)
            raise ApiError("InvalidPermission.Duplicate", text)


def _check(name: str, rule: Any, new: dict[str, Any]) -> None:  # noqa: ANN401
    given = [source for source in _SOURCES if new.get(source) is not None]
    if len(given) > 1:
        text = "Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified"
        raise ApiError("InvalidParameterCombination", text)
    if not given:
        text = "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId"
        raise ApiError("MissingParameter", text)
    held = {
        "CidrIpv4": rule.ip_range.get("CidrIp"),
        "CidrIpv6": rule.ip_range.get("CidrIpv6"),
        "PrefixListId": rule.prefix_list_id,
        "ReferencedGroupId": rule.source_group.get("GroupId"),
    }
    kind = next(source for source, value in held.items() if value)
    if kind != given[0]:
        text = f"Invalid rule type for security group rule '{name}'."
        raise ApiError(
            "InvalidParameterValue", f"{text} You may not specify {given[0]} for an existing {_SOURCES[kind]} rule."
        )
    if new.get("IpProtocol") is None:
        text = "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly."
        raise ApiError("InvalidParameterValue", text)
    if new["IpProtocol"].lower() in _PORTED and (new.get("FromPort") is None or new.get("ToPort") is None):
        text = "Invalid value for portRange. Must specify both from and to ports with TCP/UDP."
        raise ApiError("InvalidParameterValue", text)


def _wanted(backend: Any, rule: Any, new: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    kept = {"Description": rule.description} if rule.description else {}
    told = {"Description": new["Description"]} if new.get("Description") is not None else kept
    state: dict[str, Any] = {"ip_range": {}, "source_group": {}, "prefix_list_id": new.get("PrefixListId")}
    for wire, own in (("CidrIpv4", "CidrIp"), ("CidrIpv6", "CidrIpv6")):
        if new.get(wire):
            state["ip_range"] = {own: new[wire], **told}
    if new.get("ReferencedGroupId"):
        owner = backend.account_id
        state["source_group"] = {"GroupId": new["ReferencedGroupId"], "UserId": owner, "OwnerId": owner, **told}
    protocol = new["IpProtocol"].lower()
    state["ip_protocol"] = _NUMBERS.get(protocol, protocol)
    # A rule for all protocols has no ports, whatever the request says.
    state["from_port"], state["to_port"] = (
        (None, None) if protocol == "-1" else (new.get("FromPort"), new.get("ToPort"))
    )
    return state

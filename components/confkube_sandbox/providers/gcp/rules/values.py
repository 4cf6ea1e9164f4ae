"""Rules for single values that are the provider's own, or repeat what they refuse."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.terraform.validation import one_of

if TYPE_CHECKING:
    from confkube_sandbox.providers.terraform.schema import Rule

_NAME = r"^(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)$"
_MEMBER = r"(.+:.+|projectOwners|projectReaders|projectWriters|allUsers|allAuthenticatedUsers)"
_POLICY = "https://cloud.google.com/billing/docs/reference/rest/v1/Policy#Binding"


def optional_one_of(*good: str) -> Rule:
    """``verify.ValidateEnum`` where the empty text stands for nothing."""
    return one_of(*good, "")


def length(low: int, high: int) -> Rule:
    """``validation.StringLenBetween``, which counts bytes."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        if low <= len(str(value).encode()) <= high:
            return []
        return [f"expected length of {name} to be in the range ({low} - {high}), got {value}"]

    return rule


def matches(pattern: str) -> Rule:
    """``verify.ValidateRegexp``: the pattern is found somewhere in the text."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        fits = re.search(pattern.replace("$", r"\Z"), str(value), re.ASCII)
        return [] if fits else [f"{_quoted(name)} ({_quoted(value)}) doesn't match regexp {_quoted(pattern)}"]

    return rule


gce_name = matches(_NAME)
"""``verify.ValidateGCEName``."""


def rfc1035_name(low: int, high: int) -> Rule:
    """``verify.ValidateRFC1035Name``."""
    pattern = "^[a-z]([-a-z0-9]*[a-z0-9])?$"

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        reasons: list[str] = []
        if not low <= len(str(value)) <= high:
            reasons.append(f"{_quoted(name)} ({_quoted(value)}) must be between {low} and {high} characters long")
        if not re.fullmatch(pattern.strip("^$"), str(value)):
            reasons.append(f"{_quoted(name)} ({_quoted(value)}) must match regex {_quoted(pattern)}")
        return reasons

    return rule


def no_longer_than(longest: int, limit: int) -> Rule:
    """What the instance template checks of its name's prefix."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        if len(str(value)) <= longest:
            return []
        return [f"{_quoted(name)} cannot be longer than {longest} characters, name is limited to {limit}"]

    return rule


def cidr(name: str, value: Any) -> list[str]:  # noqa: ANN401
    """``verify.ValidateIpCidrRange``, which is Go's ``net.ParseCIDR``."""
    text = str(value)
    try:
        ipaddress.ip_interface(text)
        fits = re.fullmatch(r"[^/]+/\d+", text) is not None
    except ValueError:
        fits = False
    return [] if fits else [f"{_quoted(name)} is not a valid IP CIDR range: invalid CIDR address: {text}"]


def private_asn(name: str, value: Any) -> list[str]:  # noqa: ANN401
    """``verify.ValidateRFC6996Asn``."""
    if 64512 <= value <= 65534 or 4200000000 <= value <= 4294967294 or value == 16550:
        return []
    reason = (
        f"expected {_quoted(name)} to be a RFC6996-compliant Local ASN:\nmust be either in the private ASN ranges: "
        f"[64512..65534], [4200000000..4294967294];\nor be the value of [16550], got {value}"
    )
    return [reason]


def iam_member(name: str, value: Any) -> list[str]:  # noqa: ANN401
    """``validateIAMMember`` of tpgiamresource/resource_iam_member.go."""
    text = str(value)
    if text.startswith("deleted"):
        return [f"invalid value for {name} (Terraform does not support IAM members for deleted principals)"]
    if re.search(_MEMBER, text):
        return []
    return [
        f"invalid value {_quoted(text)} for {name} (IAM members must have one of the values outlined here: {_POLICY})"
    ]


def _quoted(value: object) -> str:
    """Write a text as Go's ``%q`` does, for texts without special characters."""
    return json.dumps(str(value), ensure_ascii=False)

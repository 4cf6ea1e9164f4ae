"""Rules for names and identifiers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from confkube_sandbox.providers.aws.rules.values import length
from confkube_sandbox.providers.terraform.validation import every, matches

if TYPE_CHECKING:
    from confkube_sandbox.providers.terraform.schema import Rule

# terraform-plugin-sdk helper/id: UniqueIDSuffixLength, what is put behind a prefix.
SUFFIX = 26
_PARTITION = r"^aws(-[a-z]+)*$"
_REGION = r"^[a-z]{2}(-[a-z]+)+-\d$"
_ACCOUNT = r"^(aws|aws-managed|third-party|\d{12}|cw.{10})$"
_SECTIONS = 6


def arn(name: str, value: Any) -> list[str]:  # noqa: ANN401
    """``verify.ValidARN``; the empty text is let through."""
    text = str(value)
    if not text:
        return []
    said = f'"{name}" ({text}) is an invalid ARN'
    if not text.startswith("arn:"):
        return [f"{said}: arn: invalid prefix"]
    parts = text.split(":", _SECTIONS - 1)
    if len(parts) < _SECTIONS:
        return [f"{said}: arn: not enough sections"]
    _, partition, _, region, account, resource = parts
    reasons: list[str] = []
    if not partition:
        reasons.append(f"{said}: missing partition value")
    for what, pattern, part in (
        ("partition", _PARTITION, partition),
        ("region", _REGION, region),
        ("account ID", _ACCOUNT, account),
    ):
        if part and not re.search(pattern, part, re.ASCII):
            reasons.append(f"{said}: invalid {what} value (expecting to match regular expression: {pattern})")
    if not resource:
        reasons.append(f"{said}: missing resource value")
    return reasons


def iam_name(longest: int) -> Rule:
    """``validResourceName`` of terraform-provider-aws internal/service/iam/validate.go at 044fb3171c30."""
    return every(length(1, longest), matches(r"^[\w+=,.@-]*\Z", r"must match [\w+=,.@-]"))


def role_of_policy(name: str, value: Any) -> list[str]:  # noqa: ANN401
    """``validRolePolicyRole`` of the same file: a role's name, not its ARN."""
    reasons = every(length(1, 128), matches(r"[\w+=,.@-]+", "must match [\\w+=,.@-]"))(name, value)
    return reasons if arn(name, value) else [*reasons, f'"{name}" must be the role\'s name not its ARN']


def secret_name(longest: int) -> Rule:
    """``validSecretName`` of terraform-provider-aws internal/service/secretsmanager/validate.go at 0413c661ec1b."""

    def rule(name: str, value: Any) -> list[str]:  # noqa: ANN401
        reasons: list[str] = []
        if not re.fullmatch(r"[0-9A-Za-z/_+=.@-]+", str(value)):
            reasons.append(f'only alphanumeric characters and /_+=.@- special characters are allowed in "{name}"')
        if len(str(value)) > longest:
            reasons.append(f'"{name}" cannot be greater than {longest} characters')
        return reasons

    return rule


def template_id(name: str, value: Any) -> list[str]:  # noqa: ANN401
    """``verify.ValidLaunchTemplateID``."""
    text = str(value)
    if not text:
        return [f'"{name}" cannot be shorter than 1 character']
    if len(text) > 255:
        return [f'"{name}" cannot be longer than 255 characters']
    if not re.fullmatch(r"lt-[0-9a-z]+", text):
        return [f"\"{name}\" must begin with 'lt-' and be comprised of only alphanumeric characters: {text}"]
    return []


def template_name(name: str, value: Any) -> list[str]:  # noqa: ANN401
    """``verify.ValidLaunchTemplateName``, also for prefixes."""
    text, prefix = str(value), name.endswith("prefix")
    if len(text) < 3:
        return [f'"{name}" cannot be less than 3 characters']
    if prefix and len(text) > 99:
        return [f'"{name}" cannot be longer than 99 characters, name is limited to 125']
    if not prefix and len(text) > 125:
        return [f'"{name}" cannot be longer than 125 characters']
    if not re.fullmatch(r"[0-9A-Za-z()./_\-]+", text):
        return [f'"{name}" can only alphanumeric characters and ()./_- symbols']
    return []

"""Rules of conditions in IAM policies. Expressions are read as far as resource attributes go; none is evaluated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from confkube_sandbox.daemon.gcp import roles, served
from confkube_sandbox.daemon.gcp.errors import ApiError
from confkube_sandbox.daemon.gcp.rules.sources import CONDITIONS, READ_LATER
from confkube_sandbox.daemon.rules import RECALLED, rule

if TYPE_CHECKING:
    from confkube_sandbox.daemon.gcp.context import Call

PROJECT = "projects.setIamPolicy"
TAGS = "tagKeys.setIamPolicy tagValues.setIamPolicy"
_BASIC = frozenset({"roles/owner", "roles/editor", "roles/viewer"})
_CUSTOM = re.compile(r"projects/([^/]+)/roles/([\w.]+)")
_MOST = 12
"""Logic operators: https://cloud.google.com/iam/quotas (2026-11)."""
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'[^'\\\n]*'|\"[^\"\\\n]*\")|(?P<attribute>resource\.(?:name|type|service))|(?P<call>\."
    r"(?:startsWith|endsWith|extract))|(?P<operator>==|!=|&&|\|\||!|\(|\)))"
)


def _conditional(call: Call) -> list[dict[str, Any]]:
    return [each for each in call.body.get("policy", {}).get("bindings", []) if each.get("condition")]


@rule("cloudresourcemanager", PROJECT, name="cloudresourcemanager.condition-version", source=CONDITIONS,
      date=READ_LATER, evidence=RECALLED)  # fmt: skip
def version(call: Call) -> None:
    """A policy with a condition is of version 3, says the API's own description."""
    if _conditional(call) and call.body["policy"].get("version") != 3:
        text = "Specified policy version must be 3 because the policy contains conditional role bindings."
        raise ApiError("badRequest", text)


@rule(
    "cloudresourcemanager",
    PROJECT,
    name="cloudresourcemanager.condition-role",
    source="https://github.com/hashicorp/terraform-provider-google/issues/7833",
    date=READ_LATER,
    evidence=RECALLED,
)
def basic(call: Call) -> None:
    """Basic roles are given without conditions; the source says so, its title is the text, and the code is recalled."""
    for each in _conditional(call):
        if each.get("role") in _BASIC:
            raise ApiError("badRequest", "Conditions can't be set on primitive roles")


@rule("cloudresourcemanager", PROJECT, name="cloudresourcemanager.condition-title", source=CONDITIONS,
      date=READ_LATER, evidence=RECALLED)  # fmt: skip
def title(call: Call) -> None:
    """A condition has a title, of at most 100 bytes, and at most 256 bytes of description."""
    for each in _conditional(call):
        given = each["condition"]
        if not 1 <= len(given.get("title", "").encode()) <= 100:
            raise ApiError("badRequest", "The condition title must have between 1 and 100 bytes.")
        if len(given.get("description", "").encode()) > 256:
            raise ApiError("badRequest", "The condition description must have at most 256 bytes.")


@rule("cloudresourcemanager", PROJECT, name="cloudresourcemanager.condition-expression", source=CONDITIONS,
      date=READ_LATER, evidence=RECALLED)  # fmt: skip
def expression(call: Call) -> None:
    """An expression can be read, says something about the resource, and has at most 12 logic operators."""
    for each in _conditional(call):
        text = each["condition"].get("expression", "")
        tokens = _tokens(text)
        if not tokens or not _Reader(tokens).whole():
            raise ApiError("badRequest", f"Condition expression compilation failed. Expression: {text}.")
        if sum(tokens.count(one) for one in ("&&", "||", "!")) > _MOST:
            raise ApiError("badRequest", f"Condition expressions may have at most {_MOST} logic operators.")


@rule("cloudresourcemanager", f"{PROJECT} {TAGS}", name="cloudresourcemanager.policy-custom-role", source=CONDITIONS,
      date=READ_LATER, evidence=RECALLED)  # fmt: skip
def custom_role(call: Call) -> None:
    """A custom role that is bound is there."""
    require_role(call)


@rule("compute", "subnetworks.setIamPolicy", name="compute.policy-custom-role", source=CONDITIONS, date=READ_LATER,
      evidence=RECALLED)  # fmt: skip
def subnetwork_custom_role(call: Call) -> None:
    """A custom role that is bound is there."""
    require_role(call)


def require_role(call: Call) -> None:
    """Refuse a custom role of this project that is not there; those of others are not simulated.

    Raises:
        ApiError: There is one.
    """
    for each in call.body.get("policy", {}).get("bindings", []):
        name = each.get("role", "")
        found = _CUSTOM.fullmatch(name)
        if found is None:
            continue
        if found[1] not in {call.project.id, call.project.number}:
            raise served.refusal()
        if not roles.granted(call.project, found[2]):
            raise ApiError("badRequest", f"Role ({name}) does not exist in the resource's hierarchy.")


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        token = _TOKEN.match(text, at)
        if token is None:
            return []
        found.append("'" if token["text"] else token["attribute"] or token["call"] or token["operator"])
        at = token.end()
    return found


class _Reader:
    """Reads ``a && (b || !c)``, where each part compares an attribute or calls one of its functions."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [*tokens, ""]
        self._at = 0

    def whole(self) -> bool:
        """Whether the tokens are one expression and nothing else."""
        return self._either() and self._tokens[self._at] == ""

    def _either(self) -> bool:
        return self._chain("||", self._both)

    def _both(self) -> bool:
        return self._chain("&&", self._part)

    def _chain(self, between: str, part: Any) -> bool:  # noqa: ANN401
        if not part():
            return False
        while self._take(between):
            if not part():
                return False
        return True

    def _part(self) -> bool:
        if self._take("!"):
            return self._part()
        if self._take("("):
            return self._either() and self._take(")")
        if not self._tokens[self._at].startswith("resource."):
            return False
        self._at += 1
        if self._take(".extract") and not self._argument():
            return False
        if self._take(".startsWith") or self._take(".endsWith"):
            return self._argument()
        return (self._take("==") or self._take("!=")) and self._take("'")

    def _argument(self) -> bool:
        return self._take("(") and self._take("'") and self._take(")")

    def _take(self, wanted: str) -> bool:
        if self._tokens[self._at] != wanted:
            return False
        self._at += 1
        return True
